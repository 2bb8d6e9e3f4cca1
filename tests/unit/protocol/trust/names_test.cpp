#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/capability.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/class.hpp"
#include "protocol/trust/fingerprint.hpp"
#include "protocol/trust/login.hpp"
#include "tests/support/results.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;

TEST(MessageClassTest, NamesReadBack) {
    for (const auto message_class : kAllClasses) {
        EXPECT_EQ(parse_class(name_of(message_class)).value(), message_class);
    }
    EXPECT_EQ(outcome_of(parse_class("")), "bad_frame");
    EXPECT_EQ(outcome_of(parse_class("Clinical")), "bad_frame");
}

TEST(MessageClassTest, OnlyInternalHasAnAudienceOfItsOwn) {
    for (const auto message_class : kAllClasses) {
        const bool internal = message_class == MessageClass::internal;
        EXPECT_EQ(audience_of(message_class) == Audience::internal, internal);
    }
    EXPECT_EQ(parse_audience("all").value(), Audience::all);
    EXPECT_EQ(parse_audience("internal").value(), Audience::internal);
    EXPECT_EQ(outcome_of(parse_audience("none")), "bad_frame");
}

TEST(RoleTest, NamesReadBack) {
    for (const auto role : kStaffRoles) EXPECT_EQ(parse_role(name_of(role)).value(), role);
    EXPECT_EQ(parse_role("patient").value(), Role::patient);
    EXPECT_EQ(outcome_of(parse_role("root")), "bad_frame");
}

TEST(RoleTest, ManagersAndAdministratorsAreSensitive) {
    EXPECT_TRUE(sensitive(Role::manager));
    EXPECT_TRUE(sensitive(Role::admin));
    for (const auto role : {Role::patient, Role::reception, Role::clinician, Role::auditor}) {
        EXPECT_FALSE(sensitive(role));
    }
}

TEST(RoleTest, GainingIsWhatTheOldRoleDidNotHave) {
    EXPECT_TRUE(gains_sensitive(Role::clinician, Role::manager));
    EXPECT_TRUE(gains_sensitive(Role::manager, Role::admin));
    EXPECT_TRUE(gains_sensitive(Role::admin, Role::manager));
    EXPECT_FALSE(gains_sensitive(Role::admin, Role::reception));
    EXPECT_FALSE(gains_sensitive(Role::reception, Role::clinician));
    EXPECT_FALSE(gains_sensitive(Role::admin, Role::admin));
}

TEST(RoleTest, AnAdministratorAsSuchWritesNoMessages) {
    EXPECT_FALSE(capabilities_of(Role::admin).has(Capability::message));
    EXPECT_FALSE(capabilities_of(Role::admin).has(Capability::open_vault));
    EXPECT_TRUE(capabilities_of(Role::auditor).has(Capability::read_audit));
    EXPECT_EQ(name_of(Capability::enrol_patient), "enrol-patient");
}

TEST(ChainNameTest, IsTheClinicsOrAPatients) {
    const auto patient = ChainName::patient(PatientId::parse("P-1.x_y").value());

    EXPECT_EQ(ChainName::parse("clinic").value(), ChainName::clinic());
    EXPECT_EQ(ChainName::parse("patient/P-1.x_y").value(), patient);
    EXPECT_EQ(patient.text(), "patient/P-1.x_y");
    EXPECT_EQ(ChainName::clinic().text(), "clinic");
    for (const char* bad : {"", "office", "patient", "patient/", "patient/-", "patient/a/b"}) {
        EXPECT_EQ(outcome_of(ChainName::parse(bad)), "bad_frame") << bad;
    }
}

TEST(FingerprintTest, HasThirtyDigitsInSixGroups) {
    const DeviceKeys keys{
        SigningKey::from(Bytes(32, 1)).value(),
        IdentityKey::from(Bytes(33, 2)).value(),
        BoxKey::from(Bytes(32, 3)).value()
    };

    const auto shown = device_fingerprint(keys);

    EXPECT_EQ(shown.size(), 35U);
    for (std::size_t i = 0; i < shown.size(); ++i) EXPECT_EQ(shown[i] == ' ', i % 6 == 5);
    const auto full = crypto::hash(
        "wardline/1 fingerprint", {keys.signing.view(), keys.identity.view(), keys.box.view()}
    );
    EXPECT_EQ(shown.substr(0, 5), full.hex().substr(0, 5));
    auto other = keys;
    other.box = BoxKey{};
    EXPECT_NE(device_fingerprint(other), shown);
    EXPECT_NE(clinic_fingerprint(ClinicId{}, Hash{}), shown);
}

class LoginTest : public ::testing::Test {
protected:
    SeededRandom random_{"login"};
    SigningSecret device_ = crypto::random_secret<SigningSecret>(random_);
    SigningKey key_ = crypto::signing_key_of(device_);
    LoginChallenge challenge_{
        crypto::random_fixed<ClinicId>(random_),
        crypto::random_fixed<DeviceId>(random_),
        crypto::random_fixed<LoginNonce>(random_),
        crypto::random_fixed<TlsBinding>(random_),
        7
    };
};

TEST_F(LoginTest, BindsEveryPartOfTheChallenge) {
    const auto signature = sign_login(device_, challenge_);
    EXPECT_TRUE(verify_login(key_, challenge_, signature));

    auto clinic = challenge_;
    clinic.clinic = ClinicId{};
    auto device = challenge_;
    device.device = DeviceId{};
    auto nonce = challenge_;
    nonce.nonce = LoginNonce{};
    auto binding = challenge_;
    binding.binding = TlsBinding{};
    auto generation = challenge_;
    generation.generation = 8;
    for (const auto& other : {clinic, device, nonce, binding, generation}) {
        EXPECT_FALSE(verify_login(key_, other, signature));
    }
    EXPECT_FALSE(verify_login(SigningKey{}, challenge_, signature));
}

TEST_F(LoginTest, AnEnrolmentBeginsWithTheInvitesSignature) {
    const auto handle = crypto::random_fixed<InviteHandle>(random_);
    const Instant time{1'700'000'000'000};
    const auto signature = sign_enrol_begin(device_, handle, time);

    EXPECT_TRUE(verify_enrol_begin(key_, handle, time, signature));
    EXPECT_FALSE(verify_enrol_begin(key_, handle, Instant{time.ms + 1}, signature));
    EXPECT_FALSE(verify_enrol_begin(key_, InviteHandle{}, time, signature));
}

}  // namespace
}  // namespace wardline::testing
