#include "audit/tree_head.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wardline::audit {
namespace {

SigningSecret a_key(std::uint8_t fill) {
    SigningSecret key;
    std::ranges::fill(key.writable(), fill);
    return key;
}

ClinicId a_clinic(std::uint8_t fill) {
    std::array<std::uint8_t, ClinicId::kSize> raw{};
    raw.fill(fill);
    return ClinicId{raw};
}

TreeHead a_head() {
    TreeHead head;
    head.clinic = a_clinic(1);
    head.size = 691;
    head.root = crypto::sha256(as_bytes("root"));
    head.time = Instant{1'800'000'000'000};
    return head;
}

TEST(TreeHead, ComesBackFromItsBytes) {
    EXPECT_EQ(parse_head(encode(a_head())).value(), a_head());
    EXPECT_LE(encode(a_head()).size(), kHeadBytesMax);
}

TEST(TreeHead, VerifiesUnderTheClinicsKey) {
    const auto head = sign_head(a_head(), a_key(1));

    const auto verified = verify_head(head, crypto::signing_key_of(a_key(1)), a_clinic(1));

    EXPECT_EQ(verified.value(), a_head());
}

TEST(TreeHead, IsRefusedUnderAnotherKey) {
    const auto head = sign_head(a_head(), a_key(2));

    const auto verified = verify_head(head, crypto::signing_key_of(a_key(1)), a_clinic(1));

    EXPECT_EQ(verified.error().code, Code::bad_signature);
}

TEST(TreeHead, IsRefusedWithAnyFlippedBit) {
    const auto head = sign_head(a_head(), a_key(1));
    const auto key = crypto::signing_key_of(a_key(1));

    for (std::size_t i = 0; i < head.body.size(); ++i) {
        auto bad = head;
        bad.body[i] ^= 1;
        EXPECT_FALSE(verify_head(bad, key, a_clinic(1))) << i;
    }
    auto bad = head;
    auto raw = bad.sig.array();
    raw[5] ^= 1;
    bad.sig = Signature{raw};
    EXPECT_FALSE(verify_head(bad, key, a_clinic(1)));
}

TEST(TreeHead, OfAnotherClinicIsAnAlarm) {
    const auto head = sign_head(a_head(), a_key(1));

    const auto verified = verify_head(head, crypto::signing_key_of(a_key(1)), a_clinic(2));

    EXPECT_EQ(verified.error().code, Code::trust_alarm);
}

TEST(TreeHead, OfAnotherIncarnationIsAnAlarm) {
    auto other = a_head();
    other.incarnation = 2;

    const auto verified =
        verify_head(sign_head(other, a_key(1)), crypto::signing_key_of(a_key(1)), a_clinic(1));

    EXPECT_EQ(verified.error().code, Code::trust_alarm);
}

TEST(TreeHead, RefusesKeysThatItDoesNotKnow) {
    auto map = cbor::decode(encode(a_head())).value();
    map["extra"] = 1;
    EXPECT_EQ(parse_head(cbor::encode(map)).error().code, Code::bad_frame);

    map = cbor::decode(encode(a_head())).value();
    map.erase("time");
    EXPECT_EQ(parse_head(cbor::encode(map)).error().code, Code::bad_frame);

    map = cbor::decode(encode(a_head())).value();
    map["v"] = 2;
    EXPECT_EQ(parse_head(cbor::encode(map)).error().code, Code::bad_frame);
}

TEST(TreeHead, IsStaleAfterSevenDaysAndNotBefore) {
    constexpr std::uint64_t kWeek = 7ULL * 24 * 60 * 60 * 1000;
    const auto head = a_head();

    EXPECT_FALSE(is_stale(head, Instant{head.time.ms + kWeek}));
    EXPECT_TRUE(is_stale(head, Instant{head.time.ms + kWeek + 1}));
    EXPECT_FALSE(is_stale(head, Instant{head.time.ms - 1'000}));
}

}  // namespace
}  // namespace wardline::audit
