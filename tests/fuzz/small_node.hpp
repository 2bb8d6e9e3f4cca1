#pragma once

#include "server/application.hpp"
#include "server/clinic_state.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/services.hpp"
#include "server/setup_tokens.hpp"
#include "storage/database.hpp"
#include "storage/journal_writer.hpp"
#include "storage/key_ring.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/model/memory_journal.hpp"
#include "tests/support/chain_fixture.hpp"
#include "tests/support/seeded_random.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <sstream>
#include <vector>

// A node that knows a clinic and has no database: whatever needs one is answered `unavailable`,
// after everything that is asked has been parsed and everything that is known has been looked up.
namespace wardline::fuzz {

class SmallNode {
public:
    SmallNode() {
        const auto anna = clinic.a_staff_device("anna", trust::Role::reception);
        const auto front = clinic.team_of("front", anna);
        clinic.open_patient("P-1", anna, {front});
        const auto phone = clinic.a_patient_device("P-1", anna);
        clinic.next_patient_epoch(phone);
        people = {clinic.admin, anna, phone};
        guest = clinic.invite(clinic.admin, "ben", trust::Role::clinician).statement;
        model::MemoryJournal entries;
        model::MemoryNode{entries, clinic.now}.store(clinic);
        state.apply(entries.entries());
        journal.stop();  // It would keep acts until there is a database.
    }

    // Runs until everything that was accepted is answered.
    void settle() {
        io.restart();
        while (services.accepted > 0) require(io.run_one_for(std::chrono::seconds{10}) > 0);
    }

    testing::AClinic clinic{"small node"};
    std::vector<testing::TestDevice> people;
    Hash guest;
    boost::asio::io_context io;
    std::stringstream log_text;
    testing::SeededRandom random{"small node"};
    server::Log log{server::Log::to_stream(log_text, server::LogLevel::error, SymmetricKey{})};
    server::Metrics metrics;
    storage::Database database{
        io.get_executor(), {.main = "host=/nowhere", .keys = "host=/nowhere"}
    };
    storage::KeyRing keys{database, SymmetricKey{}, random};
    server::ClinicState state{database, keys, log};
    storage::JournalWriter journal{
        database, keys, state, clinic.audit, [this] { return clinic.now; }, random
    };
    server::SetupTokens tokens{std::filesystem::temp_directory_path() / "wardline-no-tokens"};
    server::Services services{server::ApplicationParts{
        .executor = io.get_executor(),
        .database = database,
        .keys = keys,
        .journal = journal,
        .state = state,
        .setup_tokens = tokens,
        .metrics = metrics,
        .log = log,
        .limits = {},
        .tls_pin = clinic.server_keys.tls,
        .audit_key = clinic.server_keys.audit,
        .version = "fuzz",
        .now = [this] { return clinic.now; },
        .random = random
    }};
};

}  // namespace wardline::fuzz
