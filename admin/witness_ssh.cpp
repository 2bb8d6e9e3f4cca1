#include "admin/witness_ssh.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace wardline::admin {
namespace {

bool is_plain(std::string_view text, std::string_view also) {
    if (text.empty() || text.front() == '-') return false;
    return std::ranges::all_of(text, [also](char c) {
        const bool word =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return word || also.find(c) != std::string_view::npos;
    });
}

Error failed(const std::string& target, const std::string& why) {
    return Error{Code::unreachable, "ssh to " + target + ": " + why};
}

// A pipe whose end closes itself.
class End {
public:
    explicit End(int fd) : fd_{fd} {}
    ~End() { close(); }
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    int fd() const noexcept { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    int fd_;
};

Result<pid_t> start(const std::string& target, const std::string& command, int in) {
    std::array<std::string, 7> words{
        "ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", target, command
    };
    std::array<char*, 8> argv{};
    for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    pid_t child = 0;
    const int error = posix_spawnp(&child, "ssh", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return failed(target, std::generic_category().message(error));
    return child;
}

}  // namespace

Result<bool> check_ssh_target(const std::string& target, const std::string& path) {
    if (!is_plain(target, "@._-:[]")) {
        return Error{Code::usage, "--ssh is USER@HOST or a host of your ssh configuration"};
    }
    if (!is_plain(path, "/._-")) {
        return Error{Code::usage, "--path is made of letters, digits, / . _ and -"};
    }
    return true;
}

Result<void> append_over_ssh(
    const std::string& target, const std::string& path, const audit::Witness& witness
) {
    WARDLINE_TRY(check_ssh_target(target, path));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return failed(target, std::generic_category().message(errno));
    }
    End reading{ends[0]};
    End writing{ends[1]};
    WARDLINE_TRY(const auto child, start(target, "cat >> " + path, reading.fd()));
    reading.close();
    const auto line = audit::witness_line(witness);
    const bool written =
        ::write(writing.fd(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
    writing.close();
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!written || !WIFEXITED(status)) return failed(target, "it ended too soon");
    if (WEXITSTATUS(status) != 0) {
        return failed(
            target,
            "no head arrived there, for the reason that ssh gave; it ended with code " +
                std::to_string(WEXITSTATUS(status))
        );
    }
    return success();
}

}  // namespace wardline::admin
