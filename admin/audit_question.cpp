#include "admin/audit_question.hpp"

#include "audit/kind.hpp"
#include "clients/terminal/moment.hpp"

#include <CLI/CLI.hpp>

namespace wardline::admin {
namespace {

using terminal::refuse_usage;
using terminal::value_or_usage;

wire::EntryKind kind_or_usage(const std::string& name) {
    if (const auto kind = audit::kind_named(name)) return *kind;
    refuse_usage("there is no kind of entry \"" + name + "\"; docs/audit.md lists them");
}

// A name alone is of staff; s:NAME and p:PATIENT-ID say which.
Account account_or_usage(const std::string& text) {
    const bool full = text.starts_with("s:") || text.starts_with("p:");
    return value_or_usage(Account::parse(full ? text : "s:" + text));
}

void add_outcome(const std::string& outcome, client::TrailQuestion& question) {
    if (outcome.empty()) return;
    if (outcome != "refused") refuse_usage("--outcome is refused, or left out");
    if (!question.kinds.empty()) refuse_usage("--outcome and --kind exclude each other");
    question.kinds = {wire::EntryKind::refusal, wire::EntryKind::strangers};
}

}  // namespace

std::shared_ptr<TrailOptions> add_trail_options(CLI::App& command) {
    auto options = std::make_shared<TrailOptions>();
    command.add_option("--since", options->since, "From this time on (UTC)")->type_name("TIME");
    command.add_option("--until", options->until, "Before this time (UTC)")->type_name("TIME");
    command.add_option("--kind", options->kinds, "Only entries of this kind; may be repeated")
        ->type_name("KIND");
    command.add_option("--actor", options->actor, "Only what this account did")->type_name("NAME");
    command.add_option("--patient", options->patient, "Only what is about this patient")
        ->type_name("PATIENT-ID");
    command.add_option("--device", options->device, "Only what this device did")->type_name("ID");
    command.add_option("--outcome", options->outcome, "refused: only what was refused")
        ->type_name("OUTCOME");
    command.add_option("--from", options->from, "From this entry on")->type_name("SEQ");
    command.add_option("--to", options->to, "Up to this entry")->type_name("SEQ");
    return options;
}

client::TrailQuestion question_or_usage(const TrailOptions& options, std::string act) {
    client::TrailQuestion out;
    out.act = std::move(act);
    if (options.from != 0) out.from = options.from;
    if (options.to != 0) out.to = options.to;
    if (!options.since.empty()) out.since = value_or_usage(terminal::parse_moment(options.since));
    if (!options.until.empty()) out.until = value_or_usage(terminal::parse_moment(options.until));
    for (const auto& kind : options.kinds) out.kinds.push_back(kind_or_usage(kind));
    if (!options.actor.empty()) out.subject = account_or_usage(options.actor);
    if (!options.patient.empty()) out.patient = value_or_usage(PatientId::parse(options.patient));
    if (!options.device.empty()) out.device = value_or_usage(DeviceId::from_hex(options.device));
    add_outcome(options.outcome, out);
    return out;
}

}  // namespace wardline::admin
