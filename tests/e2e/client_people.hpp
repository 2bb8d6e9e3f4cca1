#pragma once

#include "clients/core/administration.hpp"
#include "clients/core/client.hpp"
#include "clients/core/setup.hpp"
#include "tests/e2e/clinic.hpp"
#include "tests/e2e/lossy_connector.hpp"

#include <gtest/gtest.h>

#include <map>

// The client library against a real wardlined: the people of a small practice, each with a home of
// their own, in one process.
namespace wardline::e2e {

using client::Client;

inline StaffName staff(const std::string& name) {
    return StaffName::parse(name).value();
}
inline TeamName team(const std::string& name) {
    return TeamName::parse(name).value();
}
inline const PatientId kPatient = PatientId::parse("4711").value();

class ClientConversationTest : public ClinicTest {
protected:
    void SetUp() override {
        ClinicTest::SetUp();
        if (HasFatalFailure()) return;
        found();
    }
    void TearDown() override {
        people_.clear();
        ClinicTest::TearDown();
    }

    client::StoreKey key() {
        return client::StoreKey::from_password("correct horse battery staple").value();
    }

    void found() {
        const auto token =
            run_program({WARDLINED_PATH, "setup-token", "--data", (folder_ / "server").string()});
        ASSERT_EQ(token.exit_code, 0) << token.err;
        const client::SetupOptions options{
            .server = "127.0.0.1:" + std::to_string(port_),
            .token = token.out.substr(0, token.out.find('\n')),
            .clinic_name = "Praxis Nord",
            .administrator = staff("admin"),
            .home = home("admin"),
            .root_file = folder_ / "root.key",
            .vault_file = folder_ / "vault.key",
            .retention_days = {}
        };
        const client::SetupKeys keys{.home = key(), .root = key(), .vault = key()};
        auto founded = client::setup_clinic(options, keys, environment_);
        ASSERT_TRUE(founded) << founded.error().detail;
        people_["admin"] = std::move(founded).value();
    }

    Client& at(const std::string& name) { return *people_.at(name); }
    client::Administration office() { return client::Administration{at("admin")}; }

    void enrol(const std::string& name, const Result<client::InviteInfo>& invite) {
        ASSERT_TRUE(invite) << invite.error().detail;
        auto enrolled = Client::enrol(home(name), invite.value().uri, key(), environment_);
        ASSERT_TRUE(enrolled) << enrolled.error().detail;
        people_[name] = std::move(enrolled).value();
    }

    // A team `practice` of its founder anna, and patient 4711.
    void make_team() {
        auto admin = office();
        const auto invite = admin.invite_staff(staff("anna"), "reception", {});
        ASSERT_TRUE(invite) << invite.error().detail;
        const auto made = admin.create_team(team("practice"), {staff("anna")});
        ASSERT_TRUE(made) << made.error().detail;
        enrol("anna", invite);
        enrol("patient", at("anna").invite_patient(kPatient));
    }

    client::Message send(
        const std::string& name,
        const std::string& text,
        const std::string& message_class = "appointment"
    ) {
        auto& person = at(name);
        const auto to = person.is_patient() ? std::nullopt : std::optional{kPatient};
        auto sent = person.send_text(to, text, {.message_class = message_class, .corrects = {}});
        EXPECT_TRUE(sent) << name << ": " << sent.error().detail;
        if (sent) EXPECT_EQ(sent.value().state, client::MessageState::sent);
        return sent.value();
    }

    // What the person reads now, after coming back to the server.
    std::vector<std::string> texts(const std::string& name) {
        auto& person = at(name);
        person.disconnect();
        const auto to = person.is_patient() ? std::nullopt : std::optional{kPatient};
        const auto opened = person.open_thread(to);
        EXPECT_TRUE(opened) << name << ": " << opened.error().detail;
        const auto page = person.history(to, 100);
        EXPECT_TRUE(page) << name << ": " << page.error().detail;
        std::vector<std::string> out;
        if (!page) return out;
        for (const auto& message : page.value().messages) {
            out.push_back(
                message.state == client::MessageState::refused ? "refused: " + message.reason
                                                               : message.text
            );
        }
        return out;
    }

    LossyConnector line_;  // Passes everything on until a test wants otherwise.
    client::Environment environment_{
        .clock = client::system_clock(), .random = crypto::system_random(), .connector = line_
    };
    std::map<std::string, std::unique_ptr<Client>> people_;
};

}  // namespace wardline::e2e
