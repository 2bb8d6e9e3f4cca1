#include "clients/cli/invocation.hpp"
#include "clients/cli/show.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/utf8.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace wardline::cli {

namespace {

constexpr std::size_t kTextBytesMax = 65'536;

struct SendArguments {
    std::string to;
    std::string message_class{"appointment"};
    std::string text;
    std::optional<PatientId> patient;
};

Result<void> check_text(std::string_view text) {
    if (text.empty()) return Error{Code::usage, "there is no text to send"};
    if (text.size() > kTextBytesMax) {
        return Error{Code::usage, "the text is longer than 65,536 bytes; send it in parts"};
    }
    if (!terminal::is_valid_utf8(text)) return Error{Code::usage, "the text is not valid UTF-8"};
    return success();
}

Result<void> send(Context& context, const SendArguments& arguments) {
    auto text = arguments.text;
    if (text == "-") {
        text = context.input;
        if (text.ends_with('\n')) text.pop_back();
        if (text.ends_with('\r')) text.pop_back();
    }
    WARDLINE_TRY(check_text(text));
    WARDLINE_TRY(check_patient(context.client, arguments.patient));
    client::SendOptions options;
    options.message_class = arguments.message_class;
    WARDLINE_TRY(const auto sent, context.client.send_text(arguments.patient, text, options));
    auto& console = context.console;
    console.result(terminal::message_json(sent));
    if (sent.state == client::MessageState::queued) {
        return Error{
            Code::unreachable,
            "the message is kept on this device and goes out by itself at the next connection; do "
            "not send it again"
        };
    }
    terminal::Text line{"Sent", terminal::Style::good};
    line.add(" as message " + std::to_string(sent.seq));
    if (sent.expires_at) line.add(", kept until " + console.times().day(*sent.expires_at));
    console.say(line.add("."));
    return success();
}

}  // namespace

void add_send(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "send",
        "Send a message",
        "  wardline send \"May I come on Monday?\"\n"
        "  wardline send --to 4711 --class clinical \"Your results are in.\"\n"
        "  wardline send --to 4711 --class internal \"Call back first.\"\n"
        "  wardline send - < letter.txt"
    );
    auto arguments = std::make_shared<SendArguments>();
    command->add_option("--to", arguments->to, "The patient; patients leave it out")
        ->type_name("PATIENT-ID");
    command
        ->add_option(
            "--class", arguments->message_class, "What kind of message (default: appointment)"
        )
        ->type_name("CLASS");
    command->add_option("TEXT", arguments->text, "The text; - reads it from standard input")
        ->required();
    command->callback([arguments, &invocation] {
        arguments->patient = optional_patient(arguments->to);
        check_class(arguments->message_class);
        invocation.reads_input = arguments->text == "-";
        if (!invocation.reads_input) {
            if (const auto good = check_text(arguments->text); !good) {
                terminal::refuse_usage(good.error().detail);
            }
        }
        invocation.action = [arguments](Context& context) { return send(context, *arguments); };
    });
}

}  // namespace wardline::cli
