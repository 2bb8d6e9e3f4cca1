#include "tests/adversary/practice.hpp"

#include "clients/core/setup.hpp"

#include <fstream>

namespace wardline::adversary {

client::StoreKey PracticeTest::key(const std::string& name) {
    const auto file = key_file(name);
    if (!std::filesystem::exists(file)) {
        std::ofstream{file} << name << std::string(32, 'k');
        std::filesystem::permissions(
            file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
        );
    }
    return client::StoreKey::from_key_file(file).value();
}

void PracticeTest::SetUp() {
    scratch_ = std::make_unique<wardline::testing::ScratchFolder>("practice");
    folder_ = scratch_->path();
    databases_ = wardline::testing::TestDatabases::shared().fresh();
    server_ = std::make_unique<CheatingServer>(
        CheatingServerOptions{.databases = databases_, .folder = folder_.string()}
    );
    ASSERT_NO_FATAL_FAILURE(found());
    auto admin = office();
    const auto invite = admin.invite_staff(staff("anna"), "reception", {});
    ASSERT_TRUE(invite) << invite.error().detail;
    const auto made = admin.create_team(team("practice"), {staff("anna")});
    ASSERT_TRUE(made) << made.error().detail;
    enrol("anna", invite);
    ASSERT_NO_FATAL_FAILURE(add_patient(kPatient, "patient"));
}

void PracticeTest::TearDown() {
    if (server_) server_->be_honest();
    people_.clear();
    server_.reset();
    scratch_.reset();
}

void PracticeTest::found() {
    const client::SetupOptions options{
        .server = "127.0.0.1:" + std::to_string(server().port()),
        .token = server().setup_token(),
        .clinic_name = "Praxis Nord",
        .administrator = staff("admin"),
        .home = home("admin"),
        .root_file = folder_ / "root.sealed",
        .vault_file = folder_ / "vault.sealed",
        .retention_days = {}
    };
    const client::SetupKeys keys{.home = key("admin"), .root = key("root"), .vault = key("vault")};
    auto founded = client::setup_clinic(options, keys, client::system_environment());
    ASSERT_TRUE(founded) << founded.error().detail;
    people_["admin"] = std::move(founded).value();
}

Result<std::unique_ptr<Client>> PracticeTest::try_enrol(
    const std::string& name, const std::string& uri
) {
    return Client::enrol(home(name), uri, key(name), client::system_environment());
}

void PracticeTest::enrol(const std::string& name, const Result<client::InviteInfo>& invite) {
    ASSERT_TRUE(invite) << invite.error().detail;
    auto enrolled = try_enrol(name, invite.value().uri);
    ASSERT_TRUE(enrolled) << enrolled.error().detail;
    people_[name] = std::move(enrolled).value();
}

void PracticeTest::add_colleague(const std::string& name) {
    enrol(name, office().invite_staff(staff(name), "clinician", {}));
    const auto waiting = at("anna").admissible(staff(name));
    ASSERT_TRUE(waiting) << waiting.error().detail;
    ASSERT_EQ(waiting.value().size(), 1U);
    const auto admitted =
        at("anna").admit(staff(name), team("practice"), waiting.value().front().id);
    ASSERT_TRUE(admitted) << admitted.error().detail;
}

void PracticeTest::add_patient(const PatientId& id, const std::string& name) {
    enrol(name, at("anna").invite_patient(id));
}

void PracticeTest::restart(const std::string& name, std::chrono::milliseconds ahead) {
    people_.erase(name);
    clock_.ahead = ahead;
    const auto system = client::system_environment();
    const client::Environment environment{
        .clock = clock_, .random = system.random, .connector = system.connector
    };
    auto opened = Client::open(home(name), key(name), environment);
    ASSERT_TRUE(opened) << opened.error().detail;
    people_[name] = std::move(opened).value();
}

client::Message PracticeTest::send(
    const std::string& name,
    const std::string& text,
    const std::string& message_class,
    const PatientId& to
) {
    auto& person = at(name);
    const auto thread = person.is_patient() ? std::nullopt : std::optional{to};
    auto sent = person.send_text(thread, text, {.message_class = message_class, .corrects = {}});
    EXPECT_TRUE(sent) << name << ": " << sent.error().detail;
    if (sent) EXPECT_EQ(sent.value().state, client::MessageState::sent);
    return sent.value();
}

Result<client::HistoryPage> PracticeTest::read(const std::string& name, const PatientId& of) {
    auto& person = at(name);
    person.disconnect();
    const auto thread = person.is_patient() ? std::nullopt : std::optional{of};
    WARDLINE_TRY(person.open_thread(thread));
    return person.history(thread, 100);
}

Texts PracticeTest::texts(const std::string& name, const PatientId& of) {
    const auto page = read(name, of);
    EXPECT_TRUE(page) << name << ": " << page.error().detail;
    Texts out;
    if (!page) return out;
    for (const auto& message : page.value().messages) {
        out.push_back(
            message.state == client::MessageState::refused ? "refused: " + message.reason
                                                           : message.text
        );
    }
    return out;
}

std::string PracticeTest::alarm_on_return(const std::string& name) {
    at(name).disconnect();
    return alarm_of(at(name).connect());
}

}  // namespace wardline::adversary
