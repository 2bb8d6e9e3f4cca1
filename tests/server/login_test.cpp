#include "protocol/trust/login.hpp"

#include "protocol/wire/frames.hpp"
#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

using LoginTest = ServerTest;

TEST_F(LoginTest, IsAnEntryAndAnswersWhereThingsStand) {
    RawClient client{node};

    const auto answer = client.login(nurse, clinic.id);

    EXPECT_EQ(answer["account"], "s:nora");
    EXPECT_EQ(answer["seq"].get<Seq>(), node.journal.seen());
    EXPECT_EQ(answer["clinic_head"]["pos"].get<std::uint64_t>(), clinic.chain.head().pos);
    EXPECT_EQ(answer["one_time_prekeys"], 0);
    EXPECT_TRUE(client.peer->is_authenticated);
    const audit::SignedHead head{
        Bytes{answer["head"]["body"].get_binary()},
        Signature::from(answer["head"]["sig"].get_binary()).value()
    };
    const auto audit_key = crypto::signing_key_of(server_audit_key());
    EXPECT_TRUE(audit::verify_head(head, audit_key, clinic.id));
    EXPECT_EQ(stored_details(audit::EntryKind::login).back()["actor"], "s:nora");
}

TEST_F(LoginTest, NothingElseIsAnsweredBefore) {
    RawClient client{node};

    EXPECT_EQ(code_of(client.ask("head")), "not_logged_in");
    EXPECT_EQ(code_of(client.ask("nonsense")), "unknown_type");
}

TEST_F(LoginTest, RefusesAWrongSignatureAndAnUnknownDevice) {
    RawClient client{node};
    auto impostor = nurse;
    impostor.signing = outsider.signing;

    EXPECT_EQ(code_of(client.login(impostor, clinic.id)), "login_failed");
    const auto stranger = clinic.new_device(staff("nobody"));
    EXPECT_EQ(code_of(client.login(stranger, clinic.id)), "login_failed");
    EXPECT_TRUE(stored_details(audit::EntryKind::refusal).empty());
}

TEST_F(LoginTest, RefusesASignatureOverAnotherTlsSession) {
    RawClient client{node};
    auto relayed = *client.peer;
    client.peer->exporter = crypto::sha256(as_bytes("the attacker's session"));
    const trust::LoginChallenge challenge{
        clinic.id,
        nurse.id,
        trust::LoginNonce::from(client.hello()["nonce"].get_binary()).value(),
        trust::TlsBinding::from(relayed.exporter.view()).value(),
        1'000'000
    };

    const auto answer = client.ask(
        "login",
        {{"device", cbor::binary(nurse.id.view())},
         {"version", 1},
         {"generation", 1'000'000},
         {"binding", "tls-exporter"},
         {"sig", cbor::binary(trust::sign_login(nurse.signing, challenge).view())}}
    );

    EXPECT_EQ(code_of(answer), "login_failed");
}

TEST_F(LoginTest, RefusesAnOldCopyOfAStore) {
    {
        RawClient client{node};
        EXPECT_EQ(client.login(nurse, clinic.id, 500'000)["t"], "login");
    }
    RawClient client{node};

    EXPECT_EQ(code_of(client.login(nurse, clinic.id, 500'000)), "store_rolled_back");
    EXPECT_EQ(client.login(nurse, clinic.id, 500'001)["t"], "login");
    const auto refusals = stored_details(audit::EntryKind::refusal);
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_EQ(refusals[0]["code"], "store_rolled_back");
}

TEST_F(LoginTest, ARevokedDeviceStaysOut) {
    clinic.must(clinic.admin.signing, trust::Revoke{outsider.id});
    store();
    RawClient client{node};

    EXPECT_EQ(code_of(client.login(outsider, clinic.id)), "login_failed");
    EXPECT_EQ(stored_details(audit::EntryKind::refusal).back()["actor"], "s:otto");
}

TEST_F(LoginTest, ANewerConnectionReplacesAnOlder) {
    auto older = connect(nurse);

    auto newer = connect(nurse);

    EXPECT_EQ(older.push("bye")["code"], "replaced");
    EXPECT_EQ(older.peer->closed, server::CloseCode::policy_violation);
    older.hang_up();
    EXPECT_EQ(newer.ask("head")["t"], "head");
    EXPECT_FALSE(newer.peer->closed);
}

TEST_F(LoginTest, HangingUpIsAnEntry) {
    {
        auto client = connect(nurse);
    }
    filed(audit::EntryKind::logout, 1);

    EXPECT_EQ(stored_details(audit::EntryKind::logout).back()["actor"], "s:nora");
}

TEST_F(LoginTest, AttemptsAreLimited) {
    RawClient client{node};
    auto impostor = nurse;
    impostor.signing = outsider.signing;
    std::string code;
    int attempts = 0;

    do code = code_of(client.login(impostor, clinic.id));
    while (code == "login_failed" && ++attempts < 40);

    EXPECT_EQ(code, "rate_limited");
    EXPECT_LE(attempts, 10);
}

TEST_F(LoginTest, WhatIsNoFrameEndsTheConnection) {
    const std::vector<Bytes> none{
        {}, {0xFF}, {0x01}, {0xA0}, {0xBF, 0x61, 0x74, 0xFF}, Bytes(64, 0x81)
    };
    for (const auto& bytes : none) {
        RawClient client{node};
        client.send_raw(bytes);
        EXPECT_EQ(code_of(client.push("error")), "bad_frame");
        EXPECT_EQ(client.peer->closed, server::CloseCode::protocol_error);
    }
}

TEST_F(LoginTest, NumbersOfRequestsRise) {
    auto client = connect(nurse);

    client.send_raw(wire::make_request("head", 1));

    EXPECT_EQ(code_of(client.answer_to(1)), "bad_frame");
    EXPECT_FALSE(client.peer->closed);
}

TEST_F(LoginTest, MoreThan64RequestsInFlightEndTheConnection) {
    auto client = connect(nurse);

    for (int i = 0; i < 65; ++i) client.send("consistency", {{"from", 1}, {"to", 2}});

    EXPECT_EQ(client.peer->closed, server::CloseCode::policy_violation);
}

TEST_F(LoginTest, AHundredRefusalsInARowEndTheConnection) {
    RawClient heedless{node};
    for (int i = 0; i < 99; ++i) EXPECT_EQ(code_of(heedless.ask("head")), "not_logged_in");
    EXPECT_FALSE(heedless.peer->closed);
    heedless.send("head");
    EXPECT_EQ(heedless.peer->closed, server::CloseCode::policy_violation);

    // Whoever is served in between begins anew.
    auto client = connect(nurse);
    for (int i = 0; i < 150; ++i) {
        EXPECT_EQ(code_of(client.ask("nothing")), "unknown_type");
        if (i % 50 == 0) EXPECT_EQ(code_of(client.ask("head")), "ok");
    }
    EXPECT_FALSE(client.peer->closed);
}

TEST_F(LoginTest, RefusesAnotherVersion) {
    RawClient client{node};

    EXPECT_EQ(code_of(client.ask("login", {{"version", 2}})), "unsupported_version");
}

TEST_F(LoginTest, ShuttingDownAnswersNothingNew) {
    auto client = connect(nurse);

    node.application->stop();
    EXPECT_EQ(code_of(client.ask("head")), "shutting_down");
    node.application->say_goodbye();

    EXPECT_EQ(client.push("bye")["code"], "shutting_down");
    EXPECT_EQ(client.peer->closed, server::CloseCode::going_away);
}

}  // namespace
}  // namespace wardline::testing
