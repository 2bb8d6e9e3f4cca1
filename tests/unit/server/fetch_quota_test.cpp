#include "server/fetch_quota.hpp"

#include <gtest/gtest.h>

namespace wardline::server {
namespace {

using namespace std::chrono_literals;
const FetchQuota::Time kStart{1h};

TEST(FetchQuota, EndsAtItsMostAndBeginsAnewWithTheNextWindow) {
    FetchQuota quota{2, 60s};
    quota.given("a", kStart, 1);
    EXPECT_FALSE(quota.wait("a", kStart));
    quota.given("a", kStart + 10s, 1);

    EXPECT_EQ(quota.wait("a", kStart + 10s), 50s);
    EXPECT_FALSE(quota.wait("b", kStart + 10s));
    EXPECT_TRUE(quota.wait("a", kStart + 60s - 1ms));
    EXPECT_FALSE(quota.wait("a", kStart + 60s));
}

TEST(FetchQuota, AskingCostsNothing) {
    FetchQuota quota{1, 60s};

    for (int i = 0; i < 10; ++i) EXPECT_FALSE(quota.wait("a", kStart));
}

}  // namespace
}  // namespace wardline::server
