#pragma once

#include "clients/core/client.hpp"
#include "clients/terminal/console.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// `patient invite PATIENT-ID`, a command of both programs.
namespace wardline::terminal {

struct PatientInvite {
    std::optional<PatientId> patient;  // There once the arguments are read.
    std::vector<TeamName> teams;       // None: the team of who invites.
    bool qr{false};
};

// Adds the command below `patient`. `chosen` is called when it was asked for; wrong arguments are
// refused as usage before.
void add_patient_invite(
    CLI::App& patient, const std::string& examples, std::function<void(const PatientInvite&)> chosen
);

// Invites, and shows the invite.
Result<void> invite_patient(
    client::Client& client, Console& console, const PatientInvite& arguments
);

}  // namespace wardline::terminal
