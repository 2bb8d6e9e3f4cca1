#include "admin/audit.hpp"
#include "admin/invocation.hpp"
#include "admin/witness_file.hpp"
#include "admin/witness_ssh.hpp"
#include "admin/witness_syslog.hpp"
#include "clients/core/trail.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

namespace wardline::admin {
namespace {

struct WitnessArguments {
    std::string file;
    std::string syslog;
    std::string ssh;
    std::string path{"wardline-heads.jsonl"};
    std::uint64_t every{0};
};

Result<void> hand_over(const WitnessArguments& to, const audit::Witness& witness) {
    if (!to.file.empty()) {
        WARDLINE_TRY(append_witness(to.file, witness));
    }
    if (!to.syslog.empty()) {
        WARDLINE_TRY(send_to_syslog(to.syslog, witness));
    }
    if (!to.ssh.empty()) {
        WARDLINE_TRY(append_over_ssh(to.ssh, to.path, witness));
    }
    return success();
}

// The file's heads are of the server's journal still: else nothing is added, and it is an alarm.
Result<void> check_known(client::Client& client, const std::string& file) {
    std::error_code error;
    if (file.empty() || !std::filesystem::exists(file, error)) return success();
    WARDLINE_TRY(const auto known, read_witnesses(file));
    return client::check_witness(client, known.back());
}

Result<void> witness(Context& context, const WitnessArguments& to) {
    auto& console = context.console;
    Bytes last;
    for (;;) {
        WARDLINE_TRY(check_known(context.client, to.file));
        WARDLINE_TRY(const auto head, client::newest_head(context.client));
        if (head.head.body != last) {
            WARDLINE_TRY(hand_over(to, head));
            last = head.head.body;
            WARDLINE_TRY(const auto parsed, audit::parse_head(head.head.body));
            console.result(
                {{"size", parsed.size},
                 {"root", parsed.root.hex()},
                 {"time", terminal::rfc3339(parsed.time)}}
            );
            console.say(fmt::format("Witnessed: {} entries, {}", parsed.size, parsed.root.hex()));
        }
        if (to.every == 0) return success();
        const auto until =
            std::chrono::steady_clock::now() + std::chrono::seconds{static_cast<long>(to.every)};
        while (std::chrono::steady_clock::now() < until) {
            WARDLINE_TRY(context.client.next_event(client::Milliseconds{1'000}));
        }
    }
}

}  // namespace

void add_audit_witness(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "witness",
        "Hand the newest signed head to somebody outside, who can later prove what the journal was",
        "  wardline-admin audit witness --file heads.jsonl\n"
        "  wardline-admin audit witness --syslog tcp:logs.example:514 --every 3600\n"
        "  wardline-admin audit witness --ssh witness@other.example --path heads.jsonl"
    );
    auto to = std::make_shared<WitnessArguments>();
    command->add_option("--file", to->file, "Append to this file")->type_name("FILE");
    command->add_option("--syslog", to->syslog, "udp:HOST:PORT, tcp:HOST:PORT or unix:/dev/log")
        ->type_name("SERVER");
    command->add_option("--ssh", to->ssh, "Append to a file on this machine, by ssh with a key")
        ->type_name("USER@HOST");
    command->add_option("--path", to->path, "That file")->type_name("FILE");
    command->add_option("--every", to->every, "Again and again, until Ctrl-C")
        ->type_name("SECONDS");
    command->callback([to, &invocation] {
        if (to->file.empty() && to->syslog.empty() && to->ssh.empty()) {
            terminal::refuse_usage("name a witness: --file, --syslog or --ssh");
        }
        if (!to->syslog.empty()) terminal::value_or_usage(check_syslog_server(to->syslog));
        if (!to->ssh.empty()) terminal::value_or_usage(check_ssh_target(to->ssh, to->path));
        invocation.action = [to](Context& context) { return witness(context, *to); };
    });
}

}  // namespace wardline::admin
