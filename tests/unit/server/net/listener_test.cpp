#include "server/net/listener.hpp"

#include "tests/unit/server/net/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wardline::server::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(Tls, RefusesAClientThatSpeaksNothingNewerThanTls12) {
    TestServer server;
    TlsClient client{server.port, {.version_max = TLS1_2_VERSION}};

    EXPECT_FALSE(client.shake_hands());
}

TEST(Tls, TakesP256WhereAClientHasNoX25519) {
    TestServer server;
    TlsClient client{server.port, {.groups = "P-256"}};

    ASSERT_TRUE(client.shake_hands());
    EXPECT_EQ(client.group(), "prime256v1");
}

TEST(Tls, RefusesOtherGroups) {
    TestServer server;
    TlsClient client{server.port, {.groups = "P-521"}};

    EXPECT_FALSE(client.shake_hands());
}

TEST(Tls, HandsOutNoTickets) {
    TestServer server;
    TlsClient client = server.open();

    client.send_frame(TlsClient::kBinary, "x");  // Tickets would come before the answer.
    ASSERT_TRUE(client.read_frame());

    EXPECT_EQ(client.tickets(), 0U);
}

TEST(Tls, BothEndsHaveTheSameChannelBinding) {
    TestServer server;
    const TlsClient client = server.open();

    EXPECT_EQ(server.last_peer()->tls_exporter(), client.exporter());
    EXPECT_FALSE(client.exporter().is_zero());
}

TEST(Tls, ARenewedCertificateIsShownToNewConnections) {
    TestServer server;
    auto before = server.open();

    EXPECT_TRUE(server.run([&] { return server.tls.replace(test_identity()).has_value(); }));
    auto after = server.open();

    before.send_frame(TlsClient::kBinary, "still here");
    EXPECT_EQ(before.read_frame().value().payload, "still here");
    after.send_frame(TlsClient::kBinary, "new");
    EXPECT_EQ(after.read_frame().value().payload, "new");
}

TEST(Tls, NoiseInsteadOfAHandshakeEndsTheConnectionAndNothingElse) {
    TestServer server;
    auto bystander = server.open();
    TlsClient noisy{server.port, {.version_max = TLS1_2_VERSION}};

    EXPECT_FALSE(noisy.shake_hands());
    EXPECT_TRUE(noisy.is_closed_by_server());

    bystander.send_frame(TlsClient::kBinary, "x");
    EXPECT_TRUE(bystander.read_frame());
}

TEST(Listener, ClosesAConnectionThatDoesNotShakeHandsInTime) {
    Limits limits;
    limits.handshake_timeout = milliseconds{100};
    TestServer server{limits};
    TlsClient client{server.port};

    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Listener, ShedsHandshakesBeyondTheRateBeforeTls) {
    Limits limits;
    limits.handshakes_per_second = 2;
    TestServer server{limits};
    const auto first = server.connect();
    const auto second = server.connect();

    TlsClient third{server.port};

    EXPECT_FALSE(third.shake_hands());
    EXPECT_EQ(server.run([&] { return server.metrics.connections_shed.Value(); }), 1);
}

TEST(Listener, ShedsConnectionsBeyondTheirNumber) {
    Limits limits;
    limits.connections_max = 1;
    TestServer server{limits};
    const auto first = server.connect();

    TlsClient second{server.port};

    EXPECT_FALSE(second.shake_hands());
}

TEST(Listener, LimitsConnectionsOfAnAddressOnlyUntilTheyHaveLoggedIn) {
    Limits limits;
    limits.unauthenticated_per_address_max = 1;
    TestServer server{limits};
    auto first = server.open();
    TlsClient refused{server.port};
    ASSERT_FALSE(refused.shake_hands());

    first.send_frame(TlsClient::kBinary, "log in");
    ASSERT_TRUE(first.read_frame());

    TlsClient second{server.port};
    EXPECT_TRUE(second.shake_hands());
}

TEST(Listener, SaysWhyAnAddressCannotBeHad) {
    TestServer server;
    net::io_context context;
    Listener other{
        context,
        {.tls = server.tls,
         .sessions = server.sessions,
         .http = server.http,
         .limits = server.limits,
         .allowed_origins = server.allowed_origins,
         .metrics = server.metrics,
         .log = server.log}
    };

    const auto opened = other.open({"127.0.0.1", server.port});

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::io);
    EXPECT_THAT(opened.error().detail, HasSubstr("127.0.0.1:" + std::to_string(server.port)));
}

TEST(Listener, AnIPv6AnyAddressTakesIPv4Too) {
    TestServer server;
    Listener dual{
        server.context,
        {.tls = server.tls,
         .sessions = server.sessions,
         .http = server.http,
         .limits = server.limits,
         .allowed_origins = server.allowed_origins,
         .metrics = server.metrics,
         .log = server.log}
    };
    ASSERT_TRUE(server.run([&] { return dual.open({"::", 0}).has_value(); }));

    TlsClient client{server.run([&] { return dual.endpoint().port; })};

    EXPECT_TRUE(client.shake_hands());
    ASSERT_EQ(client.upgrade(), 101);
    EXPECT_EQ(server.last_peer()->address(), "127.0.0.1");
    net::co_spawn(server.context, dual.stop(milliseconds{5'000}), net::use_future).get();
}

TEST(Shutdown, SendsWhatIsQueuedThenSaysGoingAway) {
    TestServer server;
    auto client = server.open();
    const auto peer = server.last_peer();
    server.run([&] {
        for (int i = 0; i < 50; ++i) peer->push(Bytes(1'000, 'x'));
    });

    auto stopped = std::async(std::launch::async, [&] { server.stop(); });

    for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_frame().value().payload.size(), 1'000U);
    EXPECT_EQ(client.read_close_code(), 1001);
    client.send_frame(TlsClient::kClose, "");
    stopped.get();
    EXPECT_EQ(server.sessions.ended, 1U);
}

TEST(Shutdown, AnswersTheRequestUnderWay) {
    TestServer server;
    auto client = server.connect();
    client.send(
        "GET /wait HTTP/1.1\r\nHost: clinic\r\n\r\nGET /never HTTP/1.1\r\nHost: clinic\r\n\r\n"
    );
    auto answered = std::async(std::launch::async, [&] { return client.read_answer(); });
    while (server.run([&] { return server.metrics.http_requests.Value(); }) < 1)
        std::this_thread::yield();

    auto stopped = std::async(std::launch::async, [&] { server.stop(); });
    server.run([&] { server.http.released->cancel(); });

    EXPECT_NE(answered.get().status, 0);
    stopped.get();
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Shutdown, EndsAClientThatDoesNotReadAfterTheTimeGiven) {
    TestServer server;
    auto client = server.open();
    const auto peer = server.last_peer();
    server.run([&] {
        while (peer->push(Bytes(100'000, 'x'))) {
        }
    });

    server.stop(milliseconds{50});

    EXPECT_EQ(server.sessions.ended, 1U);
    EXPECT_FALSE(server.run([&] { return peer->push({1}); }));
}

}  // namespace
}  // namespace wardline::server::test
