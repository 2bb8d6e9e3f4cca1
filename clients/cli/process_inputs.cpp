#include "clients/cli/process_inputs.hpp"

#include "clients/cli/unix_socket.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace wardline::cli {

namespace {

// Input that nobody has taken yet; the thread stops reading above it, so that a pipe is not loaded
// into memory whole.
constexpr std::size_t kInputBytesMax = 1 << 20;

sigset_t ending_signals() {
    sigset_t set{};
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    return set;
}

}  // namespace

void block_ending_signals() {
    const auto set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

struct ProcessInputs::Impl {
    std::function<void()> wake;
    Descriptor signals;
    Descriptor changed;  // Wakes the thread: to end, or because input was taken.
    std::mutex mutex;
    Taken taken;
    bool reads_input{false};
    bool stopping{false};
    std::jthread thread;

    void run();
    bool wants_input();
    void read_input();
};

bool ProcessInputs::Impl::wants_input() {
    const std::lock_guard lock{mutex};
    return reads_input && !taken.input_ended && taken.input.size() < kInputBytesMax;
}

void ProcessInputs::Impl::read_input() {
    std::array<char, 65'536> bytes{};
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    const std::lock_guard lock{mutex};
    if (count > 0) {
        taken.input.append(bytes.data(), static_cast<std::size_t>(count));
    } else {
        taken.input_ended = true;
        reads_input = false;
    }
}

void ProcessInputs::Impl::run() {
    while (true) {
        const int input = wants_input() ? STDIN_FILENO : -1;  // Poll passes over -1.
        std::array<pollfd, 3> watched{
            {{signals.get(), POLLIN, 0}, {changed.get(), POLLIN, 0}, {input, POLLIN, 0}}
        };
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;
        if (watched[1].revents != 0) {
            eventfd_t count = 0;
            ::eventfd_read(changed.get(), &count);
            const std::lock_guard lock{mutex};
            if (stopping) return;
        }
        if (watched[0].revents != 0) {
            signalfd_siginfo info{};
            [[maybe_unused]] const auto count = ::read(signals.get(), &info, sizeof info);
            const std::lock_guard lock{mutex};
            taken.end = true;
        }
        if (watched[2].revents != 0) read_input();
        if (watched[0].revents != 0 || watched[2].revents != 0) wake();
    }
}

Result<std::unique_ptr<ProcessInputs>> ProcessInputs::start(Read read, std::function<void()> wake) {
    auto impl = std::make_unique<Impl>();
    impl->wake = std::move(wake);
    impl->reads_input = read == Read::signals_and_input;
    const auto set = ending_signals();
    impl->signals = Descriptor{::signalfd(-1, &set, SFD_CLOEXEC)};
    impl->changed = Descriptor{::eventfd(0, EFD_CLOEXEC)};
    if (!impl->signals.is_open() || !impl->changed.is_open()) {
        return Error{
            Code::io, "signals cannot be received: " + std::generic_category().message(errno)
        };
    }
    impl->thread = std::jthread{[raw = impl.get()] { raw->run(); }};
    return std::unique_ptr<ProcessInputs>{new ProcessInputs{std::move(impl)}};
}

ProcessInputs::ProcessInputs(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

ProcessInputs::~ProcessInputs() {
    {
        const std::lock_guard lock{impl_->mutex};
        impl_->stopping = true;
    }
    ::eventfd_write(impl_->changed.get(), 1);
    impl_->thread.join();
}

ProcessInputs::Taken ProcessInputs::take() {
    Taken taken;
    {
        const std::lock_guard lock{impl_->mutex};
        taken = std::exchange(impl_->taken, Taken{});
        impl_->taken.input_ended = taken.input_ended;
        impl_->taken.end = taken.end;
    }
    if (!taken.input.empty()) ::eventfd_write(impl_->changed.get(), 1);
    return taken;
}

}  // namespace wardline::cli
