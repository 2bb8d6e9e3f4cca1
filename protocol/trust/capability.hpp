#pragma once

#include "protocol/base/result.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

// What an account may do, and the fixed sets of it that roles are. docs/protocol.md section 1.
namespace wardline::trust {

enum class Capability : std::uint8_t {
    message,
    enrol_patient,
    enrol_staff,
    manage_devices,
    set_policy,
    place_hold,
    approve,
    open_vault,
    read_audit,
};
std::string_view name_of(Capability capability) noexcept;

class Capabilities {
public:
    constexpr Capabilities() noexcept = default;
    constexpr Capabilities(std::initializer_list<Capability> list) noexcept {
        for (const auto capability : list)
            bits_ = static_cast<std::uint16_t>(bits_ | bit(capability));
    }

    constexpr bool has(Capability capability) const noexcept {
        return (bits_ & bit(capability)) != 0;
    }
    constexpr bool empty() const noexcept { return bits_ == 0; }
    // What is in this set and not in `other`.
    constexpr Capabilities without(Capabilities other) const noexcept {
        Capabilities out;
        out.bits_ = static_cast<std::uint16_t>(bits_ & ~other.bits_);
        return out;
    }
    constexpr Capabilities both(Capabilities other) const noexcept {
        Capabilities out;
        out.bits_ = static_cast<std::uint16_t>(bits_ & other.bits_);
        return out;
    }
    bool operator==(const Capabilities&) const = default;

private:
    static constexpr std::uint16_t bit(Capability capability) noexcept {
        return static_cast<std::uint16_t>(1U << static_cast<unsigned>(capability));
    }
    std::uint16_t bits_{0};
};

enum class Role : std::uint8_t { patient, reception, clinician, manager, admin, auditor };
constexpr std::array kStaffRoles = {
    Role::reception, Role::clinician, Role::manager, Role::admin, Role::auditor
};

std::string_view name_of(Role role) noexcept;
// `bad_frame` for any other text.
Result<Role> parse_role(std::string_view name);
Capabilities capabilities_of(Role role) noexcept;

// Whether granting the role takes two people: it has `approve`, `open-vault` or `enrol-staff`.
bool sensitive(Role role) noexcept;
// Whether somebody with role `from` gains one of those three by role `to`.
bool gains_sensitive(Role from, Role to) noexcept;

}  // namespace wardline::trust
