#include "clients/core/administration.hpp"
#include "clients/core/client.hpp"
#include "clients/core/setup.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>
#include <memory>
#include <stdexcept>
#include <string>

namespace wardline::bench {
namespace {

using client::Client;

// An error of a call that a benchmark cannot do without.
template <class T>
T expect(Result<T> result) {
    if (!result) throw std::runtime_error{"a client failed: " + result.error().detail};
    return std::move(result).value();
}
void expect(const Result<void>& result) {
    if (!result) throw std::runtime_error{"a client failed: " + result.error().detail};
}

const StaffName kNurse = StaffName::parse("nurse").value();
const TeamName kTeam = TeamName::parse("practice").value();
const PatientId kPatient = PatientId::parse("P-1").value();

// A clinic with a nurse and a patient, each with a home of their own, by the client library.
struct Practice {
    explicit Practice(const PrivateServer& server) : folder{server.folder() / "clients"} {
        std::filesystem::create_directory(folder);
        const client::SetupOptions options{
            .server = "127.0.0.1:" + std::to_string(server.port()),
            .token = server.setup_token(),
            .clinic_name = "Bench",
            .administrator = StaffName::parse("admin").value(),
            .home = folder / "admin",
            .root_file = folder / "root.key",
            .vault_file = folder / "vault.key",
            .retention_days = {}
        };
        const client::SetupKeys keys{.home = key, .root = key, .vault = key};
        admin = expect(client::setup_clinic(options, keys, environment));
        client::Administration office{*admin};
        const auto invite = expect(office.invite_staff(kNurse, "clinician", {}));
        expect(office.create_team(kTeam, {kNurse}));
        nurse = enrol("nurse", invite.uri);
        patient = enrol("patient", expect(nurse->invite_patient(kPatient)).uri);
    }

    std::unique_ptr<Client> enrol(const std::string& name, const std::string& invite) const {
        return expect(Client::enrol(folder / name, invite, key, environment));
    }

    std::filesystem::path folder;
    client::StoreKey key{expect(client::StoreKey::from_password("correct horse battery staple"))};
    client::Environment environment{client::system_environment()};
    std::unique_ptr<Client> admin;
    std::unique_ptr<Client> nurse;
    std::unique_ptr<Client> patient;
};

}  // namespace

double client_catch_up(const CatchUpOptions& options) {
    const PrivateServer server{{options.below, 256, "warn"}};
    Practice practice{server};
    practice.patient->disconnect();
    fmt::print(stderr, "Sending {} messages to a client...\n", options.client_messages);
    const std::string text(200, 'a');
    for (std::size_t i = 0; i < options.client_messages; ++i) {
        const auto sent = expect(practice.nurse->send_text(kPatient, text));
        if (sent.state != client::MessageState::sent) throw std::runtime_error{"not sent"};
    }

    const auto begin = std::chrono::steady_clock::now();
    expect(practice.patient->connect());
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;

    const auto page = expect(practice.patient->history(std::nullopt, options.client_messages));
    std::size_t read = 0;
    for (const auto& message : page.messages) read += message.text == text ? 1 : 0;
    if (read != options.client_messages) throw std::runtime_error{"messages were not read"};
    return static_cast<double>(read) / passed.count();
}

}  // namespace wardline::bench
