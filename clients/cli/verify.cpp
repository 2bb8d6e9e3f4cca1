#include "clients/cli/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace wardline::cli {

namespace {

using terminal::Style;
using terminal::Text;

Result<void> verify(Context& context, const std::string& whom) {
    auto& console = context.console;
    WARDLINE_TRY(
        const auto verified,
        context.client.verify(whom.empty() ? std::nullopt : std::optional{whom})
    );
    console.result(terminal::verify_json(verified));
    console.say(Text{"Clinic       "}.add(verified.clinic_name, Style::bold));
    console.say("             " + verified.clinic_fingerprint);
    console.say(Text{"This device  "}.add(verified.own_fingerprint));
    if (verified.peers.empty()) console.say("There is no other device to compare with yet.");
    for (const auto& peer : verified.peers) {
        console.say("");
        console.say(
            Text{terminal::person(peer.device.account), Style::name}.add(" " + peer.device.id.hex())
        );
        console.say("  fingerprint    " + peer.device.fingerprint);
        if (!peer.safety_number.empty()) console.say("  safety number  " + peer.safety_number);
    }
    console.say("");
    console.say(Text{
        "Compare them with the other side, in person or by telephone: the same numbers on both "
        "mean that nobody "
        "stands between you.",
        Style::dim
    });
    return success();
}

}  // namespace

void add_verify(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "verify",
        "Show the clinic's fingerprint and the safety numbers of devices",
        "  wardline verify\n"
        "  wardline verify anna      a member of staff\n"
        "  wardline verify 4711      a patient"
    );
    auto whom = std::make_shared<std::string>();
    command->add_option("WHOM", *whom, "A staff name or a patient id (default: everybody)");
    command->callback([whom, &invocation] {
        invocation.action = [whom](Context& context) { return verify(context, *whom); };
    });
}

}  // namespace wardline::cli
