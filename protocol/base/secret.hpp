#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

// Keys, tokens and passwords. They have no operator<<, no formatter and no operator==: logging one,
// or comparing one in anything but constant time, does not compile. Memory is wiped when the value
// dies.
namespace wardline {

void wipe(std::span<std::uint8_t> memory) noexcept;
bool equal_constant_time(BytesView a, BytesView b) noexcept;

template <class Tag, std::size_t N>
class FixedSecret {
public:
    static constexpr std::size_t kSize = N;

    FixedSecret() noexcept = default;
    FixedSecret(const FixedSecret&) = default;
    FixedSecret(FixedSecret&& other) noexcept : bytes_{other.bytes_} { wipe(other.bytes_); }
    FixedSecret& operator=(const FixedSecret&) = default;
    FixedSecret& operator=(FixedSecret&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            wipe(other.bytes_);
        }
        return *this;
    }
    ~FixedSecret() { wipe(bytes_); }

    // `bad_frame` unless there are exactly N bytes.
    static Result<FixedSecret> from(BytesView bytes) {
        if (bytes.size() != N) return Error{Code::bad_frame, "a key has the wrong length"};
        FixedSecret out;
        std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
        return out;
    }

    BytesView reveal() const noexcept { return bytes_; }
    std::span<std::uint8_t> writable() noexcept { return bytes_; }
    bool equals(const FixedSecret& other) const noexcept {
        return equal_constant_time(bytes_, other.bytes_);
    }

private:
    std::array<std::uint8_t, N> bytes_{};
};

// A secret of any length, such as a password or a serialised session.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(BytesView bytes) : bytes_{bytes.begin(), bytes.end()} {}
    SecretBytes(const SecretBytes&) = default;
    SecretBytes(SecretBytes&&) noexcept = default;
    SecretBytes& operator=(const SecretBytes& other);
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    ~SecretBytes() { wipe(bytes_); }

    BytesView reveal() const noexcept { return bytes_; }
    std::size_t size() const noexcept { return bytes_.size(); }
    bool empty() const noexcept { return bytes_.empty(); }

private:
    std::vector<std::uint8_t> bytes_;
};

using SigningSecret = FixedSecret<struct SigningSecretTag, 32>;  // Ed25519 seed.
using BoxSecret = FixedSecret<struct BoxSecretTag, 32>;          // X25519 private key.
using MessageKey = FixedSecret<struct MessageKeyTag, 32>;  // MK: encrypts exactly one message.
using InviteSecret = FixedSecret<struct InviteSecretTag, 16>;
using SymmetricKey = FixedSecret<struct SymmetricKeyTag, 32>;  // AES-256.

}  // namespace wardline
