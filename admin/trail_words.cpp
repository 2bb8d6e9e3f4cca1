#include "admin/trail_words.hpp"

#include "audit/details.hpp"
#include "audit/export.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wardline::admin {
namespace {

using audit::Details;

// Nothing where they are erased or of no form, which verification tells; words are then missing.
Details details_of(const audit::TrailEntry& entry) {
    auto read = Details::read(entry.kind, entry.details);
    return read ? std::move(read).value() : Details{};
}

std::size_t items(const Details& details, std::string_view key) {
    const auto* found = details.find(key);
    return found == nullptr ? 0 : found->items;
}

std::string range(const Details& details) {
    const auto to = details.number("to");
    return to == 0 ? fmt::format("from {} on", details.number("from"))
                   : fmt::format("{} to {}", details.number("from"), to);
}

std::string about(const Details& details) {
    std::string out;
    if (const auto patient = details.text("patient"); !patient.empty()) {
        out.append(" of ").append(patient);
    }
    if (const auto subject = details.text("subject"); !subject.empty()) {
        out.append(" by ").append(subject);
    }
    return out;
}

std::string refused(const Details& details) {
    const auto count = details.number("count");
    return fmt::format(
        "was refused {}{}: {}{}",
        details.text("act"),
        about(details),
        details.text("code"),
        count > 1 ? fmt::format(", {} times", count) : ""
    );
}

std::string server(const Details& details) {
    const auto act = details.text("act");
    if (const auto* names = details.find("names"); names != nullptr) {
        return fmt::format("found other settings: {}", fmt::join(names->texts(), ", "));
    }
    return fmt::format(
        "{}, version {}", act == "start" ? "started" : "stopped", details.text("version")
    );
}

std::string receipts(const Details& details) {
    return fmt::format(
        "{} entries {} of {}",
        details.text("act") == "read" ? "was shown" : "received",
        range(details),
        details.text("patient")
    );
}

// What is done with content and threads.
std::string of_content(audit::EntryKind kind, const Details& details) {
    using enum audit::EntryKind;
    const auto patient = details.text("patient");
    switch (kind) {
        case message:
            return fmt::format(
                "sent a message ({}) in the thread of {}", details.text("class"), patient
            );
        case added_slots:
            return fmt::format(
                "made {} earlier messages of {} readable", details.number("count"), patient
            );
        case open:
            return fmt::format("opened the thread of {}", patient);
        case close:
            return fmt::format("closed the thread of {}", patient);
        case receipts:
            return admin::receipts(details);
        case expiry:
            return fmt::format(
                "{} messages in {} units expired", details.number("count"), items(details, "units")
            );
        case destroyed:
            return fmt::format("destroyed {} expired units", items(details, "units"));
        default:
            return "";
    }
}

// What is done with the trail itself.
std::string of_trail(audit::EntryKind kind, const Details& details) {
    if (kind == audit::EntryKind::erasure) {
        return fmt::format(
            "erased the details of {} entries in {} ({})",
            details.number("count"),
            range(details),
            details.text("act")
        );
    }
    return fmt::format(
        "{} the trail ({}){}: entries {}",
        kind == audit::EntryKind::reading ? "read" : "exported",
        details.text("act"),
        about(details),
        range(details)
    );
}

std::string sentence(const audit::TrailEntry& entry, const Details& details) {
    using enum audit::EntryKind;
    switch (entry.kind) {
        case statement:
            return fmt::format(
                "signed {} at {} of chain {}",
                details.text("type"),
                details.number("pos"),
                details.text("chain")
            );
        case login:
            return "logged in";
        case logout:
            return "was logged out";
        case refusal:
            return refused(details);
        case server:
            return admin::server(details);
        case strangers:
            return fmt::format(
                "were refused {} {} times in a minute: {}",
                details.text("act"),
                details.number("count"),
                details.text("code")
            );
        case export_run:
        case erasure:
        case reading:
            return of_trail(entry.kind, details);
        default:
            return of_content(entry.kind, details);
    }
}

}  // namespace

terminal::Json trail_json(const audit::TrailEntry& entry) {
    std::string line;
    audit::make_exporter(audit::ExportFormat::jsonl)->entry(entry, line);
    return terminal::Json::parse(line);
}

std::string who(const audit::TrailEntry& entry) {
    if (!entry.salt) return "";
    const auto details = details_of(entry);
    if (const auto actor = details.text("actor"); !actor.empty()) return std::string{actor};
    switch (entry.kind) {
        case audit::EntryKind::statement:
            return "root key or invite";
        case audit::EntryKind::refusal:
            return "an invite";
        case audit::EntryKind::strangers:
            return "strangers";
        default:
            return "server";
    }
}

std::string what(const audit::TrailEntry& entry) {
    if (!entry.salt) return "(details erased)";
    return sentence(entry, details_of(entry));
}

}  // namespace wardline::admin
