#include "protocol/base/secret.hpp"

#include <sodium.h>

namespace wardline {

void wipe(std::span<std::uint8_t> memory) noexcept {
    sodium_memzero(memory.data(), memory.size());
}

bool equal_constant_time(BytesView a, BytesView b) noexcept {
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

SecretBytes& SecretBytes::operator=(const SecretBytes& other) {
    if (this != &other) {
        // A copy first: a vector that grows would leave the old bytes in freed memory unwiped.
        auto copy = other.bytes_;
        wipe(bytes_);
        bytes_ = std::move(copy);
    }
    return *this;
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
        other.bytes_.clear();
    }
    return *this;
}

}  // namespace wardline
