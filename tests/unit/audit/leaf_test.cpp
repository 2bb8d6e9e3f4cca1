#include "audit/leaf.hpp"

#include "protocol/crypto/crypto.hpp"

#include <gtest/gtest.h>

#include <set>

namespace wardline::audit {
namespace {

Salt a_salt(std::uint8_t fill) {
    std::array<std::uint8_t, Salt::kSize> raw{};
    raw.fill(fill);
    return Salt{raw};
}

TEST(Leaf, IsTheHashOfExactlyTheBytesThatTheProtocolNames) {
    const Bytes details{0xa0};
    Bytes salted = a_salt(3).bytes();
    append(salted, details);
    Bytes expected{0x00};
    append_u64(expected, 42);
    append_u64(expected, 1'800'000'000'123);
    expected.push_back(2);
    append(expected, crypto::sha256(salted).view());

    const auto leaf = leaf_hash(
        42, Instant{1'800'000'000'123}, EntryKind::message, details_hash(a_salt(3), details)
    );

    EXPECT_EQ(leaf, crypto::sha256(expected));
}

TEST(Leaf, ChangesWithEveryPartOfTheEntry) {
    const Bytes details{0xa0};
    const auto hash = details_hash(a_salt(3), details);
    std::set<Hash> leaves{
        leaf_hash(1, Instant{5}, EntryKind::message, hash),
        leaf_hash(2, Instant{5}, EntryKind::message, hash),
        leaf_hash(1, Instant{6}, EntryKind::message, hash),
        leaf_hash(1, Instant{5}, EntryKind::login, hash),
        leaf_hash(1, Instant{5}, EntryKind::message, details_hash(a_salt(4), details)),
        leaf_hash(1, Instant{5}, EntryKind::message, details_hash(a_salt(3), Bytes{0xa1})),
    };

    EXPECT_EQ(leaves.size(), 6U);
}

TEST(Leaf, ALeafIsNeverANode) {
    const Hash left = crypto::sha256(as_bytes("l"));

    EXPECT_EQ(node_hash(left, left), crypto::sha256(concat({Bytes{1}, left.view(), left.view()})));
}

}  // namespace
}  // namespace wardline::audit
