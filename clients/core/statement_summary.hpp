#pragma once

#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/patient_chain.hpp"
#include "protocol/trust/statement.hpp"

#include <string>

// One line about a statement, for people.
namespace wardline::client {

std::string summary_of(const trust::StatementData& data);
// An account, "root key" or "invite". `patient` may be null.
std::string signer_of(
    const trust::Statement& statement,
    const trust::ClinicChain& clinic,
    const trust::PatientChain* patient
);

}  // namespace wardline::client
