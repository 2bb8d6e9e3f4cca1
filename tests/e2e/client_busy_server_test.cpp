#include "tests/e2e/client_people.hpp"

// What a client makes of a server that cannot do something at the moment: its database is away.
namespace wardline::e2e {
namespace {

struct Busy {
    std::string with;  // The type of request.
    int times{0};
};

class BusyConnection final : public client::Connection {
public:
    BusyConnection(std::unique_ptr<client::Connection> real, Busy& busy)
        : real_{std::move(real)}, busy_{busy} {}

    Result<client::Json> request(client::Json frame, client::Milliseconds limit) override {
        if (busy_.times > 0 && frame.at("t").get<std::string>() == busy_.with) {
            --busy_.times;
            return Error{Code::unavailable, "the database is away"};
        }
        return real_->request(std::move(frame), limit);
    }
    Result<std::optional<client::Json>> next_push(client::Milliseconds wait) override {
        return real_->next_push(wait);
    }
    void interrupt() override { real_->interrupt(); }
    void close() override { real_->close(); }
    const client::Json& hello() const override { return real_->hello(); }
    std::optional<std::array<std::uint8_t, 32>> binding() const override {
        return real_->binding();
    }

private:
    std::unique_ptr<client::Connection> real_;
    Busy& busy_;
};

class BusyConnector final : public client::Connector {
public:
    Result<std::unique_ptr<client::Connection>> connect(
        const client::Endpoint& endpoint, client::Milliseconds limit
    ) override {
        WARDLINE_TRY(auto real, client::tls_connector().connect(endpoint, limit));
        std::unique_ptr<client::Connection> out =
            std::make_unique<BusyConnection>(std::move(real), busy);
        return out;
    }
    Result<client::Json> post(
        const client::Endpoint& endpoint,
        std::string_view path,
        const client::Json& body,
        client::Milliseconds limit
    ) override {
        return client::tls_connector().post(endpoint, path, body, limit);
    }

    Busy busy;
};

class ClientBusyServerTest : public ClientConversationTest {
protected:
    void TearDown() override {
        people_.clear();  // Before their connector.
        ClientConversationTest::TearDown();
    }

    BusyConnector busy_server_;
};

TEST_F(ClientBusyServerTest, AThreadThatWasOpenIsOpenedAgainOnceTheServerCan) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    people_.erase("anna");
    const client::Environment environment{
        .clock = client::system_clock(),
        .random = crypto::system_random(),
        .connector = busy_server_
    };
    auto opened = Client::open(home("anna"), key(), environment);
    ASSERT_TRUE(opened) << opened.error().detail;
    auto& anna = *opened.value();
    people_["anna"] = std::move(opened).value();
    ASSERT_TRUE(anna.open_thread(kPatient));
    send("patient", "one");

    busy_server_.busy = {"open", 1};
    anna.disconnect();
    EXPECT_FALSE(anna.connect()) << "it came back without what it had open";
    ASSERT_TRUE(anna.connect());

    const auto page = anna.history(kPatient, 10);
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_EQ(page.value().messages.size(), 1U);
    EXPECT_EQ(page.value().messages.front().text, "one");
}

}  // namespace
}  // namespace wardline::e2e
