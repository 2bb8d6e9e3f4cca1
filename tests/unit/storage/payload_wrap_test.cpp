#include "storage/key_ring.hpp"

#include <gtest/gtest.h>

namespace wardline::storage {
namespace {

SymmetricKey a_key(std::uint8_t fill) {
    SymmetricKey key;
    std::ranges::fill(key.writable(), fill);
    return key;
}

ThreadId a_thread(std::uint8_t fill) {
    std::array<std::uint8_t, ThreadId::kSize> raw{};
    raw.fill(fill);
    return ThreadId{raw};
}

const crypto::GcmNonce kNonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const Bytes kPayload{9, 8, 7, 6, 5};
const PayloadPlace kPlace{42, a_thread(1), 7};

TEST(PayloadWrap, OpensAtItsPlaceUnderItsKey) {
    const auto wrapped = wrap_payload(a_key(1), kNonce, kPlace, kPayload);

    EXPECT_EQ(wrapped.size(), kPayload.size() + kWrapBytes);
    EXPECT_EQ(unwrap_payload(a_key(1), kPlace, wrapped).value(), kPayload);
}

TEST(PayloadWrap, OpensNowhereElse) {
    const auto wrapped = wrap_payload(a_key(1), kNonce, kPlace, kPayload);

    for (const auto& place :
         {PayloadPlace{43, a_thread(1), 7},
          PayloadPlace{42, a_thread(2), 7},
          PayloadPlace{42, a_thread(1), 8}}) {
        EXPECT_EQ(unwrap_payload(a_key(1), place, wrapped).error().code, Code::undecryptable);
    }
    EXPECT_EQ(unwrap_payload(a_key(2), kPlace, wrapped).error().code, Code::undecryptable);
}

TEST(PayloadWrap, RefusesAnyChangedByteAndAnyLength) {
    const auto wrapped = wrap_payload(a_key(1), kNonce, kPlace, kPayload);

    for (std::size_t i = 0; i < wrapped.size(); ++i) {
        auto bad = wrapped;
        bad[i] ^= 1;
        EXPECT_FALSE(unwrap_payload(a_key(1), kPlace, bad)) << i;
        EXPECT_FALSE(unwrap_payload(a_key(1), kPlace, BytesView{wrapped}.first(i))) << i;
    }
}

}  // namespace
}  // namespace wardline::storage
