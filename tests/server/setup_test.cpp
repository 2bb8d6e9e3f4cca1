#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

Json setup_body(const AClinic& clinic, const std::string& token) {
    return {
        {"token", token},
        {"statements", {statement_json(clinic.journal[0]), statement_json(clinic.journal[1])}}
    };
}

TEST_F(EmptyServerTest, TellsWhatGenesisHasToName) {
    const auto info = node.post("/v1/setup/info", {{"token", token}});

    EXPECT_EQ(Bytes{info["tls"].get_binary()}, server_pin().bytes());
    EXPECT_EQ(
        Bytes{info["audit"].get_binary()}, crypto::signing_key_of(server_audit_key()).bytes()
    );
}

TEST_F(EmptyServerTest, SetsUpAClinicOnce) {
    const auto first = node.post("/v1/setup", setup_body(clinic, token));
    EXPECT_EQ(Bytes{first["clinic"].get_binary()}, clinic.id.bytes());

    unsigned status = 0;
    const auto again = node.post("/v1/setup", setup_body(clinic, token), &status);

    EXPECT_EQ(code_of(again), "clinic_exists");
    EXPECT_EQ(status, 409U);
    RawClient client{node};
    EXPECT_EQ(Bytes{client.hello()["clinic"].get_binary()}, clinic.id.bytes());
    EXPECT_EQ(client.login(clinic.admin, clinic.id)["account"], "s:admin");
}

TEST_F(EmptyServerTest, RefusesAWrongSetupToken) {
    unsigned status = 0;
    const auto answer = node.post("/v1/setup", setup_body(clinic, "A" + token), &status);

    EXPECT_EQ(code_of(answer), "setup_token_invalid");
    EXPECT_EQ(status, 403U);
    EXPECT_FALSE(node.state.record().founded());
}

TEST_F(EmptyServerTest, RefusesAGenesisThatNamesOtherKeys) {
    const AClinic elsewhere{"another server"};

    const auto answer = node.post("/v1/setup", setup_body(elsewhere, token));

    EXPECT_EQ(code_of(answer), "bad_statement");
    EXPECT_FALSE(node.state.record().founded());
}

TEST_F(EmptyServerTest, ASecondStatementThatDoesNotFitLeavesNoGenesisBehind) {
    auto body = setup_body(clinic, token);
    body["statements"][1] = body["statements"][0];

    EXPECT_EQ(code_of(node.post("/v1/setup", body)), "bad_statement");
    EXPECT_FALSE(node.state.record().founded());
    EXPECT_EQ(node.journal.seen(), 0U);
}

TEST_F(EmptyServerTest, NobodyLogsInBeforeThereIsAClinic) {
    RawClient client{node};

    EXPECT_FALSE(client.hello().contains("clinic"));
    EXPECT_EQ(code_of(client.login(clinic.admin, clinic.id)), "no_clinic");
}

TEST_F(EmptyServerTest, SaysWhetherItIsAliveAndReady) {
    EXPECT_EQ(node.http("GET", "/healthz", nullptr).status, 200U);
    EXPECT_EQ(node.http("GET", "/readyz", nullptr).status, 200U);

    node.application->stop();

    EXPECT_EQ(node.http("GET", "/healthz", nullptr).status, 200U);
    EXPECT_EQ(node.http("GET", "/readyz", nullptr).status, 503U);
}

TEST_F(EmptyServerTest, AnswersBodiesThatAreNoneOfItsOwn) {
    unsigned status = 0;
    EXPECT_EQ(code_of(node.post("/v1/setup", Json::array(), &status)), "bad_frame");
    EXPECT_EQ(status, 400U);
    EXPECT_EQ(code_of(node.post("/v1/elsewhere", Json::object(), &status)), "not_found");
    EXPECT_EQ(status, 404U);
    EXPECT_EQ(node.http("GET", "/v1/setup", nullptr).status, 405U);
}

}  // namespace
}  // namespace wardline::testing
