#include "clients/terminal/views.hpp"

#include "clients/terminal/qr.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wardline::terminal {

namespace {

void field(Console& console, std::string_view name, const Text& value) {
    Text line{fmt::format("{:<14}", name), Style::dim};
    console.say(line.append(value));
}

Text team_text(const client::TeamStatus& team) {
    Text text{
        fmt::format("{} ({} {}", team.team, team.devices, team.devices == 1 ? "device" : "devices")
    };
    if (!team.epoch_live) text.add(", key being renewed", Style::warning);
    if (team.epoch_live && !team.epoch_known) text.add(", key not here yet", Style::warning);
    return text.add(")");
}

}  // namespace

std::string person(const Account& account) {
    return account.is_staff() ? account.name() : "patient " + account.name();
}

void show_invite(Console& console, const client::InviteInfo& invite, bool qr) {
    console.say(Text{"Invite for "}
                    .add(person(invite.account), Style::name)
                    .add(", once, until ")
                    .add(console.times().minute(invite.expires_at)));
    console.say(invite.uri);
    if (qr) {
        if (auto code = qr_code(invite.uri)) console.say(code.value());
    }
    if (invite.pending) {
        console.say(Text{"It works once a second officer has approved it: ", Style::warning}.add(
            "wardline-admin approve " + invite.proposal.hex()
        ));
    }
    console.say(Text{"Hand it over in person or by telephone: who has it can enrol.", Style::dim});
}

void show_devices(Console& console, const std::vector<client::DeviceInfo>& devices) {
    Table table{{"Device", "Since", "State", "Teams", "Fingerprint"}};
    for (const auto& device : devices) {
        Text state;
        if (!device.live) {
            state.add("removed", Style::bad);
        } else if (!device.confirmed) {
            state.add("not confirmed", Style::warning);
        } else {
            state.add(device.own ? "this device" : "live", Style::good);
        }
        table.add(
            {device.id.hex(),
             console.times().minute(device.granted_at),
             state,
             fmt::format("{}", fmt::join(device.teams, " ")),
             device.fingerprint}
        );
    }
    console.say(table);
}

void show_status(Console& console, const client::Status& status) {
    field(console, "Clinic", Text{status.clinic_name, Style::bold});
    field(console, "Fingerprint", status.clinic_fingerprint);
    Text server{status.server + " "};
    field(
        console,
        "Server",
        status.online ? server.add("reached", Style::good) : server.add("not reached", Style::bad)
    );
    field(
        console, "Account", Text{person(status.account), Style::name}.add(" (" + status.role + ")")
    );
    field(console, "Device", status.device.hex());
    field(console, "", status.device_fingerprint);
    if (!status.confirmed) {
        field(
            console,
            "",
            Text{
                "Not confirmed yet: open another device of yours, or read the fingerprint above to "
                "the clinic.",
                Style::warning
            }
        );
    }
    for (const auto& team : status.teams) field(console, "Team", team_text(team));
    if (status.head_time) {
        field(
            console,
            "Journal",
            fmt::format("entry {}, {}", status.head_seq, console.times().minute(*status.head_time))
        );
    }
    if (status.queued > 0) {
        field(
            console, "Queued", Text{std::to_string(status.queued) + " not sent yet", Style::warning}
        );
    }
    for (const auto& warning : status.warnings)
        field(console, "Warning", Text{warning, Style::warning});
}

}  // namespace wardline::terminal
