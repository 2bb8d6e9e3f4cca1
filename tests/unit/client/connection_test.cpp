#include "clients/core/connection.hpp"

#include "clients/core/backoff.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wardline::client {
namespace {

TEST(EndpointTest, ReadsHostAndPort) {
    const auto plain = parse_endpoint("clinic.example:8443").value();
    EXPECT_EQ(plain.host, "clinic.example");
    EXPECT_EQ(plain.port, 8443);
    EXPECT_EQ(parse_endpoint("https://clinic.example/").value().port, 443);
    EXPECT_EQ(parse_endpoint("[::1]:8443").value().host, "::1");
    EXPECT_EQ(parse_endpoint("[::1]:8443").value().text(), "[::1]:8443");
}

TEST(EndpointTest, RefusesWhatIsNoServer) {
    for (const auto* text :
         {"", ":1", "host:", "host:0", "host:65536", "host:8x", "a b:1", "[::1:2", "u@host:1"}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
}

TEST(BackoffTest, BoundsDoubleUpToEightSecondsAndAreAMinuteAfterTwelveFailures) {
    EXPECT_EQ(Backoff::bound(0), Milliseconds{1'000});
    EXPECT_EQ(Backoff::bound(2), Milliseconds{4'000});
    EXPECT_EQ(Backoff::bound(3), Milliseconds{8'000});
    EXPECT_EQ(Backoff::bound(11), Milliseconds{8'000});
    EXPECT_EQ(Backoff::bound(12), Milliseconds{60'000});
    EXPECT_EQ(Backoff::bound(1'000), Milliseconds{60'000});
}

TEST(BackoffTest, WaitsLongerOnceAServerStaysAway) {
    wardline::testing::SeededRandom random{"backoff"};
    Milliseconds longest{0};
    for (int i = 0; i < 20; ++i) {
        Backoff backoff{random};
        for (int failures = 0; failures < 12; ++failures) {
            EXPECT_LE(backoff.next(), Milliseconds{8'000});
        }
        longest = std::max(longest, backoff.next());
    }
    EXPECT_GT(longest, Milliseconds{8'000});
    EXPECT_LE(longest, Milliseconds{60'000});
}

// Full jitter: every wait is within its bound, and they are spread over all of it.
TEST(BackoffTest, WaitsAreSpreadOverTheWholeBound) {
    wardline::testing::SeededRandom random{"backoff"};
    int early = 0;
    for (int i = 0; i < 200; ++i) {
        Backoff backoff{random};
        backoff.next();
        const auto wait = backoff.next();
        EXPECT_LE(wait, Milliseconds{2'000});
        if (wait < Milliseconds{1'000}) ++early;
    }
    EXPECT_GT(early, 60);
    EXPECT_LT(early, 140);
}

TEST(BackoffTest, NeverEarlierThanTheServerAsked) {
    wardline::testing::SeededRandom random{"backoff"};
    Backoff backoff{random};
    EXPECT_GE(backoff.next(Milliseconds{5'000}), Milliseconds{5'000});
    EXPECT_LE(backoff.next(std::chrono::hours{24}), std::chrono::minutes{11});
}

TEST(ErrorFrameTest, CarriesCodeAndDetails) {
    const auto error =
        error_of_frame(Json{{"t", "error"}, {"id", 3}, {"code", "out_of_order"}, {"expected", 7}});
    EXPECT_EQ(error.code, Code::out_of_order);
    EXPECT_EQ(error.extra->at("expected"), 7);
    EXPECT_FALSE(error.extra->contains("id"));
    EXPECT_EQ(error_of_frame(Json{{"code", "invented"}}).code, Code::internal);
    EXPECT_EQ(error_of_frame(Json::array()).code, Code::bad_frame);
}

}  // namespace
}  // namespace wardline::client
