#include "clients/cli/unix_socket.hpp"

#include "clients/cli/handover_protocol.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace wardline::cli {

namespace {

Error failed(const char* what) {
    return Error{
        Code::local_store, std::string{what} + ": " + std::generic_category().message(errno)
    };
}

Descriptor open_folder(const std::filesystem::path& home) {
    return Descriptor{::open(home.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

sockaddr_un address_in(const Descriptor& folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path =
        "/proc/self/fd/" + std::to_string(folder.get()) + "/" + std::string{kHandoverSocket};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (is_open()) ::close(number_);
        number_ = other.release();
    }
    return *this;
}

Descriptor::~Descriptor() {
    if (is_open()) ::close(number_);
}

int Descriptor::release() noexcept {
    return std::exchange(number_, -1);
}

Result<Descriptor> listen_in(const std::filesystem::path& home, int backlog) {
    const auto folder = open_folder(home);
    if (!folder.is_open()) return failed("the home cannot be opened");
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket.is_open()) return failed("no socket for handing over");
    // The file gets this mode when it is bound, so there is no moment at which others could
    // connect.
    if (::fchmod(socket.get(), 0600) != 0) return failed("the socket for handing over");
    const auto address = address_in(folder);
    ::unlink(static_cast<const char*>(address.sun_path));
    if (::bind(socket.get(), generic(address), sizeof address) != 0 ||
        ::listen(socket.get(), backlog) != 0) {
        return failed("the socket for handing over");
    }
    return socket;
}

void remove_socket(const std::filesystem::path& home) {
    ::unlink((home / kHandoverSocket).c_str());
}

Result<Descriptor> connect_in(const std::filesystem::path& home, std::chrono::seconds limit) {
    const auto folder = open_folder(home);
    if (!folder.is_open()) return failed("the home cannot be opened");
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket.is_open()) return failed("no socket for handing over");
    limit_waiting(socket.get(), limit);
    const auto address = address_in(folder);
    while (::connect(socket.get(), generic(address), sizeof address) != 0) {
        if (errno == EINTR) continue;
        return Error{Code::unreachable, "nobody takes commands for this home"};
    }
    return socket;
}

bool is_same_user(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == ::geteuid();
}

void limit_waiting(int socket, std::chrono::seconds limit) {
    const timeval time{.tv_sec = limit.count(), .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

}  // namespace wardline::cli
