#include "server/disk_space.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace wardline::server {
namespace {

constexpr std::uint64_t kMoreThanAnyDisk = UINT64_MAX;

TEST(DiskSpace, IsLowBelowItsReserve) {
    DiskSpace disk{"/", {.low_below = kMoreThanAnyDisk, .enough_from = kMoreThanAnyDisk}};

    EXPECT_TRUE(disk.look());
    EXPECT_TRUE(disk.low());
    EXPECT_FALSE(disk.look()) << "nothing has changed since";
}

TEST(DiskSpace, HasRoomAboveIt) {
    DiskSpace disk{"/", {.low_below = 0, .enough_from = 0}};

    EXPECT_FALSE(disk.look());
    EXPECT_FALSE(disk.low());
}

TEST(DiskSpace, IsNotLowWhereItCannotBeAsked) {
    DiskSpace disk{"/no such folder", {kMoreThanAnyDisk, kMoreThanAnyDisk}};

    EXPECT_FALSE(disk.look());
    EXPECT_FALSE(disk.low());
}

TEST(DiskSpace, WatchesNothingWithoutAFolder) {
    DiskSpace disk{"", {kMoreThanAnyDisk, kMoreThanAnyDisk}};

    EXPECT_FALSE(disk.look());
    EXPECT_FALSE(disk.low());
}

}  // namespace
}  // namespace wardline::server
