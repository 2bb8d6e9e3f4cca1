#pragma once

#include "protocol/message/live_slots.hpp"
#include "tests/bench/wire.hpp"
#include "tests/support/chain_fixture.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

// A clinic on a running server, made as real clients make one: real keys, statements, epochs and
// logins.
namespace wardline::bench {

struct Place {
    std::string host{"127.0.0.1"};
    std::uint16_t port{0};
};

class BenchClinic {
public:
    // Founds the clinic; the administrator is logged in.
    BenchClinic(Place place, const std::string& token);

    // One member of staff alone in a team, one patient on it, a device each. Both epochs are live,
    // the thread is open.
    struct Pair {
        testing::TestDevice staff;
        testing::TestDevice patient;
        std::string patient_id;
        std::unique_ptr<Wire> staff_wire;
        std::unique_ptr<Wire> patient_wire;
    };
    Pair add_pair(std::size_t number);
    // A team with a live epoch and its one member, logged in and then gone.
    TeamName add_team(const std::string& name, testing::TestDevice& member);
    // Admitted to the team by its member, on this connection of theirs.
    void admit(
        const TeamName& team,
        const testing::TestDevice& member,
        Wire& by,
        const testing::TestDevice& device
    );
    // Patients of the team with one device each, which never logged in.
    std::vector<testing::TestDevice> add_patients(std::size_t count, const TeamName& team);
    // The first epoch of a patient's keys, made by their device, which logs in and goes.
    void add_patient_epoch(const testing::TestDevice& patient);
    testing::TestDevice add_staff(const std::string& name);

    // A connection that is logged in.
    std::unique_ptr<Wire> log_in(const testing::TestDevice& device);
    // Sends the login on a connection that is open; its answer is the next.
    void send_login(Wire& wire, const testing::TestDevice& device);

    void upload(const trust::LocatedStatement& statement);
    void upload_epoch(Wire& by, const trust::LocatedStatement& statement, const Hash& epoch);
    void enrol(const trust::LocatedStatement& grant);

    testing::AClinic& chains() noexcept { return chains_; }
    const Place& place() const noexcept { return place_; }
    Wire& admin() noexcept { return *admin_; }

private:
    testing::AClinic found(const std::string& token);
    // Statements are made at the true time: invites end.
    testing::AClinic& at_present();

    Place place_;
    HttpClient http_;
    testing::AClinic chains_;
    std::map<DeviceId, std::uint64_t> generations_;
    std::unique_ptr<Wire> admin_;
};

Instant wall_clock();

// A request `send`, ready to go, and the id of its message.
struct Prepared {
    Bytes frame;
    MessageId id;
};
struct PrepareOptions {
    std::uint64_t first_counter{1};
    std::uint64_t first_request{1};
    std::uint64_t request_step{1};  // Above 1 where several threads take turns on a connection.
    std::size_t count{0};
    std::string_view message_class{"appointment"};
    std::vector<DeviceId> live;  // Who needs a live slot.
};
// Messages of this device into the patient's thread, with real headers, slots and signatures. The
// live slots have the size of real ones and random content, which the server cannot tell.
std::vector<Prepared> prepare(
    const testing::AClinic& clinic,
    const trust::PatientChain& thread,
    const testing::TestDevice& sender,
    const PrepareOptions& options
);

}  // namespace wardline::bench
