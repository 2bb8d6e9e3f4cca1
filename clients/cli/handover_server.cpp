#include "clients/cli/handover_server.hpp"

#include "clients/cli/unix_socket.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <vector>

namespace wardline::cli {

namespace {

constexpr int kBacklog = 4096;
// For a request to arrive and a reply to be taken; running the command has its own limits.
constexpr std::chrono::seconds kTransferLimit{10};

struct Job {
    int socket{-1};
    HandoverRequest request;
    std::optional<HandoverReply> reply;
};

HandoverReply retry() {
    HandoverReply reply;
    reply.kind = HandoverReply::Kind::retry;
    return reply;
}

HandoverReply started() {
    HandoverReply reply;
    reply.kind = HandoverReply::Kind::started;
    return reply;
}

}  // namespace

struct HandoverServer::Impl {
    std::filesystem::path home;
    std::function<void()> wake;
    Descriptor listener;
    Descriptor stop;
    std::mutex mutex;
    std::condition_variable answered;
    std::deque<Job*> waiting;
    bool stopping{false};
    std::vector<std::jthread> threads;

    void receive_and_answer();
    void serve(const Descriptor& socket);
    HandoverReply wait_for(Job& job);
};

void HandoverServer::Impl::receive_and_answer() {
    while (true) {
        std::array<pollfd, 2> watched{{{listener.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}}};
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;
        if (watched[1].revents != 0) return;
        // Another thread may have been faster.
        const Descriptor socket{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (socket.is_open() && is_same_user(socket.get())) serve(socket);
    }
}

void HandoverServer::Impl::serve(const Descriptor& socket) {
    limit_waiting(socket.get(), kTransferLimit);
    auto frame = read_frame(socket.get(), kHandoverRequestBytesMax);
    if (!frame || !frame.value()) return;
    auto request = decode_request(*frame.value());
    if (!request) return;
    Job job{.socket = socket.get(), .request = std::move(request).value(), .reply = {}};
    const auto reply = wait_for(job);
    // A sender that is gone by now has no use for its answer.
    [[maybe_unused]] const auto written = write_frame(socket.get(), encode(reply));
}

HandoverReply HandoverServer::Impl::wait_for(Job& job) {
    std::unique_lock lock{mutex};
    if (stopping) return retry();
    waiting.push_back(&job);
    lock.unlock();
    wake();
    lock.lock();
    answered.wait(lock, [&] { return job.reply.has_value(); });
    return std::move(*job.reply);
}

Result<std::unique_ptr<HandoverServer>> HandoverServer::listen(
    const std::filesystem::path& home, std::function<void()> wake
) {
    auto impl = std::make_unique<Impl>();
    impl->home = home;
    impl->wake = std::move(wake);
    WARDLINE_TRY(impl->listener, listen_in(home, kBacklog));
    impl->stop = Descriptor{::eventfd(0, EFD_CLOEXEC)};
    if (!impl->stop.is_open()) {
        return Error{Code::io, "no event: " + std::generic_category().message(errno)};
    }
    for (int i = 0; i < kHandoverThreads; ++i) {
        impl->threads.emplace_back([raw = impl.get()] { raw->receive_and_answer(); });
    }
    return std::unique_ptr<HandoverServer>{new HandoverServer{std::move(impl)}};
}

HandoverServer::HandoverServer(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

HandoverServer::~HandoverServer() {
    remove_socket(impl_->home);
    {
        const std::lock_guard lock{impl_->mutex};
        impl_->stopping = true;
        for (auto* job : impl_->waiting) job->reply = retry();
        impl_->waiting.clear();
    }
    impl_->answered.notify_all();
    ::eventfd_write(impl_->stop.get(), 1);
    impl_->threads.clear();  // Joins them.
}

std::size_t HandoverServer::run_waiting(const Executor& execute) {
    std::deque<Job*> jobs;
    {
        const std::lock_guard lock{impl_->mutex};
        jobs.swap(impl_->waiting);
    }
    for (auto* job : jobs) {
        // Said before it runs, and by the thread that runs it: a sender that never heard it may
        // safely send again.
        auto reply = write_frame(job->socket, encode(started())) ? execute(job->request) : retry();
        const std::lock_guard lock{impl_->mutex};
        job->reply = std::move(reply);
        impl_->answered.notify_all();
    }
    return jobs.size();
}

}  // namespace wardline::cli
