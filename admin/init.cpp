#include "admin/invocation.hpp"
#include "clients/core/setup.hpp"
#include "clients/terminal/home.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

namespace wardline::admin {

namespace {

using terminal::Style;
using terminal::Text;

// CLASS=DAYS
void read_period(const std::string& text, std::map<std::string, std::uint32_t>& periods) {
    const auto equals = text.find('=');
    const auto message_class = text.substr(0, equals);
    if (equals == std::string::npos || !client::default_retention_days().contains(message_class)) {
        terminal::refuse_usage(
            "a period is CLASS=DAYS, as in clinical=3650; this is none: " + text
        );
    }
    std::uint32_t days = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + equals + 1, end, days);
    if (read.ec != std::errc{} || read.ptr != end || days < 1 || days > 36'500) {
        terminal::refuse_usage("a period is 1 to 36,500 days; this is none: " + text);
    }
    periods[message_class] = days;
}

Result<client::SetupKeys> ask_keys(
    const terminal::CommonOptions& common,
    const InitArguments& arguments,
    terminal::Console& console
) {
    WARDLINE_TRY(
        auto home, terminal::new_key(common.key, "this device's home " + common.home.string())
    );
    if (arguments.root_key.password_file.empty()) {
        console.say(
            "The root key is the clinic's highest authority. It needs a passphrase of its own."
        );
    }
    WARDLINE_TRY(auto root, terminal::new_key(arguments.root_key, arguments.root_file.string()));
    if (arguments.vault_key.password_file.empty()) {
        console.say(
            "Whoever has the vault file and its passphrase can read every message. Let a second "
            "officer type this "
            "passphrase, unseen by you, and keep the file yourself."
        );
    }
    WARDLINE_TRY(auto vault, terminal::new_key(arguments.vault_key, arguments.vault_file.string()));
    return client::SetupKeys{
        .home = std::move(home), .root = std::move(root), .vault = std::move(vault)
    };
}

void show_founded(
    terminal::Console& console, const InitArguments& arguments, const client::Status& status
) {
    auto shape = terminal::status_json(status);
    shape["root_file"] = arguments.root_file.string();
    shape["vault_file"] = arguments.vault_file.string();
    console.result(shape);
    console.say(Text{"Founded ", Style::good}.add(status.clinic_name, Style::bold).add("."));
    terminal::show_status(console, status);
    console.say("");
    console.say(
        "Root key   " + arguments.root_file.string() +
        ": copy it to two places offline, then delete it here."
    );
    console.say(
        "Vault key  " + arguments.vault_file.string() + ": put it away, apart from its passphrase."
    );
    console.say(Text{"Next: invite a second officer, so that two people decide: ", Style::dim}.add(
        "wardline-admin staff invite NAME --role manager", Style::bold
    ));
}

}  // namespace

Result<void> init(
    const terminal::CommonOptions& common,
    const InitArguments& arguments,
    terminal::Console& console
) {
    if (client::Client::is_enrolled(common.home)) {
        return Error{
            Code::local_store,
            "there is an enrolled device in " + common.home.string() + " already; use --home"
        };
    }
    WARDLINE_TRY(auto administrator, StaffName::parse(arguments.account));
    WARDLINE_TRY(terminal::make_home(common.home));
    WARDLINE_TRY(const auto lock, terminal::HomeLock::try_take(common.home));
    if (!lock) return Error{Code::local_store, "another program uses " + common.home.string()};
    WARDLINE_TRY(const auto keys, ask_keys(common, arguments, console));
    const client::SetupOptions options{
        .server = arguments.server,
        .token = arguments.token,
        .clinic_name = arguments.clinic,
        .administrator = std::move(administrator),
        .home = common.home,
        .root_file = arguments.root_file,
        .vault_file = arguments.vault_file,
        .retention_days = arguments.retention_days,
    };
    WARDLINE_TRY(
        const auto client, client::setup_clinic(options, keys, client::system_environment())
    );
    WARDLINE_TRY(const auto status, client->status());
    show_founded(console, arguments, status);
    return success();
}

void add_init(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "init",
        "Found the clinic on a new server: root key, vault key, and you as its first administrator",
        "  wardlined setup-token --data /var/lib/wardline     prints the token\n"
        "  wardline-admin init --server clinic.example:8443 --token ABC.def --clinic \"Praxis "
        "Nord\" \\\n"
        "      --root-out root.key --vault-out vault.key"
    );
    auto arguments = std::make_shared<InitArguments>();
    command->add_option("--server", arguments->server, "host:port, or https://host:port")
        ->type_name("URL")
        ->required();
    command->add_option("--token", arguments->token, "What wardlined setup-token printed")
        ->type_name("TOKEN")
        ->required();
    command->add_option("--clinic", arguments->clinic, "The clinic's name, which everybody sees")
        ->type_name("NAME")
        ->required();
    command->add_option("--root-out", arguments->root_file, "New file for the sealed root key")
        ->type_name("FILE")
        ->required();
    command->add_option("--vault-out", arguments->vault_file, "New file for the sealed vault key")
        ->type_name("FILE")
        ->required();
    command->add_option("--account", arguments->account, "Your account's name (default: admin)")
        ->type_name("NAME");
    command
        ->add_option(
            "--root-password-file",
            arguments->root_key.password_file,
            "The root file's passphrase (default: asks)"
        )
        ->type_name("FILE");
    command
        ->add_option(
            "--vault-password-file",
            arguments->vault_key.password_file,
            "The vault file's passphrase (default: asks)"
        )
        ->type_name("FILE");
    auto periods = std::make_shared<std::vector<std::string>>();
    command->add_option("--keep", *periods, "How long a class of messages is kept; may be repeated")
        ->type_name("CLASS=DAYS")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->callback([arguments, periods, &invocation] {
        terminal::value_or_usage(StaffName::parse(arguments->account));
        for (const auto& period : *periods) read_period(period, arguments->retention_days);
        invocation.init = *arguments;
    });
}

}  // namespace wardline::admin
