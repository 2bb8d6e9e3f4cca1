#pragma once

#include "clients/core/administration.hpp"
#include "clients/core/client.hpp"
#include "tests/adversary/cheating_server/cheating_server.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

// A small practice on a server that can lie: real clients over real TLS, each with a home of its
// own, every test with a clinic of its own.
namespace wardline::adversary {

using client::Client;
using Texts = std::vector<std::string>;

inline StaffName staff(const std::string& name) {
    return StaffName::parse(name).value();
}
inline TeamName team(const std::string& name) {
    return TeamName::parse(name).value();
}
inline PatientId patient_id(const std::string& id) {
    return PatientId::parse(id).value();
}
inline const PatientId kPatient = PatientId::parse("4711").value();
inline const PatientId kOther = PatientId::parse("4712").value();

class PracticeTest : public ::testing::Test {
protected:
    // The clinic with its administrator `admin`, a team `practice` of its founder `anna`, and the
    // patient 4711 with a device in the home `patient`.
    void SetUp() override;
    void TearDown() override;

    Client& at(const std::string& name) { return *people_.at(name); }
    client::Administration office() { return client::Administration{at("admin")}; }

    void enrol(const std::string& name, const Result<client::InviteInfo>& invite);
    Result<std::unique_ptr<Client>> try_enrol(const std::string& name, const std::string& uri);
    // A clinician in the team `practice`.
    void add_colleague(const std::string& name);
    // Another patient of the same team, with a device in the home `name`.
    void add_patient(const PatientId& id, const std::string& name);
    // The person's program ends and starts again, on a device whose clock is that much ahead.
    void restart(const std::string& name, std::chrono::milliseconds ahead = {});

    client::Message send(
        const std::string& name,
        const std::string& text,
        const std::string& message_class = "appointment",
        const PatientId& to = kPatient
    );
    // What the person reads of a thread now, after coming back to the server.
    Texts texts(const std::string& name, const PatientId& of = kPatient);
    Result<client::HistoryPage> read(const std::string& name, const PatientId& of = kPatient);
    // Comes back to the server, which has to end in an alarm; its sentence.
    std::string alarm_on_return(const std::string& name);
    // The sentence of an outcome that has to be an alarm.
    template <class T>
    static std::string alarm_of(const Result<T>& outcome) {
        EXPECT_FALSE(outcome) << "nothing was noticed";
        if (outcome) return {};
        EXPECT_EQ(outcome.error().code, Code::trust_alarm) << outcome.error().detail;
        return outcome.error().detail;
    }

    CheatingServer& server() { return *server_; }
    std::filesystem::path home(const std::string& name) const { return folder_ / name; }
    std::filesystem::path key_file(const std::string& name) const {
        return folder_ / (name + ".key");
    }

    std::filesystem::path folder_;
    storage::DatabaseOptions databases_;
    std::map<std::string, std::unique_ptr<Client>> people_;

private:
    class AheadClock final : public client::Clock {
    public:
        Instant now() override {
            return {client::system_clock().now().ms + static_cast<std::uint64_t>(ahead.count())};
        }
        std::chrono::steady_clock::time_point steady() override {
            return client::system_clock().steady();
        }
        std::chrono::milliseconds ahead{};
    };

    client::StoreKey key(const std::string& name);
    void found();

    AheadClock clock_;

    std::unique_ptr<wardline::testing::ScratchFolder> scratch_;
    std::unique_ptr<CheatingServer> server_;
};

}  // namespace wardline::adversary
