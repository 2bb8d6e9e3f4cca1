#include "clients/cli/invocation.hpp"
#include "clients/cli/show.hpp"
#include "clients/terminal/shapes.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace wardline::cli {

namespace {

constexpr std::size_t kLimitMax = 1000;

struct ReadArguments {
    std::string patient_text;
    std::size_t limit{50};
    std::optional<PatientId> patient;
};

void show_page(Context& context, const client::HistoryPage& page) {
    auto& console = context.console;
    if (console.json()) {
        auto messages = terminal::Json::array();
        for (const auto& message : page.messages)
            messages.push_back(terminal::message_json(message));
        console.result({{"messages", std::move(messages)}, {"more", page.more}});
        return;
    }
    if (page.messages.empty()) console.say("No messages yet.");
    if (page.more)
        console.say(terminal::Text{"Older messages are there: --limit N", terminal::Style::dim});
    MessageShow show{console, false};
    for (const auto& message : page.messages) show.show(message);
}

Result<void> read(Context& context, const ReadArguments& arguments) {
    const auto& patient = arguments.patient;
    WARDLINE_TRY(check_patient(context.client, patient));
    WARDLINE_TRY(context.client.open_thread(patient));
    WARDLINE_TRY(const auto page, context.client.history(patient, arguments.limit));
    show_page(context, page);
    Seq newest = 0;
    for (const auto& message : page.messages) newest = std::max(newest, message.seq);
    // What was shown was shown; that the server does not know it yet is no failure of reading.
    if (newest > 0) [[maybe_unused]]
        const auto told = context.client.mark_read(patient, newest);
    if (!context.stays_open(patient)) {
        [[maybe_unused]] const auto closed = context.client.close_thread(patient);
    }
    return success();
}

}  // namespace

void add_read(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "read",
        "Show a thread's newest messages; staff open the thread by it, which the journal records",
        "  wardline read\n"
        "  wardline read 4711 --limit 10\n"
        "  wardline read 4711 --json"
    );
    auto arguments = std::make_shared<ReadArguments>();
    command->add_option(
        "PATIENT-ID", arguments->patient_text, "The patient; patients leave it out"
    );
    command->add_option("--limit", arguments->limit, "At most so many messages (default: 50)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, kLimitMax));
    command->callback([arguments, &invocation] {
        arguments->patient = optional_patient(arguments->patient_text);
        invocation.action = [arguments](Context& context) { return read(context, *arguments); };
    });
}

}  // namespace wardline::cli
