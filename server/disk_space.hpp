#pragma once

#include <cstdint>
#include <string>

// Whether the disk of the databases has room for more messages. PostgreSQL dies when its log finds
// none, so messages stop while there is still a reserve: for logins, reading, revocations, and for
// what the databases have under way. One thread.
namespace wardline::server {

class DiskSpace {
public:
    struct Bounds {
        std::uint64_t low_below{128ULL << 20};
        std::uint64_t enough_from{160ULL << 20};  // Above the other, so that it does not flutter.
    };

    // Without a folder there is nothing to watch: the databases lie elsewhere.
    explicit DiskSpace(std::string folder, Bounds bounds);
    explicit DiskSpace(std::string folder) : DiskSpace{std::move(folder), Bounds{}} {}

    // Looks at the disk. Whether low() is another since.
    bool look();
    bool low() const noexcept { return low_; }

private:
    std::string folder_;
    Bounds bounds_;
    bool low_{false};
};

}  // namespace wardline::server
