#include "admin/audit.hpp"
#include "admin/invocation.hpp"
#include "audit/details.hpp"
#include "clients/core/trail.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <map>
#include <memory>

namespace wardline::admin {
namespace {

// One stretch of time in which a device had a thread before somebody's eyes.
struct Access {
    std::string account;
    std::string patient;
    std::string device;
    Instant first;  // Opened, or without an opening the first receipt or message.
    std::optional<Instant> closed;
    Seq shown_from{0};  // Entries that it reported as shown; 0: none.
    Seq shown_to{0};
    std::uint64_t written{0};  // Messages that it sent meanwhile.
    bool opened{false};        // Staff open threads; patients' devices have theirs.
};

class Accesses {
public:
    void add(const audit::TrailEntry& entry) {
        const auto read = audit::Details::read(entry.kind, entry.details);
        if (!read) {
            ++erased;
            return;
        }
        const auto& details = read.value();
        const auto device = hex(details, "device");
        const std::string patient{details.text("patient")};
        if (device.empty() || patient.empty()) return;
        auto& current = current_[{device, patient}];
        if (entry.kind == wire::EntryKind::open) current = begin(details, entry, true);
        if (!current) current = begin(details, entry, false);
        auto& access = list[*current];
        if (entry.kind == wire::EntryKind::close) {
            access.closed = entry.time;
        } else if (entry.kind == wire::EntryKind::message) {
            ++access.written;
        } else if (entry.kind == wire::EntryKind::receipts && details.text("act") == "read") {
            const auto from = details.number("from");
            if (access.shown_from == 0 || from < access.shown_from) access.shown_from = from;
            access.shown_to = std::max(access.shown_to, details.number("to"));
        }
    }

    std::vector<Access> list;  // In the order of their beginning.
    std::uint64_t erased{0};   // Entries that say nothing any more.

private:
    std::size_t begin(const audit::Details& details, const audit::TrailEntry& entry, bool opened) {
        Access access;
        access.account = details.text("actor");
        access.patient = details.text("patient");
        access.device = hex(details, "device");
        access.first = entry.time;
        access.opened = opened;
        list.push_back(std::move(access));
        return list.size() - 1;
    }
    static std::string hex(const audit::Details& details, std::string_view key) {
        const auto* found = details.find(key);
        return found == nullptr ? std::string{} : to_hex(found->bytes);
    }

    // The newest of each device and patient. It stays so when it is closed: what was shown is
    // reported up to a minute later.
    std::map<std::pair<std::string, std::string>, std::optional<std::size_t>> current_;
};

terminal::Json json_of(const Access& access) {
    terminal::Json out{
        {"account", access.account},
        {"patient_id", access.patient},
        {"device", access.device},
        {"opened", access.opened},
        {"from", terminal::rfc3339(access.first)},
        {"until", nullptr},
        {"shown_from", nullptr},
        {"shown_to", nullptr},
        {"written", access.written}
    };
    if (access.closed) out["until"] = terminal::rfc3339(*access.closed);
    if (access.shown_to != 0) {
        out["shown_from"] = access.shown_from;
        out["shown_to"] = access.shown_to;
    }
    return out;
}

void show(terminal::Console& console, const std::vector<Access>& list) {
    terminal::Table table{{"Who", "Patient", "Device", "From", "Until", "Shown", "Wrote"}};
    for (const auto& access : list) {
        table.add(
            {access.account,
             access.patient,
             access.device.substr(0, 8),
             console.times().minute(access.first),
             access.closed ? console.times().minute(*access.closed)
                           : (access.opened ? "still open" : ""),
             access.shown_to == 0 ? std::string{}
                                  : fmt::format("{} to {}", access.shown_from, access.shown_to),
             access.written == 0 ? std::string{} : std::to_string(access.written)}
        );
    }
    console.say(table);
}

Result<void> access(Context& context, const client::TrailQuestion& question) {
    auto& console = context.console;
    WARDLINE_TRY(auto trail, client::Trail::begin(context.client, question));
    Accesses accesses;
    for (;;) {
        WARDLINE_TRY(const auto page, trail.next());
        if (page.empty()) break;
        for (const auto& entry : page) accesses.add(entry);
    }
    auto shapes = terminal::Json::array();
    for (const auto& one : accesses.list) shapes.push_back(json_of(one));
    console.result({{"accesses", std::move(shapes)}, {"erased", accesses.erased}});
    if (accesses.list.empty()) {
        console.say("Nobody had messages before them.");
    } else {
        show(console, accesses.list);
    }
    if (accesses.erased != 0) {
        console.say(fmt::format("{} entries say nothing any more: erased.", accesses.erased));
    }
    return success();
}

}  // namespace

void add_audit_access(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "access",
        "Who had a patient's messages before them, when and on which device; or the reverse",
        "  wardline-admin audit access --patient 4711\n"
        "  wardline-admin audit access --staff maria"
    );
    auto patient = std::make_shared<std::string>();
    auto staff = std::make_shared<std::string>();
    command->add_option("--patient", *patient, "Whose messages")->type_name("PATIENT-ID");
    command->add_option("--staff", *staff, "Whose eyes")->type_name("NAME");
    command->callback([patient, staff, &invocation] {
        if (patient->empty() == staff->empty()) {
            terminal::refuse_usage("either --patient PATIENT-ID or --staff NAME");
        }
        client::TrailQuestion question;
        question.act = "access";
        question.kinds = {
            wire::EntryKind::open,
            wire::EntryKind::close,
            wire::EntryKind::receipts,
            wire::EntryKind::message
        };
        if (!patient->empty()) {
            question.patient = terminal::value_or_usage(PatientId::parse(*patient));
        } else {
            question.subject = Account::staff(terminal::value_or_usage(StaffName::parse(*staff)));
        }
        invocation.action = [question](Context& context) { return access(context, question); };
    });
}

}  // namespace wardline::admin
