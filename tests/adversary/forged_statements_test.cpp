#include "tests/adversary/forging.hpp"

#include <gmock/gmock.h>

// A server that adds devices, colleagues, keys and revocations to the record of who belongs. Its
// journal holds them, its proofs are right and its heads are signed: only the authority is missing.
namespace wardline::adversary {
namespace {

using ::testing::HasSubstr;
using trust::StatementData;

class ForgedStatementsTest : public PracticeTest {
protected:
    const trust::ClinicChain& clinic() { return at("anna").session().chains.clinic(); }
    const trust::PatientChain& patient() { return *at("patient").session().chains.own_patient(); }
    SigningKey key_of(const std::string& name) { return at(name).session().self.keys().signing; }
    // Signed by the server in its own name, and in that of each of these.
    std::vector<trust::Statement> forgeries(const trust::StatementFields& fields) {
        std::vector<trust::Statement> out{forged(fields)};
        for (const auto* name : {"admin", "anna", "patient"})
            out.push_back(forged(fields, key_of(name)));
        return out;
    }
    void refresh(const std::string& name) {
        at(name).disconnect();
        ASSERT_TRUE(at(name).connect());
    }
    void show(const std::string& victim, const trust::Statement& statement) {
        auto journal = std::make_shared<ForgedJournal>(server());
        const auto entry = journal->append(statement);
        auto lies = shown_to(at(victim), journal, entry);
        lies.request = [this, victim = at(victim).device()](const Line& line, Json& request) {
            if (line.device == victim && request.at("t") == "send") ++sent_;
            return true;
        };
        server().lie(std::move(lies));
    }
    std::vector<StatementData> of_patient(const wardline::testing::TestDevice& puppet);
    std::vector<StatementData> of_clinic(const wardline::testing::TestDevice& puppet);

    int sent_{0};
};

std::vector<StatementData> ForgedStatementsTest::of_patient(
    const wardline::testing::TestDevice& puppet
) {
    const auto& chain = patient();
    const auto* epoch = chain.epochs().live();
    const auto used = *chain.device(at("patient").device())->invite;
    auto devices = epoch->devices;
    const auto key = crypto::box_key_of(puppet.box);
    const trust::Epoch own{
        .team = std::nullopt,
        .number = epoch->number + 1,
        .key = key,
        .prev = epoch->hash,
        .devices = devices,
        .boxes = Hash{}
    };
    trust::Epoch with_puppet = own;
    with_puppet.devices.push_back(puppet.id);
    std::sort(with_puppet.devices.begin(), with_puppet.devices.end());
    return {
        grant_for(puppet, clinic().clinic(), used),
        grant_for(puppet, clinic().clinic(), Hash{}),
        trust::Invite{
            .account = puppet.account,
            .role = trust::Role::patient,
            .teams = {},
            .key = crypto::signing_key_of(puppet.signing),
            .expires = Instant{now().ms + trust::kDayMs}
        },
        trust::Admit{.team = {}, .device = puppet.id, .epoch = epoch->hash, .box = Hash{}},
        own,
        with_puppet,
        trust::IdentityConfirm{puppet.id, trust::device_fingerprint(puppet.keys)},
        trust::Revoke{at("patient").device()},
    };
}

std::vector<StatementData> ForgedStatementsTest::of_clinic(
    const wardline::testing::TestDevice& puppet
) {
    const auto name = team("practice");
    const auto* epoch = clinic().team(name)->epochs.live();
    const auto account = Account::staff(staff("anna"));
    trust::Epoch own{
        .team = name,
        .number = epoch->number + 1,
        .key = crypto::box_key_of(puppet.box),
        .prev = epoch->hash,
        .devices = epoch->devices,
        .boxes = Hash{}
    };
    trust::Epoch with_puppet = own;
    with_puppet.devices.push_back(puppet.id);
    std::sort(with_puppet.devices.begin(), with_puppet.devices.end());
    return {
        grant_for(puppet, clinic().clinic(), *clinic().device(at("anna").device())->invite),
        grant_for(puppet, clinic().clinic(), Hash{}),
        trust::Invite{
            .account = puppet.account,
            .role = trust::Role::clinician,
            .teams = {},
            .key = crypto::signing_key_of(puppet.signing),
            .expires = Instant{now().ms + trust::kDayMs}
        },
        trust::RoleChange{.account = account, .role = trust::Role::manager},
        trust::TeamCreate{.team = team("spies"), .founders = {account}},
        // A real device of the clinic, which nobody in the team has admitted.
        trust::Admit{
            .team = name, .device = at("admin").device(), .epoch = epoch->hash, .box = Hash{}
        },
        own,
        with_puppet,
        trust::TeamRemove{.team = name, .account = account},
        trust::Revoke{at("anna").device()},
        trust::Disable{account},
    };
}

TEST_F(ForgedStatementsTest, NothingThatTheServerSignsItselfEntersAPatientsRecord) {
    refresh("anna");
    const auto puppet = a_puppet(Account::patient(kPatient));
    for (const auto& data : of_patient(puppet)) {
        for (const auto& statement : forgeries(patient().draft(clinic(), now(), data))) {
            SCOPED_TRACE(statement.type());
            show("anna", statement);
            at("anna").disconnect();
            const auto sent = at("anna").send_text(kPatient, "for the patient alone");
            EXPECT_THAT(alarm_of(sent), HasSubstr("false record of who belongs to patient 4711"));
        }
    }
    server().be_honest();

    EXPECT_EQ(sent_, 0);
    send("anna", "and now truly");
    EXPECT_EQ(texts("patient").back(), "and now truly");
}

TEST_F(ForgedStatementsTest, NothingThatTheServerSignsItselfEntersTheClinicsRecord) {
    refresh("anna");
    refresh("patient");
    const auto puppet = a_puppet(Account::staff(staff("eve")));
    for (const auto& data : of_clinic(puppet)) {
        for (const auto& statement : forgeries(clinic().draft(now(), data))) {
            SCOPED_TRACE(statement.type());
            show("patient", statement);
            at("patient").disconnect();
            const auto sent = at("patient").send_text(std::nullopt, "for the practice alone");
            EXPECT_THAT(alarm_of(sent), HasSubstr("false record of who belongs to the clinic"));
        }
    }
    server().be_honest();

    EXPECT_EQ(sent_, 0);
    send("patient", "and now truly");
    EXPECT_EQ(texts("anna").back(), "and now truly");
}

// The control: the same way of showing a statement, and one that was signed by who may.
TEST_F(ForgedStatementsTest, WhatSomebodySignedWhoMayIsTakenFromTheSameServer) {
    const trust::StatementData data{
        trust::TeamCreate{.team = team("second"), .founders = {Account::staff(staff("anna"))}}
    };
    refresh("admin");
    refresh("patient");
    const auto& chain = at("admin").session().chains.clinic();
    const auto statement =
        trust::sign_statement(at("admin").session().self.signing, chain.draft(now(), data)).value();
    show("patient", statement);
    at("patient").disconnect();
    const auto up = at("patient").connect();
    server().be_honest();

    ASSERT_TRUE(up) << up.error().detail;
    EXPECT_NE(at("patient").session().chains.clinic().team(team("second")), nullptr);
}

// Its entry is there, but its proof is not.
TEST_F(ForgedStatementsTest, AStatementThatIsNotInTheJournalIsAnAlarm) {
    ASSERT_TRUE(office().create_team(team("second"), {staff("anna")}));
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "inclusion") {
            for (auto& path : answer["paths"]) flip(path[0]);
        }
        return true;
    }});
    EXPECT_THAT(alarm_on_return("anna"), HasSubstr("is not in it"));
    server().be_honest();
    EXPECT_TRUE(at("anna").connect());
}

}  // namespace
}  // namespace wardline::adversary
