#include "server/private_files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace wardline::server {
namespace {

Error failed(std::string_view what, const std::string& path, int error = errno) {
    return Error{
        Code::io, std::string{what} + " " + path + ": " + std::generic_category().message(error)
    };
}

class File {
public:
    explicit File(int descriptor) : descriptor_{descriptor} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    int get() const noexcept { return descriptor_; }
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_;
};

// Root acts for whoever the folder belongs to, so that `sudo wardlined setup-token` helps a server
// that is not root.
Result<void> give_to_owner_of(const std::string& folder, const std::string& path) {
    if (::geteuid() != 0) return success();
    struct stat owner{};
    if (::stat(folder.c_str(), &owner) != 0) return failed("cannot look at", folder);
    if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0)
        return failed("cannot hand over", path);
    return success();
}

std::string parent_of(const std::string& path) {
    const auto parent = std::filesystem::path{path}.parent_path().string();
    return parent.empty() ? "." : parent;
}

Result<void> sync_folder(const std::string& folder) {
    const File opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened || ::fsync(opened.get()) != 0) return failed("cannot sync", folder);
    return success();
}

Result<void> write_all(const File& file, const std::string& path, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed("cannot write", path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return failed("cannot sync", path);
    return success();
}

}  // namespace

Result<void> ensure_private_folder(const std::string& folder) {
    constexpr mode_t kOthers = 077;
    if (::mkdir(folder.c_str(), 0700) == 0) return give_to_owner_of(parent_of(folder), folder);
    if (errno != EEXIST) return failed("cannot make the folder", folder);
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) return failed("cannot look at", folder);
    if (!S_ISDIR(status.st_mode)) return Error{Code::io, folder + " is not a folder"};
    if (::geteuid() != 0 && status.st_uid != ::geteuid()) {
        return Error{Code::io, "the folder " + folder + " belongs to another user"};
    }
    if ((status.st_mode & kOthers) != 0) {
        return Error{
            Code::io,
            "others may enter the folder " + folder + "; make it private: chmod 700 " + folder
        };
    }
    return success();
}

Result<void> write_private_file(const std::string& file, std::string_view content) {
    const std::string folder = parent_of(file);
    const std::string draft = file + ".new";
    ::unlink(draft.c_str());
    {
        const File opened{
            ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
        };
        if (!opened) return failed("cannot make the file", draft);
        WARDLINE_TRY(write_all(opened, draft, content));
    }
    WARDLINE_TRY(give_to_owner_of(folder, draft));
    if (::rename(draft.c_str(), file.c_str()) != 0) return failed("cannot replace", file);
    return sync_folder(folder);
}

Result<std::string> read_file(const std::string& file, std::size_t bytes_max) {
    const File opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!opened && errno == ENOENT) return Error{Code::not_found, "there is no file " + file};
    if (!opened) return failed("cannot read", file);
    std::string content(bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(opened.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("cannot read", file);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > bytes_max) return Error{Code::io, file + " is too large"};
    content.resize(size);
    return content;
}

}  // namespace wardline::server
