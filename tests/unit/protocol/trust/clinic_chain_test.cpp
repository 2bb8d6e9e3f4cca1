#include "protocol/trust/clinic_chain.hpp"

#include "tests/support/chain_fixture.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;

class ClinicChainTest : public ::testing::Test {
protected:
    // What the clinic's chain says to this statement at its next entry; applied if it is "ok".
    std::string apply(const SigningSecret& by, StatementData data) {
        return outcome_of(clinic_.try_apply(by, std::move(data)));
    }
    std::string apply(const TestDevice& by, StatementData data) {
        return apply(by.signing, std::move(data));
    }
    std::string apply(const LocatedStatement& statement) {
        return outcome_of(clinic_.try_apply(statement));
    }
    Invite an_invite(const std::string& name, Role role = Role::clinician) {
        return clinic_.invite_data(
            staff(name), role, crypto::random_secret<InviteSecret>(clinic_.random)
        );
    }
    // A second officer, so that two people are needed from then on.
    TestDevice an_officer() { return clinic_.a_staff_device("officer", Role::admin); }

    AClinic clinic_;
    ClinicChain& chain_ = clinic_.chain;
};

// ---- The place of a statement ----

TEST_F(ClinicChainTest, BeginsWithGenesisAndAnAdministrator) {
    EXPECT_EQ(chain_.size(), 2U);
    EXPECT_EQ(chain_.clinic(), clinic_.id);
    EXPECT_EQ(chain_.head(), (ChainPosition{1, clinic_.journal[1].statement.hash()}));
    EXPECT_EQ(chain_.head_seq(), 2U);
    EXPECT_TRUE(chain_.live(clinic_.admin.id));
    EXPECT_TRUE(chain_.capabilities(staff("admin")).has(Capability::enrol_staff));
    EXPECT_FALSE(chain_.capabilities(staff("admin")).has(Capability::message));
    EXPECT_EQ(chain_.genesis().name, "Clinic for Tests");
}

TEST_F(ClinicChainTest, RefusesAChainThatBeginsWithAnythingElse) {
    ClinicChain empty;
    auto fields = empty.draft(clinic_.now, an_invite("nurse"));
    const auto statement = sign_statement(clinic_.root, fields).value();

    EXPECT_EQ(outcome_of(empty.apply({1, clinic_.now, statement})), "bad_statement");
    EXPECT_EQ(outcome_of(empty.apply(clinic_.journal[1])), "bad_statement");
    EXPECT_TRUE(empty.empty());
}

TEST_F(ClinicChainTest, RefusesGenesisOfAnotherClinicThanExpected) {
    ClinicChain expecting{ClinicId::from(Bytes(16, 7)).value()};

    EXPECT_EQ(outcome_of(expecting.apply(clinic_.journal[0])), "bad_statement");
    EXPECT_EQ(outcome_of(ClinicChain{clinic_.id}.apply(clinic_.journal[0])), "ok");
}

TEST_F(ClinicChainTest, RefusesGenesisThatAnotherKeySigned) {
    ClinicChain empty;
    auto fields = empty.draft(clinic_.now, clinic_.genesis());
    const auto statement = sign_statement(clinic_.admin.signing, fields).value();

    EXPECT_EQ(outcome_of(empty.apply({1, clinic_.now, statement})), "bad_statement");
}

TEST_F(ClinicChainTest, RefusesGenesisWithAVaultKeyForWhichNothingCanBeSealed) {
    ClinicChain empty;
    auto genesis = clinic_.genesis();
    genesis.vault = BoxKey{};
    const auto statement = sign_statement(clinic_.root, empty.draft(clinic_.now, genesis)).value();

    EXPECT_EQ(outcome_of(empty.apply({1, clinic_.now, statement})), "bad_statement");
}

TEST_F(ClinicChainTest, RefusesASecondGenesis) {
    EXPECT_EQ(apply(clinic_.root, clinic_.genesis()), "bad_statement");
}

TEST_F(ClinicChainTest, AnswersATakenPositionWithTheNewestOne) {
    const auto late = clinic_.next(clinic_.admin.signing, an_invite("late"));
    clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    auto relocated = late;
    relocated.seq = clinic_.seq + 1;

    const auto answer = clinic_.try_apply(relocated);

    ASSERT_EQ(outcome_of(answer), "chain_moved");
    EXPECT_EQ((*answer.error().extra)["pos"], 2);
    EXPECT_EQ((*answer.error().extra)["hash"], cbor::binary(chain_.head().hash.view()));
}

TEST_F(ClinicChainTest, RefusesAGapAndAnotherPredecessor) {
    auto fields = chain_.draft(clinic_.now, an_invite("nurse"));
    auto gap = fields;
    gap.pos += 1;
    auto fork = fields;
    fork.prev = clinic_.journal[0].statement.hash();

    for (const auto& wrong : {gap, fork}) {
        const auto statement = sign_statement(clinic_.admin.signing, wrong).value();
        EXPECT_EQ(apply(clinic_.located(statement)), "chain_moved");
    }
    EXPECT_EQ(chain_.size(), 2U);
}

TEST_F(ClinicChainTest, RefusesAnEntryThatIsNotNewer) {
    auto statement = clinic_.next(clinic_.admin.signing, an_invite("nurse"));
    statement.seq = clinic_.seq;

    EXPECT_EQ(apply(statement), "bad_statement");
}

TEST_F(ClinicChainTest, RefusesStatementsOfAnotherClinicOrChain) {
    auto other = chain_.draft(clinic_.now, an_invite("nurse"));
    other.clinic = ClinicId{};
    const auto of_clinic = sign_statement(clinic_.admin.signing, other).value();
    auto fields = chain_.draft(
        clinic_.now,
        PatientOpen{a_patient("P1"), ThreadId::from(Bytes(16, 1)).value(), {a_team("ward")}}
    );
    fields.chain = ChainName::patient(a_patient("P1"));
    fields.head = chain_.head();
    const auto of_chain = sign_statement(clinic_.admin.signing, fields).value();

    EXPECT_EQ(apply(clinic_.located(of_clinic)), "bad_statement");
    EXPECT_EQ(apply(clinic_.located(of_chain)), "bad_statement");
}

TEST_F(ClinicChainTest, RefusesAWrongSignatureUnlessItWasVerifiedBefore) {
    const auto good = clinic_.next(clinic_.admin.signing, an_invite("nurse"));
    const auto other = clinic_.next(clinic_.admin.signing, an_invite("other"));
    const auto forged =
        Statement::from_parts(good.statement.body(), other.statement.signature()).value();

    EXPECT_EQ(outcome_of(chain_.check({good.seq, good.time, forged})), "bad_signature");
    EXPECT_EQ(
        outcome_of(chain_.check({good.seq, good.time, forged}, Signatures::verified_before)), "ok"
    );
}

TEST_F(ClinicChainTest, CheckChangesNothing) {
    const auto statement = clinic_.next(clinic_.admin.signing, an_invite("nurse"));

    EXPECT_EQ(outcome_of(chain_.check(statement)), "ok");
    EXPECT_EQ(chain_.size(), 2U);
    EXPECT_TRUE(chain_.invites().empty());
}

TEST_F(ClinicChainTest, KnowsItsStatementsByPositionAndEntry) {
    const auto second = clinic_.journal[1].statement.position();

    EXPECT_TRUE(chain_.contains(second));
    EXPECT_FALSE(chain_.contains(second, 2));
    EXPECT_TRUE(chain_.contains(second, 3));
    EXPECT_FALSE(chain_.contains({0, second.hash}));
    EXPECT_FALSE(chain_.contains({2, second.hash}));
    EXPECT_EQ(chain_.hash_at(1), second.hash);
    EXPECT_EQ(chain_.hash_at(2), std::nullopt);
    EXPECT_EQ(chain_.seq_at(0), 1U);
}

// ---- Grants ----

TEST_F(ClinicChainTest, AnInvitedPersonBecomesAnAccountWithItsRole) {
    const auto nurse = clinic_.a_staff_device("nurse", Role::clinician);

    EXPECT_TRUE(chain_.live(nurse.id));
    EXPECT_EQ(chain_.device(nurse.keys.signing)->account, staff("nurse"));
    EXPECT_TRUE(chain_.capabilities(nurse.id).has(Capability::message));
    EXPECT_FALSE(chain_.capabilities(nurse.id).has(Capability::enrol_staff));
}

TEST_F(ClinicChainTest, ADeviceIsLiveOnlyAfterItsEntry) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto granted = chain_.device(nurse.id)->granted;

    EXPECT_FALSE(chain_.live(nurse.id, granted));
    EXPECT_TRUE(chain_.live(nurse.id, granted + 1));
    EXPECT_TRUE(chain_.capabilities(nurse.id, granted).empty());
}

TEST_F(ClinicChainTest, RootGrantsNobodyAfterTheFirstAdministrator) {
    clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto second = clinic_.new_device(staff("second"));
    const auto grant = clinic_.grant_of(second, chain_.genesis().root, std::nullopt, Role::admin);

    EXPECT_EQ(apply(clinic_.root, grant), "forbidden");
}

TEST_F(ClinicChainTest, TheFirstAdministratorHasToHaveASensitiveRole) {
    ClinicChain young;
    ASSERT_EQ(outcome_of(young.apply(clinic_.journal[0])), "ok");
    const auto device = clinic_.new_device(staff("first"));
    for (const auto role : {Role::reception, Role::clinician, Role::auditor}) {
        const auto grant = clinic_.grant_of(device, young.genesis().root, std::nullopt, role);
        const auto statement =
            sign_statement(clinic_.root, young.draft(clinic_.now, grant)).value();
        EXPECT_EQ(outcome_of(young.apply({2, clinic_.now, statement})), "bad_statement");
    }
}

TEST_F(ClinicChainTest, AnInviteIsUsedOnce) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    clinic_.enrol(invite);

    const auto second = clinic_.new_device(staff("nurse"));

    EXPECT_EQ(apply(clinic_.enrolment(invite, second)), "invite_used");
}

TEST_F(ClinicChainTest, TwoInvitesForOneNameMakeOneAccount) {
    const auto first = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto second = clinic_.invite(clinic_.admin, "nurse", Role::reception);
    clinic_.enrol(second);

    EXPECT_EQ(apply(clinic_.enrolment(first, clinic_.new_device(staff("nurse")))), "invite_used");
    EXPECT_EQ(chain_.account(staff("nurse"))->role_at(kNow), Role::reception);
}

TEST_F(ClinicChainTest, AnInviteExpiresAtItsInstant) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto expires = chain_.invite(invite.statement)->invite.expires;
    const auto device = clinic_.new_device(staff("nurse"));

    clinic_.now = expires;
    EXPECT_EQ(outcome_of(chain_.check(clinic_.enrolment(invite, device))), "invite_expired");
    clinic_.now.ms -= 1;
    EXPECT_EQ(outcome_of(chain_.check(clinic_.enrolment(invite, device))), "ok");
}

TEST_F(ClinicChainTest, AGrantIsSignedByItsOwnInvite) {
    const auto nurse = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto other = clinic_.invite(clinic_.admin, "other", Role::clinician);
    const auto device = clinic_.new_device(staff("nurse"));
    const auto key = invite_key(other.secret);

    const auto by_other = clinic_.grant_of(device, key, nurse.statement, Role::clinician);
    const auto unknown = clinic_.grant_of(device, key, Hash{}, Role::clinician);
    const auto none = clinic_.grant_of(device, key, std::nullopt, Role::clinician);

    EXPECT_EQ(apply(invite_signing_secret(other.secret), by_other), "forbidden");
    EXPECT_EQ(apply(invite_signing_secret(other.secret), unknown), "invite_unknown");
    EXPECT_EQ(apply(invite_signing_secret(other.secret), none), "invite_unknown");
}

TEST_F(ClinicChainTest, AGrantIsForTheInvitesAccountAndRole) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    auto promoted = invite;
    promoted.role = Role::admin;

    EXPECT_EQ(
        apply(clinic_.enrolment(promoted, clinic_.new_device(staff("nurse")))), "bad_statement"
    );
    EXPECT_EQ(
        apply(clinic_.enrolment(invite, clinic_.new_device(staff("doctor")))), "bad_statement"
    );
}

TEST_F(ClinicChainTest, AGrantProvesThatTheDeviceHoldsItsKeys) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto by = invite_signing_secret(invite.secret);
    const auto device = clinic_.new_device(staff("nurse"));
    auto grant =
        clinic_.grant_of(device, invite_key(invite.secret), invite.statement, Role::clinician);
    grant.device.box = clinic_.admin.keys.box;

    EXPECT_EQ(apply(by, grant), "bad_signature");
}

TEST_F(ClinicChainTest, KeysAreNewInTheClinic) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    auto box_twice = clinic_.new_device(staff("nurse"));
    box_twice.keys.box = clinic_.admin.keys.box;
    auto identity_twice = clinic_.new_device(staff("nurse"));
    identity_twice.keys.identity = clinic_.admin.keys.identity;
    auto vault_as_box = clinic_.new_device(staff("nurse"));
    vault_as_box.keys.box = chain_.genesis().vault;
    auto signing_twice = clinic_.admin;
    signing_twice.account = staff("nurse");

    for (const auto& device : {box_twice, identity_twice, vault_as_box, signing_twice}) {
        EXPECT_EQ(apply(clinic_.enrolment(invite, device)), "bad_statement");
    }
}

TEST_F(ClinicChainTest, RefusesKeysOfLowOrder) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    auto no_box = clinic_.new_device(staff("nurse"));
    no_box.keys.box = BoxKey{};
    auto no_identity = clinic_.new_device(staff("nurse"));
    no_identity.keys.identity = IdentityKey::from(concat({Bytes{5}, Bytes(32, 0)})).value();
    auto no_type = clinic_.new_device(staff("nurse"));
    no_type.keys.identity = IdentityKey::from(concat({Bytes{6}, Bytes(32, 9)})).value();

    for (const auto& device : {no_box, no_identity, no_type}) {
        EXPECT_EQ(apply(clinic_.enrolment(invite, device)), "bad_statement");
    }
}

TEST_F(ClinicChainTest, APatientIsNotGrantedInTheClinicsChain) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto by = invite_signing_secret(invite.secret);
    const auto device = clinic_.new_device(Account::patient(a_patient("P1")));

    EXPECT_EQ(
        apply(
            by, clinic_.grant_of(device, invite_key(invite.secret), invite.statement, Role::patient)
        ),
        "bad_statement"
    );
}

// ---- Invites ----

TEST_F(ClinicChainTest, OnlyEnrolStaffInvitesNewAccounts) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto manager = clinic_.a_staff_device("manager", Role::manager);

    EXPECT_EQ(apply(nurse, an_invite("new")), "forbidden");
    EXPECT_EQ(apply(manager, an_invite("new")), "forbidden");
    EXPECT_EQ(apply(clinic_.new_device(staff("nobody")), an_invite("new")), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, an_invite("new")), "ok");
}

TEST_F(ClinicChainTest, ARevokedDeviceInvitesNobody) {
    const auto officer = an_officer();
    clinic_.must(clinic_.admin.signing, Revoke{officer.id});

    EXPECT_EQ(apply(officer, an_invite("new")), "forbidden");
}

TEST_F(ClinicChainTest, AnAccountInvitesFurtherDevicesOfItself) {
    const auto nurse = clinic_.a_staff_device("nurse");

    const auto second = clinic_.a_further_device(nurse);

    EXPECT_EQ(chain_.live_devices_of(staff("nurse")).size(), 2U);
    EXPECT_TRUE(chain_.capabilities(second.id).has(Capability::message));
    EXPECT_EQ(apply(nurse, an_invite("nurse", Role::manager)), "bad_statement");
    EXPECT_EQ(apply(nurse, an_invite("admin", Role::admin)), "forbidden");
}

TEST_F(ClinicChainTest, AFurtherDeviceBringsNoTeams) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto team = clinic_.team("ward", {staff("nurse")});
    auto invite = an_invite("nurse");
    invite.teams = {team};

    EXPECT_EQ(apply(nurse, invite), "bad_statement");
}

TEST_F(ClinicChainTest, SomebodyWhoLostTheirOnlyPhoneIsInvitedAgain) {
    const auto nurse = clinic_.a_staff_device("nurse");
    clinic_.must(clinic_.admin.signing, Revoke{nurse.id});

    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);
    const auto phone = clinic_.enrol(invite);

    EXPECT_TRUE(chain_.live(phone.id));
    EXPECT_FALSE(chain_.live(nurse.id));
}

TEST_F(ClinicChainTest, AFurtherDeviceOfAnothersSensitiveAccountTakesTwoPeople) {
    const auto officer = an_officer();

    const auto invite = clinic_.invite(clinic_.admin, "officer", Role::admin);
    const auto device = clinic_.new_device(staff("officer"));

    EXPECT_EQ(apply(clinic_.enrolment(invite, device)), "invite_pending");
    clinic_.approve(invite.statement, &officer);
    EXPECT_EQ(apply(clinic_.enrolment(invite, device)), "ok");
}

TEST_F(ClinicChainTest, AnInviteLivesThirtyDaysAtMost) {
    auto invite = an_invite("nurse");
    invite.expires = Instant{clinic_.now.ms + kInviteMsMax + 1};
    EXPECT_EQ(apply(clinic_.admin, invite), "bad_statement");
    invite.expires.ms -= 1;
    EXPECT_EQ(apply(clinic_.admin, invite), "ok");
}

TEST_F(ClinicChainTest, AnInviteIsNotBornExpired) {
    auto invite = an_invite("nurse");
    invite.expires = clinic_.now;

    EXPECT_EQ(apply(clinic_.admin, invite), "invite_expired");
}

TEST_F(ClinicChainTest, AnInviteNamesTeamsThatExistAndANewKey) {
    auto unknown_team = an_invite("nurse");
    unknown_team.teams = {a_team("ward")};
    auto old_key = an_invite("nurse");
    old_key.key = clinic_.admin.keys.signing;
    const auto first = an_invite("first");
    auto key_twice = an_invite("nurse");
    key_twice.key = first.key;
    clinic_.must(clinic_.admin.signing, first);

    EXPECT_EQ(apply(clinic_.admin, unknown_team), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, old_key), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, key_twice), "bad_statement");
}

TEST_F(ClinicChainTest, APatientIsNotInvitedInTheClinicsChain) {
    auto invite = an_invite("nurse");
    invite.role = Role::patient;
    EXPECT_EQ(apply(clinic_.admin, invite), "bad_statement");
    invite = an_invite("nurse");
    invite.account = Account::patient(a_patient("P1"));
    EXPECT_EQ(apply(clinic_.admin, invite), "bad_statement");
}

TEST_F(ClinicChainTest, FindsAnInviteByTheHandleOfItsUri) {
    clinic_.invite(clinic_.admin, "other", Role::clinician);
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);

    const auto* found = chain_.invite(invite_handle(invite.statement));

    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->hash, invite.statement);
    EXPECT_EQ(found->issuer, clinic_.admin.id);
    EXPECT_EQ(chain_.invite(InviteHandle{}), nullptr);
}

// ---- Two people ----

TEST_F(ClinicChainTest, ASensitiveInviteWaitsForRootWhileOneAccountApproves) {
    const auto invite = clinic_.invite(clinic_.admin, "officer", Role::manager);
    const auto device = clinic_.new_device(staff("officer"));
    ASSERT_EQ(chain_.open_proposals(clinic_.now).size(), 1U);

    EXPECT_EQ(apply(clinic_.enrolment(invite, device)), "invite_pending");
    EXPECT_EQ(apply(clinic_.admin, Approve{invite.statement}), "forbidden");
    EXPECT_EQ(apply(clinic_.root, Approve{invite.statement}), "ok");

    EXPECT_TRUE(chain_.open_proposals(clinic_.now).empty());
    EXPECT_EQ(apply(clinic_.enrolment(invite, device)), "ok");
}

TEST_F(ClinicChainTest, TwoPeopleAreNeededForEverOnceTwoAccountsApproved) {
    EXPECT_FALSE(chain_.two_people());
    const auto officer = an_officer();
    EXPECT_TRUE(chain_.two_people());
    const auto invite = clinic_.invite(clinic_.admin, "third", Role::manager);

    EXPECT_EQ(apply(clinic_.root, Approve{invite.statement}), "forbidden");
    clinic_.must(clinic_.admin.signing, Disable{staff("officer")});
    EXPECT_EQ(chain_.approvers(), 1U);
    EXPECT_EQ(apply(clinic_.root, Approve{invite.statement}), "forbidden");
    EXPECT_EQ(apply(officer, Approve{invite.statement}), "forbidden");
}

TEST_F(ClinicChainTest, AnApprovalIsOfAnOpenProposalByAnotherAccount) {
    const auto officer = an_officer();
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto second_device = clinic_.a_further_device(clinic_.admin);
    const auto invite = clinic_.invite(clinic_.admin, "third", Role::manager);

    EXPECT_EQ(apply(officer, Approve{Hash{}}), "not_found");
    EXPECT_EQ(apply(nurse, Approve{invite.statement}), "forbidden");
    EXPECT_EQ(apply(second_device, Approve{invite.statement}), "forbidden");
    EXPECT_EQ(apply(officer, Approve{invite.statement}), "ok");
    EXPECT_EQ(apply(officer, Approve{invite.statement}), "bad_statement");
}

TEST_F(ClinicChainTest, AnInviteThatIsNotSensitiveIsNoProposal) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);

    EXPECT_EQ(chain_.proposal(invite.statement), nullptr);
    EXPECT_EQ(apply(clinic_.root, Approve{invite.statement}), "not_found");
}

TEST_F(ClinicChainTest, AnExpiredProposalIsNotApproved) {
    const auto invite = clinic_.invite(clinic_.admin, "officer", Role::manager);
    clinic_.now = chain_.invite(invite.statement)->invite.expires;

    EXPECT_EQ(apply(clinic_.root, Approve{invite.statement}), "invite_expired");
    EXPECT_TRUE(chain_.open_proposals(clinic_.now).empty());
}

TEST_F(ClinicChainTest, AnObjectionClosesAProposalForGood) {
    const auto officer = an_officer();
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto invite = clinic_.invite(clinic_.admin, "third", Role::manager);

    EXPECT_EQ(apply(nurse, Object{invite.statement}), "forbidden");
    EXPECT_EQ(apply(officer, Object{invite.statement}), "ok");
    EXPECT_EQ(apply(officer, Approve{invite.statement}), "bad_statement");
    EXPECT_EQ(apply(officer, Object{invite.statement}), "bad_statement");
    EXPECT_EQ(
        apply(clinic_.enrolment(invite, clinic_.new_device(staff("third")))), "invite_unknown"
    );
}

TEST_F(ClinicChainTest, RootAloneProposesOnlyANewOfficer) {
    EXPECT_EQ(apply(clinic_.root, an_invite("nurse", Role::clinician)), "forbidden");
    EXPECT_EQ(apply(clinic_.root, an_invite("admin", Role::admin)), "forbidden");
    EXPECT_EQ(apply(clinic_.root, RoleChange{staff("admin"), Role::manager}), "forbidden");
    EXPECT_EQ(apply(clinic_.root, Revoke{clinic_.admin.id}), "forbidden");
    EXPECT_EQ(apply(clinic_.root, Disable{staff("admin")}), "forbidden");
    EXPECT_EQ(apply(clinic_.root, an_invite("officer", Role::admin)), "ok");
}

class NewOfficerByRoot : public ClinicChainTest {
protected:
    NewOfficerByRoot() {
        auto data = an_invite("officer", Role::admin);
        secret_ = crypto::random_secret<InviteSecret>(clinic_.random);
        data.key = invite_key(secret_);
        data.expires = Instant{clinic_.now.ms + 20 * kDayMs};
        proposed_ = clinic_.now;
        statement_ = clinic_.must(clinic_.root, data).statement.hash();
    }
    std::string enrolling() {
        const TestInvite invite{staff("officer"), Role::admin, secret_, statement_};
        return outcome_of(chain_.check(clinic_.enrolment(invite, device_)));
    }

    InviteSecret secret_;
    Instant proposed_;
    Hash statement_;
    TestDevice device_ = clinic_.new_device(staff("officer"));
};

TEST_F(NewOfficerByRoot, CountsAfterSevenDaysWithoutObjection) {
    clinic_.now = Instant{proposed_.ms + kObjectionMs - 1};
    EXPECT_EQ(enrolling(), "invite_pending");
    clinic_.now.ms += 1;
    EXPECT_EQ(enrolling(), "ok");
}

TEST_F(NewOfficerByRoot, CountsAtOnceWithAnApprovalButNotRootsOwn) {
    EXPECT_EQ(apply(clinic_.root, Approve{statement_}), "forbidden");
    EXPECT_EQ(enrolling(), "invite_pending");
    EXPECT_EQ(apply(clinic_.admin, Approve{statement_}), "ok");
    EXPECT_EQ(enrolling(), "ok");
}

TEST_F(NewOfficerByRoot, NeverCountsAfterAnObjection) {
    ASSERT_EQ(apply(clinic_.admin, Object{statement_}), "ok");

    clinic_.now = Instant{proposed_.ms + 10 * kDayMs};

    EXPECT_EQ(enrolling(), "invite_unknown");
}

TEST_F(NewOfficerByRoot, AnObjectionAfterSevenDaysComesTooLate) {
    clinic_.now = Instant{proposed_.ms + kObjectionMs};

    EXPECT_EQ(apply(clinic_.admin, Object{statement_}), "bad_statement");
    EXPECT_EQ(enrolling(), "ok");
}

// ---- Roles ----

TEST_F(ClinicChainTest, ALesserRoleCountsAtOnce) {
    const auto manager = clinic_.a_staff_device("manager", Role::manager);
    const auto before = clinic_.seq;

    ASSERT_EQ(apply(clinic_.admin, RoleChange{staff("manager"), Role::reception}), "ok");

    EXPECT_FALSE(chain_.capabilities(manager.id).has(Capability::approve));
    EXPECT_TRUE(chain_.capabilities(manager.id, before + 1).has(Capability::approve));
    EXPECT_FALSE(chain_.capabilities(manager.id, before + 2).has(Capability::approve));
}

TEST_F(ClinicChainTest, GainingASensitiveRoleWaitsForTheSecondPerson) {
    const auto officer = an_officer();
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto proposal =
        clinic_.must(clinic_.admin.signing, RoleChange{staff("nurse"), Role::manager});

    EXPECT_FALSE(chain_.capabilities(nurse.id).has(Capability::approve));
    EXPECT_EQ(apply(clinic_.admin, Approve{proposal.statement.hash()}), "forbidden");
    EXPECT_EQ(apply(officer, Approve{proposal.statement.hash()}), "ok");
    EXPECT_TRUE(chain_.capabilities(nurse.id).has(Capability::approve));
    EXPECT_FALSE(chain_.capabilities(nurse.id, clinic_.seq).has(Capability::approve));
}

TEST_F(ClinicChainTest, MovingBetweenSensitiveRolesIsAProposalWhereItGainsOne) {
    const auto manager = clinic_.a_staff_device("manager", Role::manager);

    clinic_.must(clinic_.admin.signing, RoleChange{staff("manager"), Role::admin});

    EXPECT_EQ(chain_.open_proposals(clinic_.now).size(), 1U);
    EXPECT_FALSE(chain_.capabilities(manager.id).has(Capability::enrol_staff));
}

TEST_F(ClinicChainTest, RefusesRoleChangesThatMakeNoSense) {
    const auto nurse = clinic_.a_staff_device("nurse");

    EXPECT_EQ(apply(nurse, RoleChange{staff("nurse"), Role::reception}), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, RoleChange{staff("nobody"), Role::reception}), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, RoleChange{staff("nurse"), Role::clinician}), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, RoleChange{staff("nurse"), Role::patient}), "bad_statement");
}

TEST_F(ClinicChainTest, TheLastApproverDoesNotGiveItUp) {
    EXPECT_EQ(apply(clinic_.admin, RoleChange{staff("admin"), Role::auditor}), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, Disable{staff("admin")}), "forbidden");
    an_officer();
    EXPECT_EQ(apply(clinic_.admin, RoleChange{staff("admin"), Role::auditor}), "ok");
}

TEST_F(ClinicChainTest, ARoleIsNotApprovedForAnAccountThatIsGone) {
    clinic_.a_staff_device("nurse");
    const auto proposal =
        clinic_.must(clinic_.admin.signing, RoleChange{staff("nurse"), Role::manager});
    clinic_.must(clinic_.admin.signing, Disable{staff("nurse")});

    EXPECT_EQ(apply(clinic_.root, Approve{proposal.statement.hash()}), "bad_statement");
}

// ---- Teams and epochs ----

TEST_F(ClinicChainTest, ATeamIsNewAndItsFoundersAreKnown) {
    clinic_.invite(clinic_.admin, "invited", Role::clinician);
    const auto nurse = clinic_.a_staff_device("nurse");

    EXPECT_EQ(apply(nurse, TeamCreate{a_team("ward"), {staff("nurse")}}), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, TeamCreate{a_team("ward"), {staff("nobody")}}), "bad_statement");
    EXPECT_EQ(
        apply(clinic_.admin, TeamCreate{a_team("ward"), {staff("nurse"), staff("invited")}}), "ok"
    );
    EXPECT_EQ(apply(clinic_.admin, TeamCreate{a_team("ward"), {staff("nurse")}}), "bad_statement");
}

TEST_F(ClinicChainTest, AnExpiredInviteFoundsNothing) {
    const auto invite = clinic_.invite(clinic_.admin, "invited", Role::clinician);
    clinic_.now = chain_.invite(invite.statement)->invite.expires;

    EXPECT_EQ(
        apply(clinic_.admin, TeamCreate{a_team("ward"), {staff("invited")}}), "bad_statement"
    );
}

TEST_F(ClinicChainTest, AFoundersDeviceMakesTheFirstEpochForAllFoundersDevices) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto outsider = clinic_.a_staff_device("outsider");
    const auto team = clinic_.team("ward", {staff("nurse"), staff("doctor")});
    EXPECT_EQ(chain_.team(team)->epochs.state(), EpochState::none);
    EXPECT_FALSE(chain_.in_team(nurse.id, team));
    auto not_all = clinic_.epoch_data(team);
    not_all.devices.pop_back();

    EXPECT_EQ(apply(outsider, clinic_.epoch_data(team)), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, clinic_.epoch_data(team)), "forbidden");
    EXPECT_EQ(apply(nurse, not_all), "bad_statement");
    const auto epoch = clinic_.next_epoch(team, nurse);

    EXPECT_EQ(chain_.team(team)->epochs.live()->hash, epoch);
    EXPECT_TRUE(chain_.in_team(nurse.id, team));
    EXPECT_TRUE(chain_.in_team(doctor.id, team));
    EXPECT_FALSE(chain_.in_team(outsider.id, team));
    EXPECT_FALSE(chain_.in_team(nurse.id, team, clinic_.seq));
    EXPECT_TRUE(chain_.in_team(nurse.id, team, clinic_.seq + 1));
    EXPECT_EQ(chain_.epoch(epoch)->team->name, team);
    EXPECT_EQ(chain_.team_accounts(team), (std::vector<Account>{staff("doctor"), staff("nurse")}));
}

TEST_F(ClinicChainTest, OfTwoEpochsMadeAtOnceTheFirstStands) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto team = clinic_.team("ward", {staff("nurse"), staff("doctor")});
    const auto second = clinic_.epoch_data(team);
    clinic_.next_epoch(team, nurse);

    EXPECT_EQ(apply(doctor, second), "bad_statement");
}

TEST_F(ClinicChainTest, AnEpochFollowsTheOneBeforeIt) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto team = clinic_.team_of("ward", nurse);
    const auto good = clinic_.epoch_data(team);
    auto wrong_number = good;
    wrong_number.number = 3;
    auto wrong_prev = good;
    wrong_prev.prev = Hash{};
    auto old_key = good;
    old_key.key = chain_.team(team)->epochs.newest()->key;
    auto unusable = good;
    unusable.key = BoxKey{};
    auto unknown = good;
    unknown.team = a_team("nowhere");

    for (const auto& wrong : {wrong_number, wrong_prev, old_key, unusable, unknown}) {
        EXPECT_EQ(apply(nurse, wrong), "bad_statement");
    }
    EXPECT_EQ(apply(nurse, good), "ok");
    EXPECT_EQ(chain_.team(team)->epochs.newest()->number, 2U);
}

TEST_F(ClinicChainTest, ADeviceJoinsByAdmissionFromAMember) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto team = clinic_.team_of("ward", nurse);
    const auto data = clinic_.admit_data(team, doctor);
    auto wrong_epoch = data;
    wrong_epoch.epoch = Hash{};
    auto unknown_team = data;
    unknown_team.team = a_team("nowhere");
    auto unknown_device = data;
    unknown_device.device = DeviceId{};

    EXPECT_EQ(apply(clinic_.admin, data), "forbidden");
    EXPECT_EQ(apply(doctor, data), "forbidden");
    EXPECT_EQ(apply(nurse, wrong_epoch), "bad_statement");
    EXPECT_EQ(apply(nurse, unknown_team), "bad_statement");
    EXPECT_EQ(apply(nurse, unknown_device), "bad_statement");
    EXPECT_EQ(apply(nurse, data), "ok");

    EXPECT_TRUE(chain_.in_team(doctor.id, team));
    EXPECT_EQ(chain_.team(team)->epochs.state(), EpochState::live);
    EXPECT_EQ(chain_.team(team)->epochs.live()->admitted.size(), 1U);
    EXPECT_EQ(apply(nurse, data), "bad_statement");
}

TEST_F(ClinicChainTest, NobodyIsAdmittedIntoAVoidEpoch) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto second = clinic_.a_further_device(nurse);
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto team = clinic_.team_of("ward", nurse);
    clinic_.must(nurse.signing, Revoke{second.id});

    EXPECT_EQ(chain_.team(team)->epochs.state(), EpochState::voided);
    EXPECT_EQ(apply(nurse, clinic_.admit_data(team, doctor)), "bad_statement");
    clinic_.next_epoch(team, nurse);
    EXPECT_EQ(apply(nurse, clinic_.admit_data(team, doctor)), "ok");
}

TEST_F(ClinicChainTest, AFounderWhoComesLateIsAdmittedLikeAnyone) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto invite = clinic_.invite(clinic_.admin, "late", Role::clinician);
    const auto team = clinic_.team("ward", {staff("nurse"), staff("late")});
    clinic_.next_epoch(team, nurse);
    const auto late = clinic_.enrol(invite);

    EXPECT_FALSE(chain_.in_team(late.id, team));
    EXPECT_FALSE(chain_.may_make_epoch(late.id, team));
    clinic_.admit(team, nurse, late);
    EXPECT_TRUE(chain_.in_team(late.id, team));
}

TEST_F(ClinicChainTest, RevocationVoidsTheEpochsOfTheDevicesTeamsFromItsEntryOn) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto ward = clinic_.team("ward", {staff("nurse"), staff("doctor")});
    clinic_.next_epoch(ward, nurse);
    const auto other = clinic_.team_of("other", nurse);

    clinic_.must(clinic_.admin.signing, Revoke{doctor.id});
    const auto revoked = clinic_.seq;

    EXPECT_EQ(chain_.team(ward)->epochs.state(revoked), EpochState::live);
    EXPECT_EQ(chain_.team(ward)->epochs.state(revoked + 1), EpochState::voided);
    EXPECT_EQ(chain_.team(other)->epochs.state(), EpochState::live);
    EXPECT_TRUE(chain_.live(doctor.id, revoked));
    EXPECT_FALSE(chain_.live(doctor.id, revoked + 1));
    EXPECT_FALSE(chain_.in_team(doctor.id, ward));
    EXPECT_EQ(chain_.next_epoch_devices(ward), std::vector<DeviceId>{nurse.id});
}

TEST_F(ClinicChainTest, ARevocationIsByTheAccountItselfOrManageDevices) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto second = clinic_.a_further_device(nurse);
    const auto doctor = clinic_.a_staff_device("doctor");

    EXPECT_EQ(apply(doctor, Revoke{nurse.id}), "forbidden");
    EXPECT_EQ(apply(nurse, Revoke{second.id}), "ok");
    EXPECT_EQ(apply(nurse, Revoke{second.id}), "bad_statement");
    EXPECT_EQ(apply(nurse, Revoke{DeviceId{}}), "bad_statement");
    EXPECT_EQ(apply(second, Revoke{nurse.id}), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, Revoke{nurse.id}), "ok");
}

TEST_F(ClinicChainTest, ATeamWithoutDevicesIsNeverFoundedAgain) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto team = clinic_.team_of("ward", nurse);
    clinic_.must(clinic_.admin.signing, Revoke{nurse.id});
    const auto phone = clinic_.enrol(clinic_.invite(clinic_.admin, "nurse", Role::clinician));

    EXPECT_FALSE(chain_.may_make_epoch(phone.id, team));
    EXPECT_EQ(apply(phone, clinic_.epoch_data(team)), "forbidden");
}

TEST_F(ClinicChainTest, RemovalFromATeamTakesAllTheAccountsDevices) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    clinic_.a_further_device(doctor);
    const auto team = clinic_.team("ward", {staff("nurse"), staff("doctor")});
    clinic_.next_epoch(team, nurse);

    EXPECT_EQ(apply(nurse, TeamRemove{team, staff("doctor")}), "forbidden");
    EXPECT_EQ(
        apply(clinic_.admin, TeamRemove{a_team("nowhere"), staff("doctor")}), "bad_statement"
    );
    EXPECT_EQ(apply(clinic_.admin, TeamRemove{team, staff("admin")}), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, TeamRemove{team, staff("doctor")}), "ok");
    EXPECT_EQ(apply(clinic_.admin, TeamRemove{team, staff("doctor")}), "bad_statement");

    EXPECT_EQ(chain_.team(team)->members_at(), std::vector<DeviceId>{nurse.id});
    EXPECT_EQ(chain_.team(team)->epochs.state(), EpochState::voided);
    EXPECT_TRUE(chain_.live(doctor.id));
}

TEST_F(ClinicChainTest, AFounderRemovedBeforeTheFirstEpochIsNoneAnyMore) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto team = clinic_.team("ward", {staff("nurse"), staff("doctor")});
    clinic_.must(clinic_.admin.signing, TeamRemove{team, staff("doctor")});

    EXPECT_FALSE(chain_.may_make_epoch(doctor.id, team));
    EXPECT_EQ(chain_.next_epoch_devices(team), std::vector<DeviceId>{nurse.id});
}

// ---- Disabling ----

TEST_F(ClinicChainTest, DisablingEndsDevicesInvitesAndTeams) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto doctor = clinic_.a_staff_device("doctor");
    const auto team = clinic_.team("ward", {staff("nurse"), staff("doctor")});
    clinic_.next_epoch(team, nurse);
    const auto invite = clinic_.invite(doctor.signing, doctor.account, Role::clinician);
    const auto before = clinic_.seq;

    EXPECT_EQ(apply(nurse, Disable{staff("doctor")}), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, Disable{staff("doctor")}), "ok");

    EXPECT_FALSE(chain_.live(doctor.id));
    EXPECT_TRUE(chain_.capabilities(staff("doctor")).empty());
    EXPECT_TRUE(chain_.capabilities(staff("doctor"), before + 1).has(Capability::message));
    EXPECT_EQ(chain_.team(team)->epochs.state(), EpochState::voided);
    EXPECT_EQ(
        apply(clinic_.enrolment(invite, clinic_.new_device(staff("doctor")))), "invite_unknown"
    );
    EXPECT_EQ(apply(clinic_.admin, an_invite("doctor")), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, Disable{staff("doctor")}), "bad_statement");
}

TEST_F(ClinicChainTest, DisablingAnInvitedAccountWithdrawsItsInviteAndItsName) {
    const auto invite = clinic_.invite(clinic_.admin, "nurse", Role::clinician);

    ASSERT_EQ(apply(clinic_.admin, Disable{staff("nurse")}), "ok");

    EXPECT_EQ(
        apply(clinic_.enrolment(invite, clinic_.new_device(staff("nurse")))), "invite_unknown"
    );
    EXPECT_EQ(apply(clinic_.admin, an_invite("nurse")), "bad_statement");
    EXPECT_EQ(apply(clinic_.admin, Disable{staff("nobody")}), "bad_statement");
}

TEST_F(ClinicChainTest, AManagerDisablesAndTheLastApproverMayDisableOthers) {
    const auto manager = clinic_.a_staff_device("manager", Role::manager);
    clinic_.a_staff_device("nurse");

    EXPECT_EQ(apply(manager, Disable{staff("nurse")}), "ok");
    EXPECT_EQ(apply(manager, Disable{staff("admin")}), "ok");
    EXPECT_EQ(apply(manager, Disable{staff("manager")}), "forbidden");
}

// ---- The whole ----

TEST_F(ClinicChainTest, ACopyJudgesForItself) {
    ClinicChain copy = chain_;
    const auto statement = clinic_.next(clinic_.admin.signing, an_invite("nurse"));

    ASSERT_EQ(outcome_of(copy.apply(statement)), "ok");

    EXPECT_EQ(chain_.size(), 2U);
    EXPECT_EQ(copy.size(), 3U);
}

TEST_F(ClinicChainTest, TheSameJournalGivesTheSameChainAgain) {
    const auto nurse = clinic_.a_staff_device("nurse");
    const auto officer = an_officer();
    const auto team = clinic_.team_of("ward", nurse);
    clinic_.admit(team, nurse, officer);
    clinic_.must(clinic_.admin.signing, Disable{staff("officer")});
    clinic_.next_epoch(team, nurse);

    ClinicChain again;
    for (const auto& statement : clinic_.journal) {
        ASSERT_EQ(outcome_of(again.apply(statement)), "ok");
    }

    EXPECT_EQ(again.head(), chain_.head());
    EXPECT_EQ(again.team(team)->epochs.live()->hash, chain_.team(team)->epochs.live()->hash);
    EXPECT_EQ(again.live_devices().size(), chain_.live_devices().size());
}

}  // namespace
}  // namespace wardline::testing
