#include "tests/e2e/clinic.hpp"

#include <csignal>
#include <fstream>
#include <sys/stat.h>

namespace wardline::e2e {

namespace {

void write_secret(const std::filesystem::path& file, const std::string& content) {
    std::ofstream{file} << content;
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
    );
}

}  // namespace

void ClinicTest::SetUp() {
    // Short: PostgreSQL's sockets lie below it.
    std::string pattern = "/tmp/wardline-e2e-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::create_directories(folder_ / "clients");
    std::filesystem::create_directories(folder_ / "keys");
    start_server();
}

void ClinicTest::TearDown() {
    stop_server();
    std::filesystem::remove_all(folder_);
}

void ClinicTest::start_server() {
    server_ = std::make_unique<RunningProgram>(std::vector<std::string>{
        WARDLINED_PATH,
        "--data",
        (folder_ / "server").string(),
        "--listen",
        "127.0.0.1:" + std::to_string(port_),
    });
    // Two new PostgreSQL clusters take their time on a busy machine.
    constexpr std::chrono::seconds start_limit{200};
    const auto is_up = [](const std::string& text) {
        return text.find("\"listening\"") != std::string::npos;
    };
    const auto line = server_->err_line(is_up, start_limit);
    ASSERT_FALSE(line.empty()) << server_->end_by(SIGTERM).err;
    port_ = Json::parse(line).at("port").get<int>();
}

void ClinicTest::stop_server() {
    if (!server_) return;
    const auto ended = server_->end_by(SIGTERM);
    server_.reset();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

std::vector<std::string> ClinicTest::command(
    const char* program, const std::string& name, const std::vector<std::string>& arguments
) {
    const auto key = folder_ / "keys" / name;
    if (!std::filesystem::exists(key)) write_secret(key, name + std::string(32, 'k'));
    std::vector<std::string> whole{
        program, "--home", home(name).string(), "--key-file", key.string()
    };
    whole.insert(whole.end(), arguments.begin(), arguments.end());
    return whole;
}

Outcome ClinicTest::wardline(
    const std::string& name, std::vector<std::string> arguments, const std::string& input
) {
    return run_program(command(WARDLINE_PATH, name, arguments), input);
}

Outcome ClinicTest::admin(const std::string& name, std::vector<std::string> arguments) {
    return run_program(command(WARDLINE_ADMIN_PATH, name, arguments));
}

std::unique_ptr<RunningProgram> ClinicTest::start(
    const std::string& name, std::vector<std::string> arguments
) {
    return std::make_unique<RunningProgram>(command(WARDLINE_PATH, name, arguments));
}

void ClinicTest::found_clinic() {
    const auto token =
        run_program({WARDLINED_PATH, "setup-token", "--data", (folder_ / "server").string()});
    ASSERT_EQ(token.exit_code, 0) << token.err;
    write_secret(folder_ / "keys" / "root-password", "a passphrase of the root key\n");
    write_secret(folder_ / "keys" / "vault-password", "a passphrase of the vault key\n");
    const auto founded = admin(
        "admin",
        {"init",
         "--server",
         "127.0.0.1:" + std::to_string(port_),
         "--token",
         token.out.substr(0, token.out.find('\n')),
         "--clinic",
         "Praxis Nord",
         "--root-out",
         (folder_ / "root.key").string(),
         "--root-password-file",
         (folder_ / "keys" / "root-password").string(),
         "--vault-out",
         (folder_ / "vault.key").string(),
         "--vault-password-file",
         (folder_ / "keys" / "vault-password").string(),
         "--json"}
    );
    ASSERT_EQ(founded.exit_code, 0) << founded.err;
    ASSERT_EQ(founded.json().at("clinic_name"), "Praxis Nord");
}

void ClinicTest::enrol(const std::string& name, const Outcome& invited) {
    ASSERT_EQ(invited.exit_code, 0) << invited.err;
    const auto enrolled =
        wardline(name, {"enrol", "--json", invited.json().at("uri").get<std::string>()});
    ASSERT_EQ(enrolled.exit_code, 0) << enrolled.err;
}

void ClinicTest::invite_and_enrol(const std::string& name, const std::string& role) {
    enrol(name, admin("admin", {"staff", "invite", name, "--role", role, "--json"}));
}

void ClinicTest::make_practice() {
    ASSERT_NO_FATAL_FAILURE(found_clinic());
    const auto invited =
        admin("admin", {"staff", "invite", "anna", "--role", "reception", "--json"});
    const auto team = admin("admin", {"team", "create", "practice", "--founders", "anna"});
    ASSERT_EQ(team.exit_code, 0) << team.err;
    ASSERT_NO_FATAL_FAILURE(enrol("anna", invited));
    ASSERT_NO_FATAL_FAILURE(
        enrol("patient", wardline("anna", {"patient", "invite", "4711", "--json"}))
    );
}

std::uint64_t ClinicTest::send(const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"send", "--json"});
    const auto sent = wardline(name, arguments);
    EXPECT_EQ(sent.exit_code, 0) << sent.err;
    return sent.exit_code == 0 ? sent.json().at("seq").get<std::uint64_t>() : 0;
}

Json ClinicTest::messages(const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"read", "--json"});
    const auto shown = wardline(name, arguments);
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    return shown.exit_code == 0 ? shown.json().at("messages") : Json::array();
}

std::vector<std::string> texts_of(const Json& messages) {
    std::vector<std::string> texts;
    for (const auto& message : messages) {
        texts.push_back(
            message.at("text").is_string() ? message.at("text").get<std::string>() : ""
        );
    }
    return texts;
}

}  // namespace wardline::e2e
