#include "server/disk_space.hpp"

#include <sys/statvfs.h>
#include <utility>

namespace wardline::server {

DiskSpace::DiskSpace(std::string folder, Bounds bounds)
    : folder_{std::move(folder)}, bounds_{bounds} {}

bool DiskSpace::look() {
    struct statvfs disk{};
    // A disk that cannot be asked says nothing about its room.
    if (folder_.empty() || ::statvfs(folder_.c_str(), &disk) != 0) return false;
    const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    const bool before = low_;
    low_ = free < (before ? bounds_.enough_from : bounds_.low_below);
    return low_ != before;
}

}  // namespace wardline::server
