#include "protocol/trust/statement.hpp"

#include "protocol/trust/statement_codec.hpp"
#include "tests/support/chain_fixture.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;
using cbor::binary;
using cbor::Json;

class StatementTest : public ::testing::Test {
protected:
    StatementFields fields(StatementData data) {
        return clinic_.chain.draft(clinic_.now, std::move(data));
    }
    StatementFields patient_fields(StatementData data) {
        return PatientChain{a_patient("P1")}.draft(clinic_.chain, clinic_.now, std::move(data));
    }
    Statement signed_by_admin(StatementFields what) {
        return sign_statement(clinic_.admin.signing, std::move(what)).value();
    }
    // What a parser says to a statement's body after `change`.
    template <class Change>
    std::string after(const StatementFields& what, Change&& change) {
        auto body = cbor::decode(signed_by_admin(what).body()).value();
        change(body);
        return outcome_of(Statement::from_parts(cbor::encode(body), Signature{}));
    }

    AClinic clinic_{"statements"};
    Revoke revoke_{DeviceId::from(Bytes(16, 9)).value()};
};

TEST_F(StatementTest, EveryTypeReadsBackAsItWasWritten) {
    const auto key = crypto::random_fixed<SigningKey>(clinic_.random);
    const auto hash = crypto::random_fixed<Hash>(clinic_.random);
    const auto box = crypto::random_fixed<BoxKey>(clinic_.random);
    const auto thread = crypto::random_fixed<ThreadId>(clinic_.random);
    const auto p1 = Account::patient(a_patient("P1"));
    const Instant later{clinic_.now.ms + 1};
    const std::vector devices{DeviceId{}, revoke_.device};
    const std::vector<StatementData> in_clinic{
        clinic_.genesis(),
        clinic_.grant_of(clinic_.admin, key, std::nullopt, Role::admin),
        clinic_.grant_of(clinic_.admin, key, hash, Role::admin),
        Invite{staff("nurse"), Role::clinician, {a_team("ward"), a_team("lab")}, key, later},
        RoleChange{staff("nurse"), Role::manager},
        TeamCreate{a_team("ward"), {staff("nurse"), staff("doctor")}},
        Admit{a_team("ward"), revoke_.device, hash, hash},
        Epoch{a_team("ward"), 7, box, hash, devices, hash},
        TeamRemove{a_team("ward"), staff("nurse")},
        revoke_,
        Disable{staff("nurse")},
        Approve{hash},
        Object{hash},
    };
    const std::vector<StatementData> in_patient{
        PatientOpen{a_patient("P1"), thread, {a_team("ward")}},
        Invite{p1, Role::patient, {}, key, later},
        clinic_.grant_of(clinic_.new_device(p1), key, hash, Role::patient),
        Admit{std::nullopt, revoke_.device, hash, hash},
        Epoch{std::nullopt, 1, box, Hash{}, devices, hash},
        IdentityConfirm{revoke_.device, device_fingerprint(clinic_.admin.keys)},
        revoke_,
    };
    const auto check = [this](const StatementFields& wanted) {
        const auto statement = signed_by_admin(wanted);
        const auto again = Statement::parse(statement.encode());
        ASSERT_EQ(outcome_of(again), "ok") << statement.type();
        EXPECT_EQ(again.value().fields(), statement.fields());
        EXPECT_EQ(again.value().data(), wanted.data);
        EXPECT_EQ(again.value().hash(), statement.hash());
        EXPECT_EQ(again.value(), statement);
        EXPECT_TRUE(again.value().verify_signature());
        EXPECT_EQ(Statement::from_json(statement.to_json()).value(), statement);
    };
    for (const auto& data : in_clinic) check(fields(data));
    for (const auto& data : in_patient) check(patient_fields(data));
}

TEST_F(StatementTest, HasAHashUnderItsOwnDomain) {
    const auto statement = signed_by_admin(fields(revoke_));

    EXPECT_EQ(statement.hash(), crypto::hash("wardline/1 statement", statement.body()));
    EXPECT_EQ(statement.by(), clinic_.admin.keys.signing);
    EXPECT_EQ(statement.type(), "revoke");
    EXPECT_EQ(statement.position(), (ChainPosition{2, statement.hash()}));
}

TEST_F(StatementTest, RefusesUnknownAndMissingKeysAtEveryLevel) {
    const auto genesis = fields(clinic_.genesis());
    const auto grant =
        fields(clinic_.grant_of(clinic_.admin, SigningKey{}, std::nullopt, Role::admin));
    const auto in_patient = patient_fields(revoke_);

    EXPECT_EQ(after(genesis, [](Json&) {}), "ok");
    EXPECT_EQ(after(genesis, [](Json& body) { body["more"] = 1; }), "bad_statement");
    EXPECT_EQ(after(genesis, [](Json& body) { body["data"]["more"] = 1; }), "bad_statement");
    EXPECT_EQ(
        after(genesis, [](Json& body) { body["data"]["retention"]["more"] = 1; }), "bad_statement"
    );
    EXPECT_EQ(
        after(grant, [](Json& body) { body["data"]["device"]["more"] = 1; }), "bad_statement"
    );
    EXPECT_EQ(after(in_patient, [](Json& body) { body["head"]["more"] = 1; }), "bad_statement");
    for (const char* key : {"v", "type", "clinic", "chain", "pos", "prev", "time", "by", "data"}) {
        EXPECT_EQ(after(genesis, [key](Json& body) { body.erase(key); }), "bad_statement") << key;
    }
    for (const char* key : {"name", "root", "vault", "audit", "tls", "retention"}) {
        EXPECT_EQ(after(genesis, [key](Json& body) { body["data"].erase(key); }), "bad_statement")
            << key;
    }
}

TEST_F(StatementTest, RefusesAnotherVersionTypeOrChain) {
    const auto good = fields(revoke_);
    EXPECT_EQ(after(good, [](Json& body) { body["v"] = 2; }), "bad_statement");
    for (const char* type :
         {"",
          "unknown",
          "patient",
          "identity-confirm",
          "retention",
          "hold",
          "release",
          "tls-key",
          "vault-key",
          "audit-key",
          "restore",
          "team-assign",
          "consent",
          "keep-until",
          "erase",
          "recall"}) {
        EXPECT_EQ(after(good, [type](Json& body) { body["type"] = type; }), "bad_statement")
            << type;
    }
    for (const char* chain : {"", "office", "patient/", "patient/..", "Clinic", "patient"}) {
        EXPECT_EQ(after(good, [chain](Json& body) { body["chain"] = chain; }), "bad_statement")
            << chain;
    }
}

TEST_F(StatementTest, OnlyPatientsChainsHaveAHead) {
    const auto in_clinic = fields(revoke_);
    const auto in_patient = patient_fields(revoke_);
    const Json head = {{"pos", 0}, {"hash", binary(Hash{}.view())}};

    EXPECT_EQ(after(in_clinic, [&](Json& body) { body["head"] = head; }), "bad_statement");
    EXPECT_EQ(after(in_patient, [](Json& body) { body.erase("head"); }), "bad_statement");
    EXPECT_EQ(after(in_patient, [](Json&) {}), "ok");
}

TEST_F(StatementTest, RefusesValuesOfAnotherFormOrSize) {
    const auto genesis = fields(clinic_.genesis());
    const auto in_genesis = [&](const char* key, const Json& value) {
        return after(genesis, [&](Json& body) { body["data"][key] = value; });
    };
    EXPECT_EQ(in_genesis("name", ""), "bad_statement");
    EXPECT_EQ(in_genesis("name", std::string(101, 'n')), "bad_statement");
    EXPECT_EQ(in_genesis("name", std::string(100, 'n')), "ok");
    EXPECT_EQ(in_genesis("name", "a\x1b[1m"), "bad_statement");
    EXPECT_EQ(in_genesis("name", "a\x7f"), "bad_statement");
    EXPECT_EQ(in_genesis("name", "a\xc2\x85"), "bad_statement");
    EXPECT_EQ(in_genesis("name", "Praxis Dr. M\xc3\xbcller"), "ok");
    EXPECT_EQ(in_genesis("root", binary(Bytes(31))), "bad_statement");
    EXPECT_EQ(in_genesis("root", std::string(32, 'x')), "bad_statement");
    const auto with_days = [&](const Json& days) {
        return after(genesis, [&](Json& body) { body["data"]["retention"]["photo"] = days; });
    };
    EXPECT_EQ(with_days(0), "bad_statement");
    EXPECT_EQ(with_days(1), "ok");
    EXPECT_EQ(with_days(36'500), "ok");
    EXPECT_EQ(with_days(36'501), "bad_statement");
    EXPECT_EQ(with_days(-1), "bad_statement");
}

TEST_F(StatementTest, ListsAreBoundedAndNameNothingTwice) {
    const auto team = fields(TeamCreate{a_team("ward"), {staff("nurse")}});
    const auto with_founders = [&](const Json& list) {
        return after(team, [&](Json& body) { body["data"]["founders"] = list; });
    };
    EXPECT_EQ(with_founders(Json::array()), "bad_statement");
    EXPECT_EQ(with_founders({"s:a", "s:a"}), "bad_statement");
    EXPECT_EQ(with_founders({"p:a"}), "bad_statement");
    EXPECT_EQ(with_founders({"a"}), "bad_statement");
    auto many = Json::array();
    for (int i = 0; i < 16; ++i) many.push_back("s:a" + std::to_string(i));
    EXPECT_EQ(with_founders(many), "ok");
    many.push_back("s:one-more");
    EXPECT_EQ(with_founders(many), "bad_statement");

    const auto epoch = fields(Epoch{a_team("ward"), 1, BoxKey{}, Hash{}, {}, Hash{}});
    const auto with_devices = [&](const Json& list) {
        return after(epoch, [&](Json& body) { body["data"]["devices"] = list; });
    };
    const auto low = binary(Bytes(16, 1));
    const auto high = binary(Bytes(16, 2));
    EXPECT_EQ(with_devices(Json::array({low, high})), "ok");
    EXPECT_EQ(with_devices(Json::array({high, low})), "bad_statement");
    EXPECT_EQ(with_devices(Json::array({low, low})), "bad_statement");
    EXPECT_EQ(with_devices(Json::array({binary(Bytes(15))})), "bad_statement");

    const auto open = patient_fields(
        PatientOpen{a_patient("P1"), ThreadId::from(Bytes(16, 1)).value(), {a_team("ward")}}
    );
    const auto with_teams = [&](const Json& list) {
        return after(open, [&](Json& body) { body["data"]["teams"] = list; });
    };
    EXPECT_EQ(with_teams(Json::array()), "bad_statement");
    EXPECT_EQ(with_teams({"a", "b", "a"}), "bad_statement");
    EXPECT_EQ(with_teams({"a", "b", "c", "d", "e", "f", "g", "h"}), "ok");
    EXPECT_EQ(with_teams({"a", "b", "c", "d", "e", "f", "g", "h", "i"}), "bad_statement");
}

TEST_F(StatementTest, RefusesABodyThatIsTooLarge) {
    const auto good = signed_by_admin(fields(revoke_));
    auto padded = cbor::decode(good.body()).value();
    padded["data"]["device"] = binary(Bytes(kStatementBodyBytesMax));

    EXPECT_EQ(
        outcome_of(Statement::from_parts(cbor::encode(padded), good.signature())), "too_large"
    );
    EXPECT_EQ(outcome_of(Statement::parse(Bytes(kStatementBytesMax + 1, 0x40))), "too_large");
}

TEST_F(StatementTest, TheOuterMapHasExactlyItsTwoKeys) {
    const auto good = signed_by_admin(fields(revoke_)).to_json();
    auto more = good;
    more["more"] = 1;
    auto no_signature = good;
    no_signature.erase("sig");
    auto short_signature = good;
    short_signature["sig"] = binary(Bytes(63));

    EXPECT_EQ(outcome_of(Statement::from_json(good)), "ok");
    EXPECT_EQ(outcome_of(Statement::from_json(more)), "bad_statement");
    EXPECT_EQ(outcome_of(Statement::from_json(no_signature)), "bad_statement");
    EXPECT_EQ(outcome_of(Statement::from_json(short_signature)), "bad_statement");
    EXPECT_EQ(outcome_of(Statement::from_json(Json::array())), "bad_statement");
    EXPECT_EQ(outcome_of(Statement::parse(Bytes{})), "bad_statement");
}

TEST_F(StatementTest, NothingIsSignedThatWouldLoseSomething) {
    const auto secret = crypto::random_secret<InviteSecret>(clinic_.random);
    const auto p1 = Account::patient(a_patient("P1"));
    auto with_team = clinic_.invite_data(p1, Role::patient, secret);
    with_team.teams = {a_team("ward")};
    auto without_head = patient_fields(revoke_);
    without_head.head.reset();
    const auto sign = [this](StatementFields what) {
        return outcome_of(sign_statement(clinic_.admin.signing, std::move(what)));
    };

    EXPECT_EQ(sign(patient_fields(with_team)), "bad_statement");
    EXPECT_EQ(sign(without_head), "bad_statement");
    EXPECT_EQ(
        sign(patient_fields(Admit{a_team("ward"), revoke_.device, Hash{}, Hash{}})), "bad_statement"
    );
    EXPECT_EQ(sign(fields(Admit{std::nullopt, revoke_.device, Hash{}, Hash{}})), "bad_statement");
    EXPECT_EQ(sign(fields(TeamCreate{a_team("ward"), {}})), "bad_statement");
}

RC_GTEST_PROP(StatementProperty, AnyFlippedBitIsRefused, ()) {
    static const AClinic kClinic;
    static const auto kStatement = kClinic.journal[1];
    static const auto kEncoded = kStatement.statement.encode();
    static const ClinicChain kYoung = [] {
        ClinicChain chain;
        chain.apply(kClinic.journal[0]).value();
        return chain;
    }();
    auto flipped = kEncoded;
    const auto at = *rc::gen::inRange<std::size_t>(0, flipped.size());
    const auto bit = *rc::gen::inRange(0, 8);
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1 << bit));

    const auto statement = Statement::parse(flipped);

    if (!statement) return;
    RC_ASSERT(!kYoung.check({kStatement.seq, kStatement.time, statement.value()}));
}

}  // namespace
}  // namespace wardline::testing
