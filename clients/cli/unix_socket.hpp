#pragma once

#include "protocol/base/result.hpp"

#include <chrono>
#include <filesystem>

// The socket of a home. Names of Unix sockets end at 107 bytes; both ends reach it through an open
// descriptor of its folder, so a home may lie as deep as the file system allows.
namespace wardline::cli {

// An owned descriptor.
class Descriptor {
public:
    explicit Descriptor(int number = -1) noexcept : number_{number} {}
    Descriptor(Descriptor&& other) noexcept : number_{other.release()} {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    int get() const noexcept { return number_; }
    bool is_open() const noexcept { return number_ >= 0; }
    int release() noexcept;

private:
    int number_;
};

// Listening, non-blocking, mode 0600. What an earlier holder left behind is replaced: the caller
// holds the home's lock.
Result<Descriptor> listen_in(const std::filesystem::path& home, int backlog);
void remove_socket(const std::filesystem::path& home);

// Connected, waiting for a place in the backlog for at most `limit`. `unreachable` when nobody
// listens.
Result<Descriptor> connect_in(const std::filesystem::path& home, std::chrono::seconds limit);

// Whether the process at the other end belongs to the user of this one.
bool is_same_user(int socket);
void limit_waiting(int socket, std::chrono::seconds limit);

}  // namespace wardline::cli
