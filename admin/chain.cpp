#include "admin/invocation.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace wardline::admin {

namespace {

Result<void> show(Context& context, const std::optional<PatientId>& patient) {
    auto& console = context.console;
    WARDLINE_TRY(const auto lines, context.administration.chain(patient));
    auto shapes = terminal::Json::array();
    terminal::Table table{{"Pos", "Entry", "Time", "Type", "By", "What"}};
    for (const auto& line : lines) {
        shapes.push_back(
            {{"pos", line.pos},
             {"seq", line.seq},
             {"time", terminal::rfc3339(line.time)},
             {"type", line.type},
             {"by", line.by},
             {"summary", line.summary},
             {"hash", line.hash.hex()}}
        );
        table.add(
            {std::to_string(line.pos),
             std::to_string(line.seq),
             console.times().minute(line.time),
             line.type,
             line.by,
             line.summary}
        );
    }
    console.result(
        {{"chain", patient ? "patient/" + patient->text() : "clinic"},
         {"entries", std::move(shapes)}}
    );
    console.say(table);
    return success();
}

}  // namespace

void add_chain(CLI::App& app, Invocation& invocation) {
    auto* chain = terminal::add_command(
        app, "chain", "Show signed statements", "  wardline-admin chain show"
    );
    chain->require_subcommand(1);
    auto* command = terminal::add_command(
        *chain,
        "show",
        "Every statement of the clinic's chain or of a patient's, verified from the first",
        "  wardline-admin chain show\n"
        "  wardline-admin chain show --patient 4711"
    );
    auto text = std::make_shared<std::string>();
    command->add_option("--patient", *text, "This patient's chain")->type_name("PATIENT-ID");
    command->callback([text, &invocation] {
        std::optional<PatientId> patient;
        if (!text->empty()) patient = terminal::value_or_usage(PatientId::parse(*text));
        invocation.action = [patient](Context& context) { return show(context, patient); };
    });
}

}  // namespace wardline::admin
