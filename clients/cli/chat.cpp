#include "clients/cli/chat.hpp"

#include "clients/cli/home_holder.hpp"
#include "clients/cli/line_editor.hpp"
#include "clients/cli/raw_terminal.hpp"
#include "clients/cli/show.hpp"
#include "clients/terminal/utf8.hpp"
#include "clients/terminal/views.hpp"
#include "protocol/trust/class.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace wardline::cli {

namespace {

using terminal::Style;
using terminal::Text;

constexpr std::size_t kHistoryLimit = 20;
constexpr std::size_t kLineBytesMax = 65'536;

class Chat final : public StayingCommand {
public:
    Chat(client::Client& client, terminal::Console& console, const ChatArguments& arguments)
        : client_{client},
          console_{console},
          show_{console, false},
          patient_{arguments.patient ? *arguments.patient : *client.own_patient()},
          message_class_{arguments.message_class} {
        const auto& facts = console.facts();
        if (facts.in_terminal && facts.out_terminal && !facts.json) editor_.emplace("> ");
    }

    Result<void> begin();
    void on_ready() override {}
    Result<bool> on_event(const client::Event& event) override;
    Result<bool> on_input(std::string_view bytes) override;
    Result<bool> on_input_end() override;
    bool shows(const std::optional<PatientId>& patient) const override {
        return !patient || *patient == patient_;
    }

    void draw() {
        if (editor_) console_.control(editor_->drawn(console_.facts().columns));
    }
    void clear() {
        if (editor_) console_.control(LineEditor::cleared());
    }

private:
    Result<bool> on_line(const std::string& line);
    Result<bool> on_command(std::string_view name, std::string_view argument);
    Result<void> send(const std::string& text);
    Result<void> open();
    Result<void> show_history(Seq before, std::size_t limit);
    void show_message(const client::Message& message);
    // A message that waits is shown again, with its number, once it is sent.
    std::set<MessageId>& shown_as(client::MessageState state) {
        return state == client::MessageState::queued ? shown_waiting_ : shown_;
    }
    void show_receipt(const client::ReceiptInfo& receipt);
    void help();
    Result<void> unless_serious(Result<void> done);

    client::Client& client_;
    terminal::Console& console_;
    MessageShow show_;
    PatientId patient_;
    std::string message_class_;
    std::optional<LineEditor> editor_;
    std::string piped_;  // Input that is no whole line yet, without a terminal.
    std::set<MessageId> shown_;
    std::set<MessageId> shown_waiting_;
    bool opened_{false};  // The client opens it again by itself after a lost connection.
    Seq oldest_{0};
    Seq last_own_{0};
    Seq delivered_told_{0};
    Seq read_told_{0};
};

Result<void> Chat::begin() {
    auto connected = client_.connect();
    if (connected) connected = open();
    WARDLINE_TRY(unless_serious(std::move(connected)));
    console_.say(
        Text{
            client_.is_patient() ? "Your thread with the clinic"
                                 : "Thread of patient " + patient_.text(),
            Style::bold
        }
            .add(", class " + message_class_ + ". /help tells more, Ctrl-D ends.", Style::dim)
    );
    // Staff have nothing to show before the thread is open, and were told why it is not.
    if (client_.is_patient() || opened_) {
        WARDLINE_TRY(unless_serious(show_history(0, kHistoryLimit)));
    }
    draw();
    return success();
}

Result<void> Chat::open() {
    if (client_.is_patient() || opened_) return success();
    WARDLINE_TRY(client_.open_thread(patient_));
    opened_ = true;
    return success();
}

Result<void> Chat::show_history(Seq before, std::size_t limit) {
    WARDLINE_TRY(const auto page, client_.history(patient_, limit, before));
    for (const auto& message : page.messages) show_message(message);
    if (!page.messages.empty() && page.messages.front().seq != 0)
        oldest_ = page.messages.front().seq;
    if (page.more) console_.say(Text{"(older messages: /more)", Style::dim});
    return success();
}

void Chat::show_message(const client::Message& message) {
    if (!shown_as(message.state).insert(message.message_id).second) return;
    show_.show(message);
    if (message.own) {
        last_own_ = std::max(last_own_, message.seq);
    } else if (message.seq != 0 && message.state == client::MessageState::received) {
        // What was shown was shown, whether the server hears of it now or later.
        [[maybe_unused]] const auto told = client_.mark_read(patient_, message.seq);
    }
}

void Chat::show_receipt(const client::ReceiptInfo& receipt) {
    if (receipt.account == client_.account() || last_own_ == 0) return;
    const auto who = terminal::person(receipt.account);
    if (receipt.read >= last_own_ && read_told_ < last_own_) {
        console_.say(Text{"       read by " + who, Style::good});
        read_told_ = delivered_told_ = last_own_;
    } else if (receipt.delivered >= last_own_ && delivered_told_ < last_own_) {
        console_.say(Text{"       delivered to " + who, Style::dim});
        delivered_told_ = last_own_;
    }
}

Result<bool> Chat::on_event(const client::Event& event) {
    clear();
    auto done = Result<void>{success()};
    if (const auto* message = std::get_if<client::MessageEvent>(&event);
        message != nullptr && message->message.patient_id == patient_) {
        show_message(message->message);
    } else if (const auto* receipt = std::get_if<client::ReceiptEvent>(&event);
               receipt != nullptr && !console_.json()) {
        if (receipt->patient_id == patient_) show_receipt(receipt->receipt);
    } else if (const auto* notice = std::get_if<client::NoticeEvent>(&event);
               notice != nullptr && notice->patient_id == patient_) {
        // It was written while our thread was closed by a lost connection.
        done = open();
        if (done) done = show_history(0, kHistoryLimit);
    } else {
        show_.show(event);
        const auto* connection = std::get_if<client::ConnectionEvent>(&event);
        if (connection != nullptr && connection->online) done = open();
    }
    WARDLINE_TRY(unless_serious(std::move(done)));
    draw();
    return true;
}

Result<bool> Chat::on_input(std::string_view bytes) {
    std::vector<std::string> lines;
    bool ended = false;
    if (editor_) {
        auto fed = editor_->feed(bytes);
        lines = std::move(fed.lines);
        ended = fed.ended;
    } else {
        piped_ += bytes;
        for (auto end = piped_.find('\n'); end != std::string::npos; end = piped_.find('\n')) {
            lines.push_back(piped_.substr(0, end));
            piped_.erase(0, end + 1);
        }
        if (piped_.size() > kLineBytesMax)
            return Error{Code::usage, "a line is longer than 65,536 bytes"};
    }
    clear();
    for (const auto& line : lines) {
        WARDLINE_TRY(const auto stay, on_line(line));
        if (!stay) return false;
    }
    if (!ended) draw();
    return !ended;
}

Result<bool> Chat::on_input_end() {
    if (!piped_.empty()) {
        WARDLINE_TRY(on_line(std::exchange(piped_, {})));
    }
    return false;
}

Result<bool> Chat::on_line(const std::string& line) {
    auto text = line;
    while (text.ends_with('\r') || text.ends_with(' ')) text.pop_back();
    if (text.empty()) return true;
    if (text.starts_with("//")) {
        text.erase(0, 1);
    } else if (text.starts_with('/')) {
        const auto space = std::min(text.find(' '), text.size());
        return on_command(
            std::string_view{text}.substr(1, space - 1),
            std::string_view{text}.substr(std::min(space + 1, text.size()))
        );
    }
    WARDLINE_TRY(unless_serious(send(text)));
    return true;
}

Result<bool> Chat::on_command(std::string_view name, std::string_view argument) {
    if (name == "quit" || name == "q") return false;
    if (name == "more") {
        WARDLINE_TRY(unless_serious(show_history(oldest_, kHistoryLimit)));
    } else if (name == "class" && trust::parse_class(argument)) {
        message_class_ = argument;
        console_.say(Text{"What you write now has the class " + message_class_ + ".", Style::dim});
    } else {
        help();
    }
    return true;
}

void Chat::help() {
    console_.say(Text{
        "/class CLASS  appointment, clinical, photo, admin, marketing or, among staff, internal\n"
        "/more         older messages\n"
        "/quit         end; also Ctrl-D\n"
        "//text        sends /text",
        Style::dim
    });
}

Result<void> Chat::send(const std::string& text) {
    if (!terminal::is_valid_utf8(text)) return Error{Code::usage, "the text is not valid UTF-8"};
    client::SendOptions options;
    options.message_class = message_class_;
    WARDLINE_TRY(
        const auto sent,
        client_.send_text(
            client_.is_patient() ? std::nullopt : std::optional{patient_}, text, options
        )
    );
    show_.show(sent);
    shown_as(sent.state).insert(sent.message_id);
    last_own_ = std::max(last_own_, sent.seq);
    return success();
}

// A refusal is shown and the conversation goes on; what ends it is an alarm or a store that fails.
Result<void> Chat::unless_serious(Result<void> done) {
    if (done) return done;
    const auto code = terminal::exit_code_of(done.error().code);
    if (code == terminal::ExitCode::trust_alarm || code == terminal::ExitCode::local_store)
        return done;
    console_.fail(done.error());
    return success();
}

}  // namespace

Result<void> chat(
    const std::filesystem::path& home,
    client::Client& client,
    terminal::Console& console,
    const ChatArguments& arguments
) {
    WARDLINE_TRY(check_patient(client, arguments.patient));
    Chat command{client, console, arguments};
    const auto& facts = console.facts();
    std::optional<RawTerminal> raw;
    const bool edits = facts.in_terminal && facts.out_terminal && !facts.json;
    if (edits) {
        raw.emplace();
        console.control(LineEditor::paste_on());
    }
    auto ended = command.begin();
    if (ended) ended = hold_home(home, client, ProcessInputs::Read::signals_and_input, command);
    if (edits) {
        command.clear();
        console.control(LineEditor::paste_off());
    }
    return ended;
}

void add_chat(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "chat",
        "A conversation, line by line, with history, receipts and how long each message is kept",
        "  wardline chat\n"
        "  wardline chat 4711\n"
        "  wardline chat 4711 --class internal"
    );
    auto text = std::make_shared<std::string>();
    command->add_option("PATIENT-ID", *text, "The patient; patients leave it out");
    command
        ->add_option(
            "--class", invocation.chat.message_class, "What kind of messages (default: appointment)"
        )
        ->type_name("CLASS");
    command->callback([text, &invocation] {
        invocation.kind = Invocation::Kind::chat;
        invocation.chat.patient = optional_patient(*text);
        check_class(invocation.chat.message_class);
    });
}

}  // namespace wardline::cli
