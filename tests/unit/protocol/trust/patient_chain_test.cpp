#include "protocol/trust/patient_chain.hpp"

#include "tests/support/chain_fixture.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;

// A clinic with a receptionist, a nurse whose team "ward" is on the thread of patient P1, and a
// doctor in no team.
class PatientChainTest : public ::testing::Test {
protected:
    std::string apply(const SigningSecret& by, StatementData data) {
        return outcome_of(clinic_.try_apply("P1", by, std::move(data)));
    }
    std::string apply(const TestDevice& by, StatementData data) {
        return apply(by.signing, std::move(data));
    }
    std::string apply(const LocatedStatement& statement) {
        return outcome_of(clinic_.try_apply("P1", statement));
    }
    PatientOpen opening(const std::string& patient, std::vector<TeamName> teams) {
        return {
            a_patient(patient), crypto::random_fixed<ThreadId>(clinic_.random), std::move(teams)
        };
    }
    Invite an_invite() {
        return clinic_.invite_data(
            chain_.account(), Role::patient, crypto::random_secret<InviteSecret>(clinic_.random)
        );
    }
    IdentityConfirm confirmation(const TestDevice& device) {
        return {device.id, device_fingerprint(device.keys)};
    }
    // P1's first device, with the first epoch.
    TestDevice a_phone() {
        auto phone = clinic_.a_patient_device("P1", reception_);
        clinic_.next_patient_epoch(phone);
        return phone;
    }

    AClinic clinic_;
    TestDevice reception_ = clinic_.a_staff_device("reception", Role::reception);
    TestDevice nurse_ = clinic_.a_staff_device("nurse");
    TestDevice doctor_ = clinic_.a_staff_device("doctor");
    TestDevice auditor_ = clinic_.a_staff_device("auditor", Role::auditor);
    TeamName ward_ = clinic_.team_of("ward", nurse_);
    PatientChain& chain_ = clinic_.open_patient("P1", reception_, {ward_});
};

// ---- Opening ----

TEST_F(PatientChainTest, OpensARecordWithItsThreadAndTeams) {
    EXPECT_EQ(chain_.size(), 1U);
    EXPECT_FALSE(chain_.thread().is_zero());
    EXPECT_EQ(chain_.teams(), std::vector<TeamName>{ward_});
    EXPECT_TRUE(chain_.teams(chain_.opened()).empty());
    EXPECT_EQ(chain_.teams(chain_.opened() + 1), std::vector<TeamName>{ward_});
    EXPECT_TRUE(chain_.devices().empty());
}

TEST_F(PatientChainTest, OnlyEnrolPatientOpensARecord) {
    const auto open = opening("P2", {ward_});

    EXPECT_EQ(outcome_of(clinic_.try_apply("P2", auditor_.signing, open)), "forbidden");
    EXPECT_EQ(outcome_of(clinic_.try_apply("P2", clinic_.root, open)), "forbidden");
    EXPECT_EQ(outcome_of(clinic_.try_apply("P2", clinic_.admin.signing, open)), "ok");
}

TEST_F(PatientChainTest, EveryTeamOfAThreadCanRead) {
    const auto empty = clinic_.team("empty", {staff("doctor")});
    const auto lost = clinic_.team_of("lost", auditor_);
    const auto voided = clinic_.team_of("voided", doctor_);
    clinic_.admit(voided, doctor_, nurse_);
    clinic_.must(clinic_.admin.signing, Revoke{auditor_.id});
    clinic_.must(clinic_.admin.signing, TeamRemove{voided, staff("nurse")});

    const auto open = [this](const std::vector<TeamName>& teams) {
        return outcome_of(clinic_.try_apply("P2", reception_.signing, opening("P2", teams)));
    };
    EXPECT_EQ(open({a_team("nowhere")}), "bad_statement");
    EXPECT_EQ(open({ward_, empty}), "bad_statement");
    EXPECT_EQ(open({ward_, lost}), "bad_statement");
    EXPECT_EQ(open({ward_, voided}), "ok");
}

TEST_F(PatientChainTest, RefusesAnotherPatientsRecordASecondOpeningAndNoThread) {
    const auto other = opening("P3", {ward_});
    auto no_thread = opening("P2", {ward_});
    no_thread.thread = ThreadId{};

    EXPECT_EQ(outcome_of(clinic_.try_apply("P2", reception_.signing, other)), "bad_statement");
    EXPECT_EQ(outcome_of(clinic_.try_apply("P2", reception_.signing, no_thread)), "bad_statement");
    EXPECT_EQ(apply(reception_, opening("P1", {ward_})), "bad_statement");
}

TEST_F(PatientChainTest, NothingComesBeforeTheOpening) {
    const auto account = Account::patient(a_patient("P2"));
    const auto secret = crypto::random_secret<InviteSecret>(clinic_.random);
    const auto invite = clinic_.invite_data(account, Role::patient, secret);
    const auto device = clinic_.new_device(account);
    const auto grant = clinic_.grant_of(device, invite.key, Hash{}, Role::patient);

    EXPECT_EQ(outcome_of(clinic_.try_apply("P2", reception_.signing, invite)), "bad_statement");
    EXPECT_EQ(
        outcome_of(clinic_.try_apply("P2", invite_signing_secret(secret), grant)), "bad_statement"
    );
    EXPECT_EQ(
        outcome_of(clinic_.try_apply("P2", nurse_.signing, confirmation(device))), "bad_statement"
    );
    EXPECT_EQ(
        outcome_of(clinic_.try_apply("P2", reception_.signing, Revoke{device.id})), "bad_statement"
    );
}

TEST_F(PatientChainTest, RefusesTypesOfTheClinicsChain) {
    auto fields = chain_.draft(clinic_.chain, clinic_.now, Disable{staff("nurse")});

    EXPECT_EQ(outcome_of(sign_statement(clinic_.admin.signing, fields)), "bad_statement");
}

// ---- The place of a statement ----

TEST_F(PatientChainTest, AnswersATakenPositionWithTheNewestOne) {
    auto late = clinic_.next("P1", reception_.signing, an_invite());
    clinic_.invite_patient("P1", reception_);
    late.seq = clinic_.seq + 1;

    const auto answer = clinic_.try_apply("P1", late);

    ASSERT_EQ(outcome_of(answer), "chain_moved");
    EXPECT_EQ((*answer.error().extra)["pos"], 1);
    EXPECT_EQ((*answer.error().extra)["hash"], cbor::binary(chain_.head().hash.view()));
}

TEST_F(PatientChainTest, RefusesForksOldEntriesAndOtherPatients) {
    auto fork = chain_.draft(clinic_.chain, clinic_.now, an_invite());
    fork.prev = Hash{};
    const auto forked = sign_statement(reception_.signing, fork).value();
    auto old = clinic_.next("P1", reception_.signing, an_invite());
    old.seq = chain_.head_seq();
    const auto other = clinic_.next("P2", reception_.signing, opening("P2", {ward_}));

    EXPECT_EQ(apply(clinic_.located(forked)), "chain_moved");
    EXPECT_EQ(apply(old), "bad_statement");
    EXPECT_EQ(apply(other), "bad_statement");
}

TEST_F(PatientChainTest, NamesATrueClinicStatementOlderThanItsEntry) {
    auto fields = chain_.draft(clinic_.chain, clinic_.now, an_invite());
    auto unknown = fields;
    unknown.head->hash = Hash{};
    auto future = fields;
    future.head->pos += 1;
    auto older = fields;
    older.head = ChainPosition{0, clinic_.chain.genesis_hash()};

    const auto judged = [this](const StatementFields& wrong) {
        const auto statement = sign_statement(reception_.signing, wrong).value();
        return outcome_of(chain_.check(clinic_.located(statement), clinic_.chain));
    };
    EXPECT_EQ(judged(unknown), "bad_statement");
    EXPECT_EQ(judged(future), "bad_statement");
    EXPECT_EQ(judged(older), "ok");
}

TEST_F(PatientChainTest, RefusesAHeadThatIsNewerThanTheEntry) {
    const auto early = clinic_.pass_entry();
    clinic_.a_staff_device("late");
    auto statement = clinic_.next("P1", reception_.signing, an_invite());
    statement.seq = early;

    EXPECT_EQ(outcome_of(chain_.check(statement, clinic_.chain)), "bad_statement");
}

TEST_F(PatientChainTest, RefusesAWrongSignatureUnlessItWasVerifiedBefore) {
    const auto good = clinic_.next("P1", reception_.signing, an_invite());
    const auto forged = Statement::from_parts(good.statement.body(), Signature{}).value();
    const LocatedStatement located{good.seq, good.time, forged};

    EXPECT_EQ(outcome_of(chain_.check(located, clinic_.chain)), "bad_signature");
    EXPECT_EQ(outcome_of(chain_.check(located, clinic_.chain, Signatures::verified_before)), "ok");
}

TEST_F(PatientChainTest, StaffAreJudgedByTheClinicAsItStoodAtTheEntry) {
    const auto invite = clinic_.next("P1", reception_.signing, an_invite());
    clinic_.pass_entry();
    clinic_.must(clinic_.admin.signing, Revoke{reception_.id});
    auto later = invite;
    later.seq = clinic_.seq + 1;

    EXPECT_EQ(outcome_of(chain_.check(invite, clinic_.chain)), "ok");
    EXPECT_EQ(outcome_of(chain_.check(later, clinic_.chain)), "forbidden");
}

// ---- Invites and grants ----

TEST_F(PatientChainTest, TheFirstDeviceEverIsConfirmedByItsGrant) {
    const auto phone = clinic_.a_patient_device("P1", reception_);

    EXPECT_TRUE(chain_.live(phone.id));
    EXPECT_TRUE(chain_.confirmed(phone.id));
    EXPECT_FALSE(chain_.confirmed(phone.id, clinic_.seq));
    EXPECT_TRUE(chain_.confirmed(phone.id, clinic_.seq + 1));
    EXPECT_TRUE(chain_.device(phone.id)->invited_by_clinic);
}

TEST_F(PatientChainTest, ALaterDeviceInvitedByTheClinicIsNoReaderYet) {
    const auto phone = a_phone();
    const auto tablet = clinic_.a_patient_device("P1", reception_);

    EXPECT_TRUE(chain_.live(tablet.id));
    EXPECT_FALSE(chain_.confirmed(tablet.id));
    EXPECT_EQ(chain_.next_epoch_devices(), std::vector<DeviceId>{phone.id});
    EXPECT_EQ(chain_.epochs().state(), EpochState::live);
}

TEST_F(PatientChainTest, AFirstDeviceThatWasLostDoesNotMakeTheNextOneAReader) {
    const auto phone = a_phone();
    clinic_.must("P1", reception_.signing, Revoke{phone.id});

    const auto other = clinic_.a_patient_device("P1", reception_);

    EXPECT_FALSE(chain_.confirmed(other.id));
    EXPECT_TRUE(chain_.confirmed_devices().empty());
}

TEST_F(PatientChainTest, OnlyEnrolPatientAndThePatientInvite) {
    const auto phone = a_phone();
    const auto waiting = clinic_.a_patient_device("P1", reception_);

    EXPECT_EQ(apply(auditor_, an_invite()), "forbidden");
    EXPECT_EQ(apply(clinic_.root, an_invite()), "forbidden");
    EXPECT_EQ(apply(waiting, an_invite()), "forbidden");
    EXPECT_EQ(apply(phone, an_invite()), "ok");
    EXPECT_EQ(apply(doctor_, an_invite()), "ok");
}

TEST_F(PatientChainTest, AnInviteIsForThisPatientUnexpiredAndWithANewKey) {
    auto other = an_invite();
    other.account = Account::patient(a_patient("P2"));
    auto member = an_invite();
    member.account = staff("nurse");
    auto expired = an_invite();
    expired.expires = clinic_.now;
    auto too_long = an_invite();
    too_long.expires = Instant{clinic_.now.ms + kInviteMsMax + kDayMs};
    auto staff_key = an_invite();
    staff_key.key = nurse_.keys.signing;
    const auto first = an_invite();
    clinic_.must("P1", reception_.signing, first);

    EXPECT_EQ(apply(reception_, other), "bad_statement");
    EXPECT_EQ(apply(reception_, member), "bad_statement");
    EXPECT_EQ(apply(reception_, expired), "invite_expired");
    EXPECT_EQ(apply(reception_, too_long), "bad_statement");
    EXPECT_EQ(apply(reception_, staff_key), "bad_statement");
    EXPECT_EQ(apply(reception_, first), "bad_statement");
}

TEST_F(PatientChainTest, AnInviteIsUsedOnceAndBeforeItExpires) {
    const auto invite = clinic_.invite_patient("P1", reception_);
    const auto late = clinic_.invite_patient("P1", reception_);
    clinic_.enrol_patient(invite);
    const auto device = clinic_.new_device(chain_.account());

    EXPECT_EQ(apply(clinic_.patient_enrolment(invite, device)), "invite_used");
    clinic_.now = chain_.invite(late.statement)->invite.expires;
    EXPECT_EQ(apply(clinic_.patient_enrolment(late, device)), "invite_expired");
    clinic_.now.ms -= 1;
    EXPECT_EQ(apply(clinic_.patient_enrolment(late, device)), "ok");
}

TEST_F(PatientChainTest, AGrantIsSignedByItsInviteForThePatientInTheRolePatient) {
    const auto invite = clinic_.invite_patient("P1", reception_);
    const auto other = clinic_.invite_patient("P1", reception_);
    const auto by = invite_signing_secret(invite.secret);
    const auto key = invite_key(invite.secret);
    const auto device = clinic_.new_device(chain_.account());
    const auto grant = clinic_.grant_of(device, key, invite.statement, Role::patient);
    auto promoted = grant;
    promoted.role = Role::admin;
    auto stranger = grant;
    stranger.account = staff("nurse");
    auto unknown = grant;
    unknown.invite = Hash{};
    auto none = grant;
    none.invite = std::nullopt;

    EXPECT_EQ(apply(invite_signing_secret(other.secret), grant), "forbidden");
    EXPECT_EQ(apply(by, promoted), "bad_statement");
    EXPECT_EQ(apply(by, stranger), "bad_statement");
    EXPECT_EQ(apply(by, unknown), "invite_unknown");
    EXPECT_EQ(apply(by, none), "invite_unknown");
    EXPECT_EQ(apply(by, grant), "ok");
}

TEST_F(PatientChainTest, KeysAreUsableNewAndHeld) {
    const auto phone = a_phone();
    const auto invite = clinic_.invite_patient("P1", reception_);
    const auto fresh = [this] { return clinic_.new_device(chain_.account()); };
    auto low_order = fresh();
    low_order.keys.box = BoxKey{};
    auto staff_box = fresh();
    staff_box.keys.box = nurse_.keys.box;
    auto own_identity = fresh();
    own_identity.keys.identity = phone.keys.identity;
    auto same = phone;
    for (const auto& device : {low_order, staff_box, own_identity, same}) {
        EXPECT_EQ(apply(clinic_.patient_enrolment(invite, device)), "bad_statement");
    }
    const auto device = fresh();
    auto not_held =
        clinic_.grant_of(device, invite_key(invite.secret), invite.statement, Role::patient);
    not_held.device.box = fresh().keys.box;
    EXPECT_EQ(apply(invite_signing_secret(invite.secret), not_held), "bad_signature");
}

TEST_F(PatientChainTest, APatientHasFiveDevicesAtMost) {
    auto last = a_phone();
    std::vector<TestInvite> invites;
    for (int i = 0; i < 5; ++i) invites.push_back(clinic_.invite_patient("P1", reception_));
    for (int i = 0; i < 4; ++i) last = clinic_.enrol_patient(invites[static_cast<std::size_t>(i)]);
    const auto sixth = clinic_.new_device(chain_.account());

    EXPECT_EQ(chain_.live_devices().size(), 5U);
    EXPECT_EQ(apply(clinic_.patient_enrolment(invites[4], sixth)), "too_large");
    EXPECT_EQ(apply(reception_, an_invite()), "too_large");
    clinic_.must("P1", reception_.signing, Revoke{last.id});
    EXPECT_EQ(apply(reception_, an_invite()), "ok");
    EXPECT_EQ(apply(clinic_.patient_enrolment(invites[4], sixth)), "ok");
}

// ---- Epochs and confirmation ----

TEST_F(PatientChainTest, AConfirmedDeviceMakesTheEpochForAllConfirmedDevices) {
    const auto phone = clinic_.a_patient_device("P1", reception_);
    const auto waiting = clinic_.a_patient_device("P1", reception_);
    const auto good = clinic_.patient_epoch_data("P1");
    auto with_waiting = good;
    with_waiting.devices.push_back(waiting.id);
    std::sort(with_waiting.devices.begin(), with_waiting.devices.end());
    auto unusable = good;
    unusable.key = BoxKey{};

    EXPECT_EQ(apply(waiting, good), "forbidden");
    EXPECT_EQ(apply(nurse_, good), "forbidden");
    EXPECT_EQ(apply(phone, with_waiting), "bad_statement");
    EXPECT_EQ(apply(phone, unusable), "bad_statement");
    EXPECT_EQ(apply(phone, good), "ok");
    EXPECT_EQ(apply(phone, good), "bad_statement");
    EXPECT_EQ(chain_.epochs().live()->number, 1U);
}

TEST_F(PatientChainTest, ThePatientAdmitsAFurtherDevice) {
    const auto phone = a_phone();
    const auto own = clinic_.a_patient_device("P1", phone);
    const auto by_clinic = clinic_.a_patient_device("P1", reception_);
    EXPECT_FALSE(chain_.device(own.id)->invited_by_clinic);
    const auto data = clinic_.patient_admit_data(own);
    auto wrong_epoch = data;
    wrong_epoch.epoch = Hash{};
    auto unknown = data;
    unknown.device = DeviceId{};

    EXPECT_EQ(apply(own, data), "forbidden");
    EXPECT_EQ(apply(nurse_, data), "forbidden");
    EXPECT_EQ(apply(phone, wrong_epoch), "bad_statement");
    EXPECT_EQ(apply(phone, unknown), "bad_statement");
    EXPECT_EQ(apply(phone, data), "ok");
    EXPECT_EQ(apply(phone, data), "bad_statement");
    EXPECT_EQ(apply(own, clinic_.patient_admit_data(by_clinic)), "ok");

    EXPECT_EQ(chain_.confirmed_devices().size(), 3U);
    EXPECT_EQ(chain_.epochs().state(), EpochState::live);
    EXPECT_EQ(chain_.epochs().live()->admitted.size(), 2U);
}

TEST_F(PatientChainTest, NobodyIsAdmittedWithoutALiveEpoch) {
    const auto phone = clinic_.a_patient_device("P1", reception_);
    const auto own = clinic_.a_patient_device("P1", phone);

    EXPECT_EQ(apply(phone, Admit{std::nullopt, own.id, Hash{}, Hash{}}), "bad_statement");
}

TEST_F(PatientChainTest, AMemberOfATeamOnTheThreadConfirmsWhoSomebodyIs) {
    const auto phone = a_phone();
    const auto tablet = clinic_.a_patient_device("P1", reception_);
    auto wrong_fingerprint = confirmation(tablet);
    wrong_fingerprint.fingerprint = device_fingerprint(phone.keys);

    EXPECT_EQ(apply(reception_, confirmation(tablet)), "forbidden");
    EXPECT_EQ(apply(clinic_.admin, confirmation(tablet)), "forbidden");
    EXPECT_EQ(apply(phone, confirmation(tablet)), "forbidden");
    EXPECT_EQ(apply(nurse_, wrong_fingerprint), "bad_statement");
    EXPECT_EQ(apply(nurse_, confirmation(tablet)), "ok");
    EXPECT_EQ(apply(nurse_, confirmation(tablet)), "bad_statement");
    EXPECT_EQ(apply(nurse_, confirmation(phone)), "bad_statement");

    EXPECT_TRUE(chain_.confirmed(tablet.id));
    EXPECT_FALSE(chain_.confirmed(tablet.id, clinic_.seq));
    EXPECT_EQ(chain_.epochs().state(clinic_.seq), EpochState::live);
    EXPECT_EQ(chain_.epochs().state(), EpochState::voided);
}

TEST_F(PatientChainTest, WhomThePatientInvitedThePatientConfirms) {
    const auto phone = a_phone();
    const auto own = clinic_.a_patient_device("P1", phone);

    EXPECT_EQ(apply(nurse_, confirmation(own)), "bad_statement");
}

TEST_F(PatientChainTest, AMemberWhoLeftTheTeamConfirmsNobody) {
    clinic_.admit(ward_, nurse_, doctor_);
    a_phone();
    const auto tablet = clinic_.a_patient_device("P1", reception_);
    clinic_.must(clinic_.admin.signing, TeamRemove{ward_, staff("nurse")});

    EXPECT_EQ(apply(nurse_, confirmation(tablet)), "forbidden");
    EXPECT_EQ(apply(doctor_, confirmation(tablet)), "ok");
}

TEST_F(PatientChainTest, APatientWhoLostTheOnlyPhoneGoesOnWithANewEpoch) {
    const auto phone = a_phone();
    clinic_.must("P1", reception_.signing, Revoke{phone.id});
    const auto tablet = clinic_.a_patient_device("P1", reception_);
    clinic_.confirm_identity(nurse_, tablet);

    clinic_.next_patient_epoch(tablet);

    EXPECT_EQ(chain_.epochs().live()->number, 2U);
    EXPECT_EQ(chain_.epochs().live()->devices, std::vector<DeviceId>{tablet.id});
}

// ---- Revocation ----

TEST_F(PatientChainTest, ARevocationIsByThePatientOrStaffWhoMay) {
    const auto phone = a_phone();
    const auto tablet = clinic_.a_patient_device("P1", reception_);
    const auto manager = clinic_.a_staff_device("manager", Role::manager);

    EXPECT_EQ(apply(auditor_, Revoke{phone.id}), "forbidden");
    EXPECT_EQ(apply(tablet, Revoke{phone.id}), "forbidden");
    EXPECT_EQ(apply(phone, Revoke{DeviceId{}}), "bad_statement");
    EXPECT_EQ(apply(phone, Revoke{nurse_.id}), "bad_statement");
    EXPECT_EQ(apply(tablet, Revoke{tablet.id}), "ok");
    EXPECT_EQ(chain_.epochs().state(), EpochState::live);
    EXPECT_EQ(apply(manager, Revoke{phone.id}), "ok");
    EXPECT_EQ(chain_.epochs().state(), EpochState::voided);
    EXPECT_EQ(apply(phone, Revoke{phone.id}), "bad_statement");
}

TEST_F(PatientChainTest, ARevokedDeviceSignsNothingMore) {
    const auto phone = a_phone();
    const auto own = clinic_.a_patient_device("P1", phone);
    clinic_.must("P1", phone.signing, clinic_.patient_admit_data(own));
    clinic_.must("P1", own.signing, Revoke{phone.id});

    EXPECT_EQ(apply(phone, an_invite()), "forbidden");
    EXPECT_EQ(apply(phone, Revoke{own.id}), "forbidden");
    EXPECT_EQ(apply(phone, clinic_.patient_epoch_data("P1")), "forbidden");
    EXPECT_EQ(apply(own, clinic_.patient_epoch_data("P1")), "ok");
}

// ---- The whole ----

TEST_F(PatientChainTest, AClinicChainThatIsKnownFurtherChangesNoVerdict) {
    const auto phone = a_phone();
    const auto tablet = clinic_.a_patient_device("P1", reception_);
    clinic_.confirm_identity(nurse_, tablet);
    clinic_.next_patient_epoch(phone);
    // Afterwards everyone who signed something leaves, and a key of the patient turns up.
    auto copied = clinic_.invite_data(
        staff("late"), Role::clinician, crypto::random_secret<InviteSecret>(clinic_.random)
    );
    copied.key = chain_.invites().front().invite.key;
    clinic_.must(clinic_.admin.signing, copied);
    clinic_.must(clinic_.admin.signing, Disable{staff("reception")});
    clinic_.must(clinic_.admin.signing, Disable{staff("nurse")});

    PatientChain again{a_patient("P1")};
    for (const auto& statement : clinic_.journal) {
        if (statement.statement.chain() != again.name()) continue;
        ASSERT_EQ(outcome_of(again.apply(statement, clinic_.chain)), "ok");
    }

    EXPECT_EQ(again.head(), chain_.head());
}

}  // namespace
}  // namespace wardline::testing
