#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

// Identifiers as types of their own, so that one cannot be passed for another. docs/protocol.md
// section 1.
namespace wardline {

// N bytes that are compared as a whole: ids, hashes, public keys. Not for secrets.
template <class Tag, std::size_t N>
class FixedBytes {
public:
    static constexpr std::size_t kSize = N;

    constexpr FixedBytes() noexcept = default;  // All zero.
    explicit constexpr FixedBytes(const std::array<std::uint8_t, N>& bytes) noexcept
        : bytes_{bytes} {}

    // `bad_frame` unless there are exactly N bytes.
    static Result<FixedBytes> from(BytesView bytes) {
        if (bytes.size() != N) return Error{Code::bad_frame, "a byte string has the wrong length"};
        FixedBytes out;
        std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
        return out;
    }
    // From 2N hexadecimal digits; `bad_frame` otherwise.
    static Result<FixedBytes> from_hex(std::string_view digits);

    constexpr const std::array<std::uint8_t, N>& array() const noexcept { return bytes_; }
    constexpr BytesView view() const noexcept { return bytes_; }
    Bytes bytes() const { return {bytes_.begin(), bytes_.end()}; }
    std::string hex() const { return to_hex(view()); }
    bool is_zero() const noexcept { return *this == FixedBytes{}; }

    auto operator<=>(const FixedBytes&) const = default;

private:
    std::array<std::uint8_t, N> bytes_{};
};

namespace detail {
Result<void> parse_hex(std::string_view digits, std::span<std::uint8_t> out);
}

template <class Tag, std::size_t N>
Result<FixedBytes<Tag, N>> FixedBytes<Tag, N>::from_hex(std::string_view digits) {
    FixedBytes out;
    WARDLINE_TRY(detail::parse_hex(digits, out.bytes_));
    return out;
}

using ClinicId = FixedBytes<struct ClinicIdTag, 16>;
using ThreadId = FixedBytes<struct ThreadIdTag, 16>;
using DeviceId = FixedBytes<struct DeviceIdTag, 16>;
using MessageId = FixedBytes<struct MessageIdTag, 16>;  // UUIDv7, RFC 9562.
using Hash = FixedBytes<struct HashTag, 32>;            // SHA-256.
using InviteHandle =
    FixedBytes<struct InviteHandleTag, 16>;  // First half of an invite statement's hash.

using SigningKey = FixedBytes<struct SigningKeyTag, 32>;    // Ed25519 public key.
using BoxKey = FixedBytes<struct BoxKeyTag, 32>;            // X25519 public key.
using IdentityKey = FixedBytes<struct IdentityKeyTag, 33>;  // Signal identity: 05, then Curve25519.
using Signature = FixedBytes<struct SignatureTag, 64>;      // Ed25519.

// A name that a person chose: [A-Za-z0-9][A-Za-z0-9._-]{0,63}.
template <class Tag>
class Name {
public:
    // `usage` with a sentence that says what a name may be.
    static Result<Name> parse(std::string_view text);
    const std::string& text() const noexcept { return text_; }
    auto operator<=>(const Name&) const = default;

private:
    explicit Name(std::string text) : text_{std::move(text)} {}
    std::string text_;
};

// True for exactly the texts that a Name can hold.
bool is_name(std::string_view text) noexcept;

template <class Tag>
Result<Name<Tag>> Name<Tag>::parse(std::string_view text) {
    if (!is_name(text)) {
        return Error{
            Code::usage,
            "a name is 1 to 64 letters, digits, dots, underscores and hyphens, and starts with a "
            "letter or digit"
        };
    }
    return Name{std::string{text}};
}

using PatientId =
    Name<struct PatientIdTag>;  // The clinic's own record number; never a person's name.
using StaffName = Name<struct StaffNameTag>;
using TeamName = Name<struct TeamNameTag>;

// The owner of devices: a staff member or a patient. Text form "s:NAME" or "p:PATIENT-ID".
class Account {
public:
    enum class Kind : std::uint8_t { staff, patient };

    static Account staff(const StaffName& name) { return Account{Kind::staff, name.text()}; }
    static Account patient(const PatientId& id) { return Account{Kind::patient, id.text()}; }
    static Result<Account> parse(std::string_view text);

    Kind kind() const noexcept { return kind_; }
    bool is_staff() const noexcept { return kind_ == Kind::staff; }
    const std::string& name() const noexcept { return name_; }
    std::string text() const { return (is_staff() ? "s:" : "p:") + name_; }
    // Only for the kind in question; a broken invariant otherwise (throws std::logic_error).
    PatientId patient_id() const;
    StaffName staff_name() const;

    auto operator<=>(const Account&) const = default;

private:
    Account(Kind kind, std::string name) : kind_{kind}, name_{std::move(name)} {}
    Kind kind_;
    std::string name_;
};

// Number of a journal entry, from 1; 0 means "before the first".
using Seq = std::uint64_t;
// Milliseconds since 1970-01-01T00:00:00Z.
struct Instant {
    std::uint64_t ms{0};
    auto operator<=>(const Instant&) const = default;
};

}  // namespace wardline

template <class Tag, std::size_t N>
struct std::hash<wardline::FixedBytes<Tag, N>> {
    std::size_t operator()(const wardline::FixedBytes<Tag, N>& id) const noexcept {
        return std::hash<std::string_view>{}(wardline::as_text(id.view()));
    }
};
template <class Tag>
struct std::hash<wardline::Name<Tag>> {
    std::size_t operator()(const wardline::Name<Tag>& name) const noexcept {
        return std::hash<std::string>{}(name.text());
    }
};
template <>
struct std::hash<wardline::Account> {
    std::size_t operator()(const wardline::Account& account) const noexcept {
        return std::hash<std::string>{}(account.name()) * 2 + (account.is_staff() ? 1 : 0);
    }
};
