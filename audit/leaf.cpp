#include "audit/leaf.hpp"

#include "protocol/crypto/crypto.hpp"

#include <array>

namespace wardline::audit {
namespace {

void put_u64(std::span<std::uint8_t, 8> out, std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

}  // namespace

Hash details_hash(const Salt& salt, BytesView details) {
    Bytes input;
    input.reserve(Salt::kSize + details.size());
    append(input, salt.view());
    append(input, details);
    return crypto::sha256(input);
}

Hash leaf_hash(Seq seq, Instant time, EntryKind kind, const Hash& details) {
    std::array<std::uint8_t, 1 + 8 + 8 + 1 + Hash::kSize> input{};
    const std::span whole{input};
    put_u64(whole.subspan<1, 8>(), seq);
    put_u64(whole.subspan<9, 8>(), time.ms);
    input[17] = static_cast<std::uint8_t>(kind);
    std::ranges::copy(details.array(), input.begin() + 18);
    return crypto::sha256(input);
}

Hash node_hash(const Hash& left, const Hash& right) {
    std::array<std::uint8_t, 1 + 2 * Hash::kSize> input{1};
    std::ranges::copy(left.array(), input.begin() + 1);
    std::ranges::copy(right.array(), input.begin() + 1 + Hash::kSize);
    return crypto::sha256(input);
}

Hash empty_root() {
    return crypto::sha256({});
}

}  // namespace wardline::audit
