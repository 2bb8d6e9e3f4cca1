#include "server/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace wardline::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refused(std::string_view file) {
    Config config;
    const auto read = read_config(file, "w.toml", config);
    if (read) return "accepted";
    EXPECT_EQ(read.error().code, Code::usage);
    return read.error().detail;
}

TEST(Endpoint, IsAnIPv4AddressOrABracketedIPv6AddressWithAPort) {
    EXPECT_EQ(Endpoint::parse("127.0.0.1:8443").value(), (Endpoint{"127.0.0.1", 8443}));
    EXPECT_EQ(Endpoint::parse("[::]:8443").value(), (Endpoint{"::", 8443}));
    EXPECT_EQ(Endpoint::parse("[::1]:0").value().text(), "[::1]:0");
    for (const auto* wrong :
         {"",
          "8443",
          "localhost:1",
          "::1:80",
          "[127.0.0.1]:1",
          "127.0.0.1:",
          "127.0.0.1:65536",
          "127.0.0.1:-1",
          "127.0.0.1:80x"}) {
        EXPECT_FALSE(Endpoint::parse(wrong)) << wrong;
    }
}

TEST(Endpoint, HasNothingBehindAZeroByte) {
    using namespace std::string_view_literals;

    EXPECT_FALSE(Endpoint::parse("127.0.0.1\0]:8443"sv));
    EXPECT_FALSE(Endpoint::parse("[::1\0]:8443"sv));
}

TEST(ConfigFile, EveryKeyIsRead) {
    Config config;
    const auto read = read_config(
        R"(data = "/srv/w"
listen = "[::]:443"
log_level = "debug"
allowed_origins = ["https://clinic.example"]
[database]
main = "host=a"
key_ring = "host=b"
connections = 8
batch_max = 64
[tls]
certificate = "c.pem"
key = "k.pem"
[metrics]
listen = "127.0.0.1:9464"
[limits]
connections_max = 1
handshakes_per_second = 2
unauthenticated_per_address_max = 3
http_per_address_per_minute = 4
handshake_timeout_ms = 500
http_timeout_ms = 600
login_timeout_ms = 700
idle_timeout_ms = 800
queue_bytes_max = 300000
in_flight_max = 10
device_requests_per_second = 11
account_requests_per_second = 12
prekey_bundles_per_minute = 13
logins_per_minute = 14
)",
        "w.toml",
        config
    );

    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(config.data, "/srv/w");
    EXPECT_EQ(config.listen, (Endpoint{"::", 443}));
    EXPECT_EQ(config.log_level, LogLevel::debug);
    EXPECT_THAT(config.allowed_origins, testing::ElementsAre("https://clinic.example"));
    EXPECT_EQ(config.database, "host=a");
    EXPECT_EQ(config.key_ring, "host=b");
    EXPECT_EQ(config.database_connections, 8U);
    EXPECT_EQ(config.limits.batch_max, 64U);
    EXPECT_EQ(config.tls_certificate, "c.pem");
    EXPECT_EQ(config.metrics, (Endpoint{"127.0.0.1", 9464}));
    EXPECT_EQ(config.limits.unauthenticated_per_address_max, 3U);
    EXPECT_EQ(config.limits.idle_timeout, std::chrono::milliseconds{800});
    EXPECT_EQ(config.limits.queue_bytes_max, 300'000U);
    EXPECT_EQ(config.limits.logins_per_minute, 14U);
}

TEST(ConfigFile, AnUnknownKeyIsAnErrorWithItsLine) {
    EXPECT_EQ(refused("data = \"/x\"\n\nlimit = 3\n"), "w.toml:3: unknown key limit");
    EXPECT_EQ(refused("[limits]\nconnections = 3\n"), "w.toml:2: unknown key limits.connections");
    EXPECT_EQ(refused("[tsl]\n"), "w.toml:1: unknown key tsl");
}

TEST(ConfigFile, AWrongValueIsAnErrorWithItsLineAndItsBounds) {
    EXPECT_EQ(
        refused("[database]\nbatch_max = 0\n"),
        "w.toml:2: database.batch_max is a number from 1 to 1024"
    );
    EXPECT_EQ(
        refused("[database]\nbatch_max = \"9\"\n"),
        "w.toml:2: database.batch_max is a number from 1 to 1024"
    );
    EXPECT_THAT(refused("listen = \"localhost\"\n"), StartsWith("w.toml:1: listen is wrong"));
    EXPECT_EQ(
        refused("log_level = \"loud\"\n"), "w.toml:1: log_level is debug, info, warn or error"
    );
    EXPECT_EQ(refused("database = 3\n"), "w.toml:1: database is a section: [database]");
    EXPECT_EQ(refused("data = 7\n"), "w.toml:1: data is a text in quotes");
}

TEST(ConfigFile, WhatIsNotTomlIsAnErrorWithItsLine) {
    EXPECT_THAT(refused("data = \"/x\"\nlisten = \n"), StartsWith("w.toml:2: "));
}

class CommandLineTest : public testing::Test {
protected:
    CommandLineTest() {
        char name[] = "/tmp/wardline-config-XXXXXX";
        folder_ = ::mkdtemp(name);
        file_ = folder_ + "/w.toml";
    }
    ~CommandLineTest() override {
        std::remove(file_.c_str());
        std::remove(folder_.c_str());
    }
    void write(const std::string& text) const { std::ofstream{file_} << text; }
    static std::string refused_line(const std::vector<std::string>& arguments) {
        const auto parsed = parse_command_line(arguments);
        return parsed ? "accepted" : parsed.error().detail;
    }

    std::string folder_;
    std::string file_;
};

TEST_F(CommandLineTest, FlagsWinOverTheFile) {
    write("data = \"/file\"\nlisten = \"127.0.0.1:1\"\nlog_level = \"warn\"\n");

    const auto parsed =
        parse_command_line({"--config", file_, "--listen", "[::]:2", "--data", "/flag"});

    ASSERT_TRUE(parsed) << parsed.error().detail;
    EXPECT_EQ(parsed.value().command, Command::serve);
    EXPECT_EQ(parsed.value().config.data, "/flag");
    EXPECT_EQ(parsed.value().config.listen, (Endpoint{"::", 2}));
    EXPECT_EQ(parsed.value().config.log_level, LogLevel::warn);
}

TEST_F(CommandLineTest, SubcommandsTakeTheSameFlagsBeforeAndBehind) {
    EXPECT_EQ(
        parse_command_line({"setup-token", "--data", "/d"}).value().command, Command::setup_token
    );
    EXPECT_EQ(
        parse_command_line({"--data", "/d", "check-config"}).value().command, Command::check_config
    );
}

TEST_F(CommandLineTest, HelpHasExamplesAndTheVersionIsOneLine) {
    const auto help = parse_command_line({"--help"}).value();
    EXPECT_EQ(help.command, Command::explain);
    EXPECT_THAT(help.text, HasSubstr("wardlined --data /var/lib/wardline --listen [::]:8443"));
    EXPECT_EQ(
        parse_command_line({"--version"}).value().text,
        std::string{"wardlined "} + WARDLINE_VERSION + "\n"
    );
}

TEST_F(CommandLineTest, WhatDoesNotGoTogetherIsRefusedWithASentence) {
    EXPECT_THAT(refused_line({}), HasSubstr("--data DIR"));
    EXPECT_THAT(refused_line({"--data", "/d", "--database", "x"}), HasSubstr("--key-ring"));
    EXPECT_THAT(refused_line({"--data", "/d", "--tls-key", "x"}), HasSubstr("--tls-cert"));
    EXPECT_THAT(refused_line({"--data", "/d", "--metrics", "0.0.0.0:1"}), HasSubstr("loopback"));
    EXPECT_THAT(refused_line({"--data", "/d", "--log-level", "loud"}), HasSubstr("--log-level"));
    EXPECT_THAT(refused_line({"--data", "/d", "--config", "/none/such"}), HasSubstr("/none/such"));
    EXPECT_NE(refused_line({"--data", "/d", "--password", "x"}), "accepted");
    EXPECT_NE(refused_line({"--data", "/d", "stray"}), "accepted");
}

}  // namespace
}  // namespace wardline::server
