#include "storage/key_ring.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace wardline::storage {
namespace {

class File {
public:
    explicit File(int fd) : fd_{fd} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }

private:
    int fd_;
};

Error failed(const std::string& what) {
    return Error{Code::io, what + ": " + std::generic_category().message(errno)};
}

// Written beside its place and moved there, so that a half-written key is never read.
Result<void> make_key(const std::string& path, crypto::Random& random) {
    const auto draft = path + ".new";
    const auto key = crypto::random_secret<SymmetricKey>(random);
    ::unlink(draft.c_str());
    const File file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.fd() < 0) return failed("cannot make " + draft);
    const auto raw = key.reveal();
    if (::write(file.fd(), raw.data(), raw.size()) != static_cast<ssize_t>(raw.size()) ||
        ::fsync(file.fd()) != 0) {
        return failed("cannot write " + draft);
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) return failed("cannot make " + path);
    const auto folder = std::filesystem::path{path}.parent_path().string();
    const File parent{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY)};
    if (parent.fd() < 0 || ::fsync(parent.fd()) != 0) return failed("cannot sync " + folder);
    return success();
}

}  // namespace

Result<SymmetricKey> load_key_encryption_key(
    const std::string& path, bool create, crypto::Random& random
) {
    if (create && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
        WARDLINE_TRY(make_key(path, random));
    }
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (file.fd() < 0) return failed("cannot read the key-encryption key " + path);
    struct stat info{};
    if (::fstat(file.fd(), &info) != 0) return failed("cannot read " + path);
    if ((info.st_mode & 077) != 0) {
        return Error{Code::io, "others can read the key-encryption key: chmod 600 " + path};
    }
    std::array<std::uint8_t, SymmetricKey::kSize + 1> raw{};
    const auto size = ::read(file.fd(), raw.data(), raw.size());
    const std::span whole{raw};
    if (size != static_cast<ssize_t>(SymmetricKey::kSize)) {
        wipe(whole);
        return Error{Code::io, "the key-encryption key is not 32 bytes: " + path};
    }
    auto key = SymmetricKey::from(whole.first(SymmetricKey::kSize));
    wipe(whole);
    return key;
}

}  // namespace wardline::storage
