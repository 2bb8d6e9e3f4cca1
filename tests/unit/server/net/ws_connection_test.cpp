#include "server/net/ws_connection.hpp"

#include "tests/unit/server/net/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wardline::server::test {
namespace {

using testing::HasSubstr;

TEST(WebSocket, CarriesBinaryFramesBothWays) {
    TestServer server;
    auto client = server.open();

    client.send_frame(TlsClient::kBinary, std::string(131'072, 'x'));
    const auto frame = client.read_frame();

    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->opcode, TlsClient::kBinary);
    EXPECT_EQ(frame->payload, std::string(131'072, 'x'));
}

TEST(WebSocket, AnswersManyFramesInTheirOrder) {
    TestServer server;
    auto client = server.open();

    for (int i = 0; i < 500; ++i) client.send_frame(TlsClient::kBinary, std::to_string(i));

    for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read_frame().value().payload, std::to_string(i));
}

TEST(WebSocket, SendsFramesOfEverySizeInTheOrderTheyWerePushed) {
    TestServer server;
    auto client = server.open();
    const auto peer = server.last_peer();
    const std::vector<std::size_t> sizes{
        0, 1, 125, 126, 16'384, 65'535, 65'536, 131'072, 3, 70'000, 2
    };

    server.run([&] {
        for (const auto size : sizes)
            EXPECT_TRUE(peer->push(Bytes(size, static_cast<std::uint8_t>(size))));
    });

    for (const auto size : sizes) {
        const std::string expected(size, static_cast<char>(size));
        ASSERT_EQ(client.read_frame().value().payload, expected) << size;
    }
}

TEST(WebSocket, NeedsTheSubprotocol) {
    TestServer server;

    EXPECT_EQ(server.connect().upgrade("", ""), 400);
    EXPECT_EQ(server.connect().upgrade("", "chat"), 400);
    EXPECT_EQ(server.connect().upgrade("", "chat, wardline.1"), 101);
}

TEST(WebSocket, RefusesAPlainRequestAtItsAddress) {
    TestServer server;

    EXPECT_EQ(server.connect().request("GET /v1/ws HTTP/1.1\r\nHost: clinic\r\n\r\n").status, 426);
}

TEST(WebSocket, RefusesBrowsersOfOtherOrigins) {
    TestServer server{{}, {"https://clinic.example"}};

    EXPECT_EQ(server.connect().upgrade("Origin: https://evil.example\r\n"), 403);
    EXPECT_EQ(server.connect().upgrade("Origin: https://clinic.example\r\n"), 101);
}

TEST(WebSocket, ClosesOnATextFrameWith1003) {
    TestServer server;
    auto client = server.open();

    client.send_frame(TlsClient::kText, "hello");

    EXPECT_EQ(client.read_close_code(), 1003);
}

TEST(WebSocket, ClosesOnAFrameOver128KiBWith1009BeforeItHasCome) {
    TestServer server;
    auto client = server.open();

    client.send_frame_header(TlsClient::kBinary, 131'073);

    EXPECT_EQ(client.read_close_code(), 1009);
}

TEST(WebSocket, ClosesOnABrokenFrameWith1002) {
    TestServer server;
    auto client = server.open();

    client.send_frame(3, "no such opcode");

    EXPECT_EQ(client.read_close_code(), 1002);
}

TEST(WebSocket, AnswersPings) {
    TestServer server;
    auto client = server.open();

    client.send_frame(TlsClient::kPing, "are you there");
    const auto pong = client.read_frame();

    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->opcode, TlsClient::kPong);
    EXPECT_EQ(pong->payload, "are you there");
}

TEST(WebSocket, PingsASilentClientAndThenLetsItGo) {
    Limits limits;
    limits.idle_timeout = std::chrono::milliseconds{300};
    TestServer server{limits};
    auto client = server.open();

    const auto ping = client.read_frame();

    ASSERT_TRUE(ping);
    EXPECT_EQ(ping->opcode, TlsClient::kPing);
    EXPECT_TRUE(client.is_closed_by_server());  // It was not answered.
}

TEST(WebSocket, EndsAConnectionThatDoesNotLogIn) {
    Limits limits;
    limits.login_timeout = std::chrono::milliseconds{100};
    TestServer server{limits};
    auto silent = server.open();
    auto known = server.open();
    known.send_frame(TlsClient::kBinary, "log in");
    ASSERT_TRUE(known.read_frame());

    EXPECT_TRUE(silent.is_closed_by_server());

    known.send_frame(TlsClient::kBinary, "x");
    EXPECT_TRUE(known.read_frame());
}

TEST(WebSocket, AFaultOfTheSessionClosesOnlyItWith1011) {
    TestServer server;
    auto bystander = server.open();
    auto client = server.open();

    client.send_frame(TlsClient::kBinary, "fail");

    EXPECT_EQ(client.read_close_code(), 1011);
    bystander.send_frame(TlsClient::kBinary, "x");
    EXPECT_TRUE(bystander.read_frame());
    EXPECT_THAT(server.run([&] { return server.logged.str(); }), HasSubstr("session_failed"));
}

TEST(WebSocket, ClosesWithTheCodeAndReasonOfTheSession) {
    TestServer server;
    auto client = server.open();
    const auto peer = server.last_peer();

    server.run([&] {
        peer->push({'b', 'y', 'e'});
        peer->close(CloseCode::policy_violation, std::string(200, 'r'));
        EXPECT_FALSE(peer->push({'l', 'a', 't', 'e'}));
    });

    EXPECT_EQ(client.read_frame().value().payload, "bye");
    const auto last = client.read_frame();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->close_code(), 1008);
    EXPECT_EQ(last->payload.size(), 125U);
}

TEST(WebSocket, AClientGoneEndsTheSessionOnce) {
    TestServer server;
    {
        const auto client = server.open();
    }

    while (server.run([&] { return server.sessions.ended; }) == 0) std::this_thread::yield();

    EXPECT_FALSE(server.run([&] { return server.sessions.peers.front()->push({1}); }));
    EXPECT_EQ(server.run([&] { return server.sessions.ended; }), 1U);
}

TEST(SlowConsumer, IsDroppedWith1013AndNeverHoldsMoreThanOneMiB) {
    TestServer server;
    auto client = server.open();
    const auto peer = server.last_peer();

    const auto held = server.run([&] {
        std::size_t most = 0;
        while (peer->push(Bytes(10'000, 'x'))) most = std::max(most, peer->queued_bytes());
        return most;
    });

    EXPECT_LE(held, 1'048'576U);
    EXPECT_GT(held, 1'000'000U);
    EXPECT_EQ(client.read_close_code(), 1013);
    EXPECT_EQ(server.run([&] { return server.metrics.slow_consumers_dropped.Value(); }), 1);
}

TEST(SlowConsumer, WaitingForRoomNeverDropsAClientThatReads) {
    TestServer server;
    auto client = server.open();
    const auto peer = server.last_peer();
    constexpr int kFrames = 200;

    auto sent = net::co_spawn(
        server.context,
        [&]() -> net::awaitable<bool> {
            bool all = true;
            for (int i = 0; i < kFrames; ++i) {
                const bool room = co_await peer->room();
                all = all && room && peer->push(Bytes(100'000, static_cast<std::uint8_t>(i)));
            }
            co_return all;
        },
        net::use_future
    );

    for (int i = 0; i < kFrames; ++i) {
        const auto frame = client.read_frame();
        ASSERT_TRUE(frame);
        ASSERT_EQ(frame->payload, std::string(100'000, static_cast<char>(i)));
    }
    EXPECT_TRUE(sent.get());
}

TEST(SlowConsumer, WaitingForRoomEndsWithTheConnection) {
    TestServer server;
    // With a small window the kernel takes little of what is queued, so that the wait is one.
    auto client = std::make_unique<TlsClient>(server.open({.receive_buffer_bytes = 8'192}));
    const auto peer = server.last_peer();
    server.run([&] {
        while (peer->queued_bytes() < 900'000) ASSERT_TRUE(peer->push(Bytes(100'000, 'x')));
    });
    auto waited = net::co_spawn(server.context, peer->room(), net::use_future);

    client.reset();

    EXPECT_FALSE(waited.get());
}

TEST(SlowConsumer, IsReadNoFurtherWhileItDoesNotRead) {
    Limits limits;
    TestServer server{limits};
    auto client = server.open({.receive_buffer_bytes = 8'192});
    const auto peer = server.last_peer();
    constexpr int kFrames = 100;

    // Everything is echoed: without back-pressure the queue would overflow.
    auto sent = std::async(std::launch::async, [&] {
        for (int i = 0; i < kFrames; ++i)
            client.send_frame(TlsClient::kBinary, std::string(100'000, 'x'));
    });
    while (server.run([&] { return peer->queued_bytes(); }) < 500'000) {
        std::this_thread::yield();
    }

    EXPECT_EQ(server.run([&] { return server.metrics.slow_consumers_dropped.Value(); }), 0);
    // OpenSSL allows no read beside a write, so the client is ended from the other side.
    server.run([&] { peer->close(CloseCode::normal, ""); });
    sent.get();
}

}  // namespace
}  // namespace wardline::server::test
