#pragma once

#include "clients/core/types.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/patient_chain.hpp"

#include <vector>

namespace wardline::client {

class Session;

DeviceInfo staff_device_info(const Session& session, const trust::DeviceRecord& device);
DeviceInfo patient_device_info(const Session& session, const trust::PatientDevice& device);

// Makes an invite: a fresh secret, its statement in the chain, the URI.
Result<InviteInfo> invite(
    Session& session,
    const trust::ChainName& chain,
    const Account& account,
    trust::Role role,
    std::vector<TeamName> teams,
    Milliseconds lifetime
);

}  // namespace wardline::client
