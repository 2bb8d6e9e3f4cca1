#include "server/limits.hpp"

#include <gtest/gtest.h>

namespace wardline::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{seconds{1'000}};

TEST(TokenBucket, GrantsABurstThenOnlyTheRate) {
    const Rate rate{.per_second = 2, .burst = 3};
    TokenBucket bucket{rate, kStart};

    for (int i = 0; i < 3; ++i) EXPECT_FALSE(bucket.take(rate, kStart));
    EXPECT_EQ(bucket.take(rate, kStart), milliseconds{500});
    EXPECT_EQ(bucket.take(rate, kStart + milliseconds{499}), milliseconds{1});
    EXPECT_FALSE(bucket.take(rate, kStart + milliseconds{500}));
    EXPECT_TRUE(bucket.take(rate, kStart + milliseconds{500}));
}

TEST(TokenBucket, ARestFillsItNoFurtherThanTheBurst) {
    const Rate rate{.per_second = 100, .burst = 2};
    TokenBucket bucket{rate, kStart};
    const auto later = kStart + seconds{3'600};

    EXPECT_FALSE(bucket.take(rate, later, 2));
    EXPECT_TRUE(bucket.take(rate, later));
}

TEST(TokenBucket, ARefusalCostsNothing) {
    const Rate rate{.per_second = 1, .burst = 1};
    TokenBucket bucket{rate, kStart};

    EXPECT_TRUE(bucket.take(rate, kStart, 2));
    EXPECT_FALSE(bucket.take(rate, kStart, 1));
}

TEST(RateLimiter, KeysDoNotDisturbEachOther) {
    RateLimiter<std::string> limiter{{.per_second = 1, .burst = 1}, 10};

    EXPECT_FALSE(limiter.take("a", kStart));
    EXPECT_TRUE(limiter.take("a", kStart));
    EXPECT_FALSE(limiter.take("b", kStart));
}

TEST(RateLimiter, RemembersNoMoreKeysThanItMayAndForgetsTheOneLeastUsed) {
    RateLimiter<int> limiter{{.per_second = 1, .burst = 1}, 2};
    EXPECT_FALSE(limiter.take(1, kStart));
    EXPECT_FALSE(limiter.take(2, kStart));
    EXPECT_TRUE(limiter.take(1, kStart));

    EXPECT_FALSE(limiter.take(3, kStart));  // 2 is forgotten, 1 is not.

    EXPECT_EQ(limiter.size(), 2U);
    EXPECT_TRUE(limiter.take(1, kStart));
    EXPECT_FALSE(limiter.take(2, kStart));
}

TEST(LimitKey, CountsAnIPv6AddressByIts64BitPrefix) {
    EXPECT_EQ(limit_key("2001:db8::1"), limit_key("2001:db8::ffff:1"));
    EXPECT_NE(limit_key("2001:db8::1"), limit_key("2001:db8:0:1::1"));
    EXPECT_NE(limit_key("192.0.2.1"), limit_key("192.0.2.2"));
}

}  // namespace
}  // namespace wardline::server
