#include "admin/audit.hpp"
#include "admin/invocation.hpp"
#include "clients/terminal/moment.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

namespace wardline::admin {
namespace {

void tell_proposed(terminal::Console& console, const std::optional<Hash>& proposal) {
    terminal::Json shape{{"proposal", nullptr}};
    if (proposal) shape["proposal"] = proposal->hex();
    console.result(shape);
    if (!proposal) {
        console.say("It counts from now on.");
        return;
    }
    console.say(fmt::format(
        "Proposed. Another officer lets it count with: wardline-admin approve {}",
        proposal->hex().substr(0, 16)
    ));
}

Result<void> retention(Context& context, std::uint32_t days) {
    if (days == 0) {
        WARDLINE_TRY(const auto kept, context.administration.audit_retention());
        context.console.result({{"days", kept}});
        context.console.say(fmt::format("Details of the trail are kept for {} days.", kept));
        return success();
    }
    WARDLINE_TRY(const auto proposal, context.administration.set_audit_retention(days));
    tell_proposed(context.console, proposal);
    return success();
}

struct EraseArguments {
    std::string patient;
    std::uint64_t from{1};
    std::uint64_t to{0};
    std::string reason;
};

Result<void> erase(Context& context, const PatientId& patient, const EraseArguments& arguments) {
    WARDLINE_TRY(const auto reason, trust::parse_erasure_reason(arguments.reason));
    WARDLINE_TRY(
        const auto proposal,
        context.administration.propose_audit_erasure(patient, arguments.from, arguments.to, reason)
    );
    tell_proposed(context.console, proposal);
    return success();
}

void add_trail_retention(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "retention",
        "How long the trail's details are kept, whatever becomes of content. Keeping them for a "
        "shorter time takes two people",
        "  wardline-admin audit retention\n"
        "  wardline-admin audit retention --days 4015"
    );
    auto days = std::make_shared<std::uint32_t>(0);
    command->add_option("--days", *days, "From now on so long")
        ->type_name("DAYS")
        ->check(CLI::Range(1U, trust::kRetentionDaysMax));
    command->callback([days, &invocation] {
        invocation.action = [days = *days](Context& context) { return retention(context, days); };
    });
}

}  // namespace

void add_audit_erasure(CLI::App& audit, Invocation& invocation) {
    add_trail_retention(audit, invocation);
    auto* command = terminal::add_command(
        audit,
        "erase",
        "Propose that details of entries about a patient are erased before their time. Numbers, "
        "times, kinds and all proofs stay",
        "  wardline-admin audit erase --patient 4711 --to 5000 --reason subject-request"
    );
    auto arguments = std::make_shared<EraseArguments>();
    command->add_option("--patient", arguments->patient, "About this patient")
        ->type_name("PATIENT-ID")
        ->required();
    command->add_option("--from", arguments->from, "From this entry on")->type_name("SEQ");
    command->add_option("--to", arguments->to, "Up to this entry")->type_name("SEQ")->required();
    command
        ->add_option(
            "--reason", arguments->reason, "subject-request, court-order or filed-in-error"
        )
        ->type_name("REASON")
        ->required();
    command->callback([arguments, &invocation] {
        const auto patient = terminal::value_or_usage(PatientId::parse(arguments->patient));
        if (!trust::parse_erasure_reason(arguments->reason)) {
            terminal::refuse_usage("--reason is subject-request, court-order or filed-in-error");
        }
        if (arguments->from == 0 || arguments->to < arguments->from) {
            terminal::refuse_usage("--from and --to are a range of entries");
        }
        invocation.action = [patient, arguments](Context& context) {
            return erase(context, patient, *arguments);
        };
    });
}

}  // namespace wardline::admin
