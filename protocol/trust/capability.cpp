#include "protocol/trust/capability.hpp"

namespace wardline::trust {
namespace {

constexpr Capabilities kSensitive{
    Capability::approve, Capability::open_vault, Capability::enrol_staff
};

constexpr std::array kAllRoles = {
    Role::patient,
    Role::reception,
    Role::clinician,
    Role::manager,
    Role::admin,
    Role::auditor,
};

}  // namespace

std::string_view name_of(Capability capability) noexcept {
    switch (capability) {
        case Capability::message:
            return "message";
        case Capability::enrol_patient:
            return "enrol-patient";
        case Capability::enrol_staff:
            return "enrol-staff";
        case Capability::manage_devices:
            return "manage-devices";
        case Capability::set_policy:
            return "set-policy";
        case Capability::place_hold:
            return "place-hold";
        case Capability::approve:
            return "approve";
        case Capability::open_vault:
            return "open-vault";
        case Capability::read_audit:
            return "read-audit";
    }
    return "";
}

std::string_view name_of(Role role) noexcept {
    switch (role) {
        case Role::patient:
            return "patient";
        case Role::reception:
            return "reception";
        case Role::clinician:
            return "clinician";
        case Role::manager:
            return "manager";
        case Role::admin:
            return "admin";
        case Role::auditor:
            return "auditor";
    }
    return "";
}

Result<Role> parse_role(std::string_view name) {
    for (const auto role : kAllRoles) {
        if (name_of(role) == name) return role;
    }
    return Error{Code::bad_frame, "not a role"};
}

Capabilities capabilities_of(Role role) noexcept {
    using enum Capability;
    switch (role) {
        case Role::patient:
            return {message};
        case Role::reception:
        case Role::clinician:
            return {message, enrol_patient};
        case Role::manager:
            return {
                message, enrol_patient, manage_devices, set_policy, place_hold, approve, open_vault
            };
        case Role::admin:
            return {enrol_patient, enrol_staff, manage_devices, set_policy, place_hold, approve};
        case Role::auditor:
            return {read_audit};
    }
    return {};
}

bool sensitive(Role role) noexcept {
    return !capabilities_of(role).both(kSensitive).empty();
}

bool gains_sensitive(Role from, Role to) noexcept {
    return !capabilities_of(to).without(capabilities_of(from)).both(kSensitive).empty();
}

}  // namespace wardline::trust
