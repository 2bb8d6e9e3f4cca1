#include "clients/core/private_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace wardline::client {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return number_; }

private:
    int number_;
};

Error cannot(const std::filesystem::path& file, const char* what) {
    return Error{
        Code::local_store,
        "the file " + file.string() + " cannot be " + what + ": " +
            std::generic_category().message(errno)
    };
}

Result<void> require_private(const std::filesystem::path& file, const struct stat& facts) {
    if (!S_ISREG(facts.st_mode)) return Error{Code::local_store, file.string() + " is no file"};
    if (facts.st_uid != ::geteuid() && facts.st_uid != 0) {
        return Error{Code::local_store, "the file " + file.string() + " belongs to another user"};
    }
    if ((facts.st_mode & 077) != 0) {
        return Error{
            Code::local_store,
            "the file " + file.string() +
                " can be read by others; make it private with: chmod 600 " + file.string()
        };
    }
    return success();
}

}  // namespace

Result<void> create_private_file(const std::filesystem::path& file, BytesView content) {
    const Descriptor out{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (out.get() < 0) return cannot(file, "made");
    while (!content.empty()) {
        const auto written = ::write(out.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return cannot(file, "written");
        content = content.subspan(static_cast<std::size_t>(written));
    }
    if (::fsync(out.get()) != 0) return cannot(file, "written");
    return success();
}

Result<void> require_private_file(const std::filesystem::path& file) {
    struct stat facts{};
    if (::stat(file.c_str(), &facts) != 0) return cannot(file, "read");
    return require_private(file, facts);
}

Result<SecretBytes> read_private_file(const std::filesystem::path& file, std::size_t bytes_max) {
    const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.get() < 0) return cannot(file, "read");
    struct stat facts{};
    if (::fstat(in.get(), &facts) != 0) return cannot(file, "read");
    WARDLINE_TRY(require_private(file, facts));
    Bytes content(bytes_max + 1);
    std::size_t filled{0};
    while (filled < content.size()) {
        const auto got = ::read(in.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot(file, "read");
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > bytes_max)
        return Error{
            Code::local_store, "the file " + file.string() + " is too long to be what it should be"
        };
    SecretBytes out{BytesView{content}.first(filled)};
    wipe(content);
    return out;
}

}  // namespace wardline::client
