#include "tests/e2e/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wardline::e2e {

namespace {

class Pipe {
public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_read();
        close_write();
    }
    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    void close_read() { close(ends_[0]); }
    void close_write() { close(ends_[1]); }

private:
    static void close(int& end) {
        if (end >= 0) ::close(end);
        end = -1;
    }
    std::array<int, 2> ends_{-1, -1};
};

[[noreturn]] void become(
    const std::vector<std::string>& arguments, const Pipe& in, const Pipe& out, const Pipe& err
) {
    // A test that is killed leaves no server behind.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::setsid();
    ::dup2(in.read_end(), STDIN_FILENO);
    ::dup2(out.write_end(), STDOUT_FILENO);
    ::dup2(err.write_end(), STDERR_FILENO);
    std::vector<char*> pointers;
    for (const auto& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::execv(pointers.front(), pointers.data());
    ::_exit(127);
}

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Json Outcome::json() const {
    auto value = Json::parse(out, nullptr, false);
    return value.is_discarded() ? Json{} : value;
}

std::string Outcome::error_code() const {
    const auto value = Json::parse(err, nullptr, false);
    if (!value.is_object() || !value.contains("error")) return {};
    return value.at("error").at("code").get<std::string>();
}

struct RunningProgram::Impl {
    Pipe in;
    Pipe out;
    Pipe err;
    pid_t process{-1};
    bool ended{false};
    Outcome outcome;

    void type(std::string_view input);
    bool poll_once(int wait_ms);
    std::string line(std::string& from, const Predicate& wanted, std::chrono::seconds limit);
    Outcome wait();
    bool out_open{true};
    bool err_open{true};
};

void RunningProgram::Impl::type(std::string_view input) {
    while (!input.empty()) {
        const auto count = ::write(in.write_end(), input.data(), input.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return;
        input.remove_prefix(static_cast<std::size_t>(count));
    }
}

// Reads what both pipes hold. False once both are at their end.
bool RunningProgram::Impl::poll_once(int wait_ms) {
    std::array<pollfd, 2> watched{
        {{out_open ? out.read_end() : -1, POLLIN, 0}, {err_open ? err.read_end() : -1, POLLIN, 0}}
    };
    if (::poll(watched.data(), watched.size(), wait_ms) < 0) return true;
    const auto take = [](const pollfd& ready, std::string& into, bool& open) {
        if (ready.revents == 0) return;
        std::array<char, 65'536> bytes{};
        const auto count = ::read(ready.fd, bytes.data(), bytes.size());
        if (count > 0) {
            into.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            open = false;
        }
    };
    take(watched[0], outcome.out, out_open);
    take(watched[1], outcome.err, err_open);
    return out_open || err_open;
}

std::string RunningProgram::Impl::line(
    std::string& from, const Predicate& wanted, std::chrono::seconds limit
) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
        for (auto end = from.find('\n'); end != std::string::npos; end = from.find('\n')) {
            auto found = from.substr(0, end);
            from.erase(0, end + 1);
            if (wanted(found)) return found;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) return {};
        if (!poll_once(static_cast<int>(left.count())) && from.find('\n') == std::string::npos)
            return {};
    }
}

Outcome RunningProgram::Impl::wait() {
    if (ended) return outcome;
    in.close_write();
    while (poll_once(-1)) {
    }
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    outcome.exit_code = exit_code_of(status);
    ended = true;
    return outcome;
}

RunningProgram::RunningProgram(const std::vector<std::string>& arguments)
    : impl_{std::make_unique<Impl>()} {
    std::signal(SIGPIPE, SIG_IGN);
    impl_->process = ::fork();
    if (impl_->process < 0) throw std::runtime_error{"no process"};
    if (impl_->process == 0) become(arguments, impl_->in, impl_->out, impl_->err);
    impl_->in.close_read();
    impl_->out.close_write();
    impl_->err.close_write();
}

RunningProgram::~RunningProgram() {
    if (!impl_->ended) end_by(SIGTERM);
}

std::string RunningProgram::out_line(const Predicate& wanted, std::chrono::seconds limit) {
    return impl_->line(impl_->outcome.out, wanted, limit);
}

std::string RunningProgram::err_line(const Predicate& wanted, std::chrono::seconds limit) {
    return impl_->line(impl_->outcome.err, wanted, limit);
}

void RunningProgram::type(const std::string& input) {
    impl_->type(input);
}

Outcome RunningProgram::end_by(int signal) {
    if (!impl_->ended) ::kill(impl_->process, signal);
    return impl_->wait();
}

Outcome RunningProgram::wait() {
    return impl_->wait();
}

Outcome run_program(const std::vector<std::string>& arguments, const std::string& input) {
    RunningProgram program{arguments};
    program.type(input);
    return program.wait();
}

}  // namespace wardline::e2e
