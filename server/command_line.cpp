#include "server/config.hpp"
#include "server/private_files.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace wardline::server {
namespace {

constexpr std::size_t kConfigBytesMax = 1'048'576;

constexpr auto kDescription =
    "The Wardline server. Keeps everything below one folder; with no database given it runs its "
    "own\n"
    "PostgreSQL there.";

constexpr auto kExamples =
    "Examples:\n"
    "  wardlined --data /var/lib/wardline --listen [::]:8443\n"
    "  wardlined --config /etc/wardline/wardlined.toml --log-level debug\n"
    "  wardlined --data /var/lib/wardline --database 'host=db1 dbname=wardline' --key-ring "
    "'host=db2 dbname=keys'\n"
    "  wardlined check-config --config /etc/wardline/wardlined.toml\n"
    "  wardlined setup-token --data /var/lib/wardline\n"
    "\n"
    "Exit codes: 0 done, 2 usage or configuration, 3 refused, 4 the database cannot be reached, 6 "
    "the files in DIR.\n"
    "Limits are keys of the configuration file: docs/operations.md lists them.\n"
    "SIGTERM ends the server in order; SIGHUP reads the TLS certificate again.";

// The flags as typed; what is absent leaves the file's word.
struct Flags {
    std::string config_file;
    std::string data;
    std::string listen;
    std::string database;
    std::string key_ring;
    std::string tls_certificate;
    std::string tls_key;
    std::string metrics;
    std::string log_level;
};

void add_flags(CLI::App& app, Flags& flags) {
    app.add_option("--data", flags.data, "Folder of the server's own files")->type_name("DIR");
    app.add_option("--config", flags.config_file, "Configuration in TOML; flags win")
        ->type_name("FILE");
    app.add_option("--listen", flags.listen, "Where clients connect (default 127.0.0.1:8443)")
        ->type_name("ADDR:PORT");
    app.add_option("--database", flags.database, "libpq conninfo of the main database")
        ->type_name("CONNINFO");
    app.add_option("--key-ring", flags.key_ring, "libpq conninfo of the key ring, another cluster")
        ->type_name("CONNINFO");
    app.add_option("--tls-cert", flags.tls_certificate, "Certificate chain in PEM")
        ->type_name("FILE");
    app.add_option("--tls-key", flags.tls_key, "Its private key in PEM")->type_name("FILE");
    app.add_option(
           "--metrics", flags.metrics, "Loopback port of Prometheus metrics (default: none)"
    )
        ->type_name("ADDR:PORT");
    app.add_option("--log-level", flags.log_level, "debug, info, warn or error (default info)")
        ->type_name("LEVEL");
}

Result<void> apply(const Flags& flags, Config& config) {
    if (!flags.data.empty()) config.data = flags.data;
    if (!flags.database.empty()) config.database = flags.database;
    if (!flags.key_ring.empty()) config.key_ring = flags.key_ring;
    if (!flags.tls_certificate.empty()) config.tls_certificate = flags.tls_certificate;
    if (!flags.tls_key.empty()) config.tls_key = flags.tls_key;
    if (!flags.listen.empty()) {
        WARDLINE_TRY(config.listen, Endpoint::parse(flags.listen));
    }
    if (!flags.metrics.empty()) {
        WARDLINE_TRY(config.metrics, Endpoint::parse(flags.metrics));
    }
    if (!flags.log_level.empty()) {
        const auto level = log_level_of(flags.log_level);
        if (!level) return Error{Code::usage, "--log-level is debug, info, warn or error"};
        config.log_level = *level;
    }
    return success();
}

Result<void> check(const Config& config) {
    if (config.data.empty()) {
        return Error{
            Code::usage,
            "say where the server's files are: --data DIR, or data = \"DIR\" in the configuration"
        };
    }
    if (config.database.has_value() != config.key_ring.has_value()) {
        return Error{
            Code::usage, "--database and --key-ring are given together: two clusters, or neither"
        };
    }
    if (config.tls_certificate.has_value() != config.tls_key.has_value()) {
        return Error{Code::usage, "--tls-cert and --tls-key are given together"};
    }
    if (config.metrics && config.metrics->address != "::1" &&
        !config.metrics->address.starts_with("127.")) {
        return Error{Code::usage, "--metrics is a loopback address: 127.0.0.1:PORT or [::1]:PORT"};
    }
    return success();
}

Result<Config> configuration(const Flags& flags) {
    Config config;
    if (!flags.config_file.empty()) {
        const auto file = read_file(flags.config_file, kConfigBytesMax);
        if (!file) return Error{Code::usage, file.error().detail};
        WARDLINE_TRY(read_config(file.value(), flags.config_file, config));
    }
    WARDLINE_TRY(apply(flags, config));
    WARDLINE_TRY(check(config));
    return config;
}

}  // namespace

std::optional<LogLevel> log_level_of(std::string_view text) {
    if (text == "debug") return LogLevel::debug;
    if (text == "info") return LogLevel::info;
    if (text == "warn") return LogLevel::warn;
    if (text == "error") return LogLevel::error;
    return std::nullopt;
}

Result<Invocation> parse_command_line(const std::vector<std::string>& arguments) {
    Flags flags;
    CLI::App app{kDescription, "wardlined"};
    app.footer(kExamples);
    app.set_version_flag("--version", std::string{"wardlined "} + WARDLINE_VERSION);
    app.fallthrough();
    add_flags(app, flags);
    const auto* const check_config =
        app.add_subcommand("check-config", "Check the configuration and start nothing");
    const auto* const setup_token = app.add_subcommand(
        "setup-token", "Print a token with which a clinic is set up once, within an hour"
    );
    app.require_subcommand(0, 1);
    try {
        app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
    } catch (const CLI::CallForHelp&) {
        return Invocation{Command::explain, {}, app.help()};
    } catch (const CLI::CallForVersion& version) {
        return Invocation{Command::explain, {}, std::string{version.what()} + "\n"};
    } catch (const CLI::ParseError& error) {
        return Error{Code::usage, error.what()};
    }
    WARDLINE_TRY(auto config, configuration(flags));
    Command command = Command::serve;
    if (check_config->parsed()) command = Command::check_config;
    if (setup_token->parsed()) command = Command::setup_token;
    return Invocation{command, std::move(config), {}};
}

}  // namespace wardline::server
