#include "server/net/http_connection.hpp"

#include "protocol/base/cbor.hpp"
#include "tests/unit/server/net/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wardline::server::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string code_in(const std::string& body) {
    const auto decoded = cbor::decode(as_bytes(body));
    return decoded ? decoded.value().value("code", std::string{}) : std::string{};
}

TEST(Http, AnswersSeveralRequestsOnOneConnection) {
    TestServer server;
    auto client = server.connect();

    EXPECT_EQ(client.post("/v1/enrol/begin", "first").body, "first");
    EXPECT_EQ(client.post("/v1/enrol/begin", "second").body, "second");
}

TEST(Http, AHeadHasTheLengthAndNoBody) {
    TestServer server;
    auto client = server.connect();

    client.send("HEAD /healthz HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n");
    std::string all;
    for (std::string more = client.receive(); !more.empty(); more = client.receive()) all += more;

    EXPECT_THAT(all, HasSubstr("Content-Length: 2\r\n"));
    EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

TEST(Http, TakesABodyOf128KiBAndNotOneByteMore) {
    TestServer server;
    auto client = server.connect();

    EXPECT_EQ(client.post("/v1/setup", std::string(131'072, 'x')).body.size(), 131'072U);
    const auto refused = client.post("/v1/setup", std::string(131'073, 'x'));

    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(code_in(refused.body), "too_large");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Http, RefusesAHeaderOver8KiB) {
    TestServer server;
    auto client = server.connect();

    const auto refused = client.request(
        "GET / HTTP/1.1\r\nHost: clinic\r\nX: " + std::string(8'192, 'x') + "\r\n\r\n"
    );

    EXPECT_EQ(refused.status, 431);
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Http, AnswersWhatIsNotHttpWith400AndCloses) {
    TestServer server;
    auto client = server.connect();

    const auto refused = client.request("\x16\x03\x01 nonsense\r\n\r\n");

    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(code_in(refused.body), "bad_frame");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Http, AFaultIsAnsweredWithACodeAndALineToFindInTheLog) {
    TestServer server;
    auto client = server.connect();

    const auto answer = client.post("/fail", "");

    EXPECT_EQ(answer.status, 500);
    const auto body = cbor::decode(as_bytes(answer.body)).value();
    EXPECT_EQ(body.at("code"), "internal");
    EXPECT_THAT(answer.body, Not(HasSubstr("planted")));
    const auto logged = server.run([&] { return server.logged.str(); });
    EXPECT_THAT(logged, HasSubstr(body.at("ref").get<std::string>()));
}

TEST(Http, LimitsRequestsOfOneAddressButNeitherProbesNorWebSockets) {
    Limits limits;
    limits.http_per_address_per_minute = 2;
    TestServer server{limits};
    auto client = server.connect();
    EXPECT_EQ(client.post("/v1/setup", "").status, 200);
    EXPECT_EQ(client.post("/v1/setup", "").status, 200);

    const auto refused = client.post("/v1/setup", "");

    EXPECT_EQ(refused.status, 429);
    const auto body = cbor::decode(as_bytes(refused.body)).value();
    EXPECT_EQ(body.at("code"), "rate_limited");
    EXPECT_GT(body.at("retry_after_ms").get<std::uint64_t>(), 0U);
    EXPECT_EQ(client.request("GET /healthz HTTP/1.1\r\nHost: clinic\r\n\r\n").status, 200);
    EXPECT_EQ(client.upgrade(), 101);
}

TEST(Http, RefusesOtherOriginsUnlessTheyAreConfigured) {
    TestServer server{{}, {"https://clinic.example"}};
    auto client = server.connect();

    EXPECT_EQ(client.post("/v1/setup", "", "Origin: https://evil.example\r\n").status, 403);
    EXPECT_EQ(client.post("/v1/setup", "", "Origin: https://clinic.example\r\n").status, 200);
}

TEST(Http, ClosesAConnectionThatFallsSilent) {
    Limits limits;
    limits.http_timeout = std::chrono::milliseconds{100};
    TestServer server{limits};
    auto client = server.connect();

    client.send("POST /v1/setup HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");

    EXPECT_TRUE(client.is_closed_by_server());
}

}  // namespace
}  // namespace wardline::server::test
