#include "protocol/base/bytes.hpp"
#include "protocol/base/encoding.hpp"
#include "protocol/base/error.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <set>
#include <stdexcept>
#include <unordered_set>

namespace wardline::testing {
namespace {

TEST(HexTest, ReadsBothCasesAndWritesLower) {
    EXPECT_EQ(to_hex(Bytes{0, 0xab, 0xff}), "00abff");
    EXPECT_EQ(from_hex("00ABff").value(), (Bytes{0, 0xab, 0xff}));
    EXPECT_EQ(from_hex("").value(), Bytes{});
    for (const char* bad : {"0", "0g", "g0", " 0", "0x"}) {
        EXPECT_EQ(outcome_of(from_hex(bad)), "bad_frame") << bad;
    }
}

TEST(Base64UrlTest, FollowsRfc4648WithoutPadding) {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, text] : vectors) {
        EXPECT_EQ(to_base64url(as_bytes(plain)), text);
        EXPECT_EQ(as_text(from_base64url(text).value()), plain);
    }
    EXPECT_EQ(to_base64url(Bytes{0xfb, 0xff}), "-_8");
}

TEST(Base64UrlTest, RefusesEverythingButTheCanonicalForm) {
    for (const char* bad : {"Z", "Zg==", "Zh", "Zm9=", "Zm+v", "Zm/v", "Zm 9v", "Zm9vY", "Zm9"}) {
        EXPECT_EQ(outcome_of(from_base64url(bad)), "bad_frame") << bad;
    }
}

RC_GTEST_PROP(EncodingProperty, TextReadsBack, (const Bytes& bytes)) {
    RC_ASSERT(from_hex(to_hex(bytes)).value() == bytes);
    RC_ASSERT(from_base64url(to_base64url(bytes)).value() == bytes);
}

TEST(BytesTest, NumbersAreBigEndian) {
    Bytes out{9};
    append_u64(out, 0x0102030405060708ULL);
    EXPECT_EQ(to_hex(out), "090102030405060708");
    EXPECT_EQ(to_hex(concat({Bytes{1}, Bytes{}, Bytes{2, 3}})), "010203");
}

TEST(ErrorTest, PublishedCodesReadBackAndOthersStayInside) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Code::conflict); ++i) {
        const auto code = static_cast<Code>(i);
        const bool published = i <= static_cast<int>(Code::internal);
        EXPECT_TRUE(names.insert(name_of(code)).second) << name_of(code);
        EXPECT_EQ(is_published(code), published) << name_of(code);
        EXPECT_EQ(published_code(name_of(code)), published ? std::optional{code} : std::nullopt);
    }
    EXPECT_EQ(published_code("nonsense"), std::nullopt);
    EXPECT_EQ(name_of(Code::internal), "internal");
    EXPECT_EQ(name_of(Code::conflict), "conflict");
}

TEST(ResultTest, AskingForTheWrongSideIsABrokenInvariant) {
    const Result<int> value = 1;
    const Result<int> error = Error{Code::not_found, "nothing"};

    EXPECT_EQ(value.value(), 1);
    EXPECT_THROW(static_cast<void>(error.value()), std::logic_error);
    EXPECT_THROW(static_cast<void>(value.error()), std::logic_error);
}

TEST(FixedBytesTest, HasExactlyItsSize) {
    EXPECT_EQ(outcome_of(DeviceId::from(Bytes(15))), "bad_frame");
    EXPECT_EQ(outcome_of(DeviceId::from(Bytes(17))), "bad_frame");
    const auto id = DeviceId::from(Bytes(16, 0x2a)).value();
    EXPECT_EQ(DeviceId::from_hex(id.hex()).value(), id);
    EXPECT_EQ(outcome_of(DeviceId::from_hex("2a")), "bad_frame");
    EXPECT_FALSE(id.is_zero());
    EXPECT_TRUE(DeviceId{}.is_zero());
    EXPECT_LT(DeviceId{}, id);
}

TEST(NameTest, IsLettersDigitsDotsUnderscoresAndHyphens) {
    for (const auto& good :
         {std::string{"a"}, std::string{"0"}, std::string{"P-1.x_y"}, std::string(64, 'n')}) {
        EXPECT_EQ(outcome_of(PatientId::parse(good)), "ok") << good;
    }
    for (const auto& bad :
         {std::string{},
          std::string(65, 'n'),
          std::string{"-a"},
          std::string{".a"},
          std::string{"_a"},
          std::string{"a b"},
          std::string{"a/b"},
          std::string{"\xc3\xbc"},
          std::string{"a\n"},
          std::string{"a\0b", 3}}) {
        EXPECT_EQ(outcome_of(PatientId::parse(bad)), "usage") << bad;
    }
}

TEST(AccountTest, IsStaffOrAPatient) {
    const auto nurse = Account::parse("s:nurse").value();
    const auto patient = Account::parse("p:nurse").value();

    EXPECT_TRUE(nurse.is_staff());
    EXPECT_EQ(nurse.staff_name().text(), "nurse");
    EXPECT_EQ(patient.patient_id().text(), "nurse");
    EXPECT_NE(nurse, patient);
    EXPECT_EQ(nurse.text(), "s:nurse");
    EXPECT_EQ(patient.text(), "p:nurse");
    EXPECT_THROW(static_cast<void>(nurse.patient_id()), std::logic_error);
    EXPECT_THROW(static_cast<void>(patient.staff_name()), std::logic_error);
    EXPECT_EQ((std::unordered_set<Account>{nurse, patient, nurse}.size()), 2U);
    for (const char* bad : {"", "s:", "p:", "nurse", "x:nurse", "S:nurse", "s:a b", "s:s:a"}) {
        EXPECT_EQ(outcome_of(Account::parse(bad)), "bad_frame") << bad;
    }
}

TEST(SecretTest, MovingLeavesNothingBehind) {
    auto first = MessageKey::from(Bytes(32, 7)).value();
    const auto copy = first;

    const auto second = std::move(first);

    EXPECT_TRUE(second.equals(copy));
    EXPECT_TRUE(first.equals(MessageKey{}));  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(outcome_of(MessageKey::from(Bytes(31))), "bad_frame");
}

TEST(SecretTest, SecretBytesCopyAndMove) {
    SecretBytes first{Bytes{1, 2, 3}};
    SecretBytes second;
    second = first;
    SecretBytes third;
    third = std::move(first);

    EXPECT_TRUE(equal_constant_time(second.reveal(), third.reveal()));
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(equal_constant_time(Bytes{1}, Bytes{1, 2}));
    EXPECT_FALSE(equal_constant_time(Bytes{1}, Bytes{2}));
    EXPECT_TRUE(equal_constant_time({}, {}));
}

}  // namespace
}  // namespace wardline::testing
