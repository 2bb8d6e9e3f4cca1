#include "protocol/trust/readers.hpp"

#include "tests/support/chain_fixture.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;

class ReadersTest : public ::testing::Test {
protected:
    std::vector<std::string> readers(Audience audience = Audience::all, Seq at = kNow) {
        std::vector<std::string> out;
        for (const auto& slot : expected_slots(clinic_.chain, chain_, audience, at)) {
            out.push_back(slot.to);
        }
        return out;
    }
    std::string writing(const TestDevice& by, MessageClass message_class, Seq at = kNow) {
        return outcome_of(may_write(clinic_.chain, chain_, by.id, message_class, at));
    }
    std::string device(const TestDevice& each) { return device_reader(each.id); }

    AClinic clinic_;
    TestDevice nurse_ = clinic_.a_staff_device("nurse");
    TestDevice doctor_ = clinic_.a_staff_device("doctor");
    TeamName ward_ = clinic_.team_of("ward", nurse_);
    TeamName lab_ = clinic_.team_of("lab", doctor_);
    PatientChain& chain_ = clinic_.open_patient("P1", clinic_.admin, {lab_, ward_});
};

using Names = std::vector<std::string>;

TEST_F(ReadersTest, NamesTheTeamsInTheChainsOrderThenThePatientThenTheVault) {
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    const auto epoch = clinic_.next_patient_epoch(phone);

    const auto slots = expected_slots(clinic_.chain, chain_, Audience::all);

    EXPECT_EQ(readers(), (Names{"team:lab", "team:ward", "patient", "vault"}));
    EXPECT_EQ(slots[2].epoch, epoch);
    EXPECT_EQ(slots[2].key, chain_.epochs().live()->key);
    EXPECT_EQ(slots[3].epoch, std::nullopt);
    EXPECT_EQ(slots[3].key, clinic_.chain.genesis().vault);
}

TEST_F(ReadersTest, LeavesThePatientOutOfInternalNotes) {
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    clinic_.next_patient_epoch(phone);

    EXPECT_EQ(readers(Audience::internal), (Names{"team:lab", "team:ward", "vault"}));
}

TEST_F(ReadersTest, NamesDevicesWhileAnEpochIsVoidOrNotMade) {
    const auto second = clinic_.a_further_device(nurse_);
    clinic_.admit(ward_, nurse_, second);
    const auto third = clinic_.a_further_device(nurse_);
    clinic_.admit(ward_, nurse_, third);
    clinic_.must(nurse_.signing, Revoke{third.id});
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    auto members = std::vector{device(nurse_), device(second)};
    std::sort(members.begin(), members.end());

    EXPECT_EQ(readers(), (Names{"team:lab", members[0], members[1], device(phone), "vault"}));
    const auto slots = expected_slots(clinic_.chain, chain_, Audience::all);
    EXPECT_EQ(slots[3].key, phone.keys.box);
    EXPECT_EQ(slots[3].epoch, std::nullopt);
}

TEST_F(ReadersTest, NamesADeviceOnceThoughItIsInTwoTeams) {
    clinic_.admit(lab_, doctor_, nurse_);
    const auto other = clinic_.a_further_device(nurse_);
    clinic_.admit(ward_, nurse_, other);
    clinic_.admit(lab_, nurse_, other);
    clinic_.must(nurse_.signing, Revoke{other.id});
    auto lab = std::vector{device(nurse_), device(doctor_)};
    std::sort(lab.begin(), lab.end());

    EXPECT_EQ(readers(), (Names{lab[0], lab[1], "vault"}));
}

TEST_F(ReadersTest, AnswersAsOfASeq) {
    const auto before = clinic_.seq;
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    const auto granted = clinic_.seq;
    clinic_.next_patient_epoch(phone);
    const auto epoch = clinic_.seq;
    clinic_.must("P1", clinic_.admin.signing, Revoke{phone.id});

    EXPECT_EQ(readers(Audience::all, before + 1), (Names{"team:lab", "team:ward", "vault"}));
    EXPECT_EQ(
        readers(Audience::all, granted + 1),
        (Names{"team:lab", "team:ward", device(phone), "vault"})
    );
    EXPECT_EQ(
        readers(Audience::all, epoch + 1), (Names{"team:lab", "team:ward", "patient", "vault"})
    );
    EXPECT_EQ(readers(), (Names{"team:lab", "team:ward", "vault"}));
    EXPECT_EQ(readers(Audience::all, chain_.opened()), (Names{"vault"}));
}

TEST_F(ReadersTest, EntitlesMembersAndConfirmedDevices) {
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    const auto waiting = clinic_.a_patient_device("P1", clinic_.admin);
    auto staff_devices = std::vector{nurse_.id, doctor_.id};
    std::sort(staff_devices.begin(), staff_devices.end());

    const auto all = entitled_devices(clinic_.chain, chain_, Audience::all);
    const auto internal = entitled_devices(clinic_.chain, chain_, Audience::internal);

    EXPECT_EQ(all.staff, staff_devices);
    EXPECT_EQ(all.patient, std::vector<DeviceId>{phone.id});
    EXPECT_EQ(internal.staff, staff_devices);
    EXPECT_TRUE(internal.patient.empty());
    EXPECT_FALSE(may_read(clinic_.chain, chain_, waiting.id, Audience::all));
    EXPECT_TRUE(may_read(clinic_.chain, chain_, phone.id, Audience::all));
    EXPECT_FALSE(may_read(clinic_.chain, chain_, phone.id, Audience::internal));
    EXPECT_TRUE(may_read(clinic_.chain, chain_, nurse_.id, Audience::internal));
    EXPECT_FALSE(may_read(clinic_.chain, chain_, clinic_.admin.id, Audience::all));
}

TEST_F(ReadersTest, UntilThePatientHasADeviceOnlyInternalNotesAreWritten) {
    EXPECT_EQ(writing(nurse_, MessageClass::clinical), "wrong_class");
    EXPECT_EQ(writing(nurse_, MessageClass::internal), "ok");
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    EXPECT_EQ(writing(nurse_, MessageClass::clinical), "ok");
    clinic_.must("P1", clinic_.admin.signing, Revoke{phone.id});
    EXPECT_EQ(writing(nurse_, MessageClass::clinical), "wrong_class");
}

TEST_F(ReadersTest, WritersAreMembersWithMessageAndThePatient) {
    const auto outsider = clinic_.a_staff_device("outsider");
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    const auto waiting = clinic_.a_patient_device("P1", clinic_.admin);
    clinic_.admit(ward_, nurse_, clinic_.admin);

    EXPECT_EQ(writing(phone, MessageClass::clinical), "ok");
    EXPECT_EQ(writing(phone, MessageClass::internal), "wrong_class");
    EXPECT_EQ(writing(waiting, MessageClass::clinical), "forbidden");
    EXPECT_EQ(writing(outsider, MessageClass::clinical), "forbidden");
    // A member without the capability "message".
    EXPECT_EQ(writing(clinic_.admin, MessageClass::internal), "forbidden");
}

TEST_F(ReadersTest, ARevokedWriterWroteWhatIsOlder) {
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);
    clinic_.must(clinic_.admin.signing, Revoke{nurse_.id});
    const auto revoked = clinic_.seq;

    EXPECT_EQ(writing(nurse_, MessageClass::clinical), "forbidden");
    EXPECT_EQ(writing(nurse_, MessageClass::clinical, revoked), "ok");
    EXPECT_EQ(writing(nurse_, MessageClass::clinical, revoked + 1), "forbidden");
}

TEST_F(ReadersTest, FindsDevicesOfEitherChain) {
    const auto phone = clinic_.a_patient_device("P1", clinic_.admin);

    EXPECT_EQ(find_device(clinic_.chain, chain_, phone.id)->account, chain_.account());
    EXPECT_EQ(find_device(clinic_.chain, chain_, nurse_.id)->account, staff("nurse"));
    EXPECT_EQ(find_device(clinic_.chain, chain_, DeviceId{}), nullptr);
}

}  // namespace
}  // namespace wardline::testing
