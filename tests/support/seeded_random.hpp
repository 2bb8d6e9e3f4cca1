#pragma once

#include "protocol/crypto/crypto.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace wardline::testing {

// The same bytes for the same seed, for ever: test vectors depend on it. Never for real keys.
class SeededRandom final : public crypto::Random {
public:
    explicit SeededRandom(std::string seed = "wardline test") : seed_{std::move(seed)} {}

    void fill(std::span<std::uint8_t> out) override {
        while (!out.empty()) {
            Bytes input;
            append_u64(input, counter_++);
            const auto block = crypto::hash(seed_, input);
            const auto size = std::min(out.size(), Hash::kSize);
            std::copy_n(block.view().begin(), size, out.begin());
            out = out.subspan(size);
        }
    }

private:
    std::string seed_;
    std::uint64_t counter_{0};
};

}  // namespace wardline::testing
