#include "clients/terminal/home.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace wardline::terminal {

std::filesystem::path default_home() {
    const char* data = std::getenv("XDG_DATA_HOME");  // NOLINT(concurrency-mt-unsafe)
    if (data != nullptr && *data == '/') return std::filesystem::path{data} / "wardline";
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
    if (home != nullptr && *home == '/') {
        return std::filesystem::path{home} / ".local" / "share" / "wardline";
    }
    return {};
}

Result<void> make_home(const std::filesystem::path& home) {
    std::error_code failure;
    const auto whole = std::filesystem::absolute(home, failure);
    std::filesystem::path made;
    for (const auto& part : whole) {
        made /= part;
        if (part.empty() || ::mkdir(made.c_str(), 0700) == 0 || errno == EEXIST) continue;
        return Error{
            Code::local_store,
            "the folder " + made.string() +
                " cannot be made: " + std::generic_category().message(errno)
        };
    }
    return success();
}

Result<std::optional<HomeLock>> HomeLock::try_take(const std::filesystem::path& home) {
    const int descriptor = ::open(home.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return Error{
                Code::local_store,
                "there is no enrolled device in " + home.string() +
                    "; use an invite: wardline enrol INVITE"
            };
        }
        return Error{
            Code::local_store,
            "the folder " + home.string() +
                " cannot be opened: " + std::generic_category().message(errno)
        };
    }
    HomeLock lock{descriptor};
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return std::optional{std::move(lock)};
    if (errno == EWOULDBLOCK) return std::optional<HomeLock>{};
    return Error{
        Code::local_store, "the folder cannot be locked: " + std::generic_category().message(errno)
    };
}

HomeLock::~HomeLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace wardline::terminal
