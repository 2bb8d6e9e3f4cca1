#include "clients/core/home.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace wardline::client {

Result<Home> Home::open(const std::filesystem::path& folder, Make make) {
    std::error_code failed;
    if (make == Make::yes) {
        if (folder.has_parent_path())
            std::filesystem::create_directories(folder.parent_path(), failed);
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
            return Error{
                Code::local_store,
                "the folder " + folder.string() +
                    " cannot be made: " + std::generic_category().message(errno)
            };
        }
    }
    struct stat facts{};
    if (::stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        return Error{Code::local_store, "there is no folder " + folder.string()};
    }
    if (facts.st_uid != ::geteuid()) {
        return Error{
            Code::local_store, "the folder " + folder.string() + " belongs to another user"
        };
    }
    if ((facts.st_mode & 077) != 0) {
        return Error{
            Code::local_store,
            "the folder " + folder.string() +
                " can be read by others; make it private with: chmod 700 " + folder.string()
        };
    }
    const int lock = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return Error{
            Code::local_store,
            "the folder " + folder.string() +
                " cannot be locked: " + std::generic_category().message(errno)
        };
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return Error{Code::conflict, "another Wardline program is using " + folder.string()};
    }
    return Home{folder, lock};
}

Home::Home(Home&& other) noexcept
    : folder_{std::move(other.folder_)}, lock_{std::exchange(other.lock_, -1)} {}

Home::~Home() {
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace wardline::client
