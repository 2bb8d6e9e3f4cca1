#include "clients/cli/show.hpp"

#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <fmt/format.h>

namespace wardline::cli {

namespace {

using client::MessageState;
using terminal::Style;
using terminal::Text;

constexpr std::size_t kIndent = 7;  // As wide as "09:12  ".

Style state_style(MessageState state) noexcept {
    switch (state) {
        case MessageState::read:
            return Style::good;
        case MessageState::queued:
            return Style::warning;
        case MessageState::refused:
            return Style::bad;
        default:
            return Style::dim;
    }
}

struct EventWords {
    terminal::Console& console;

    void operator()(const client::MessageEvent&) const {}
    void operator()(const client::NoticeEvent& event) const {
        Text line{console.times().clock(event.time) + "  "};
        line.add("patient " + event.patient_id.text(), Style::name)
            .add(" has a new " + event.message_class + " message; ")
            .add("wardline read " + event.patient_id.text(), Style::bold);
        console.say(line);
    }
    void operator()(const client::ReceiptEvent& event) const {
        const bool read = event.receipt.read > 0;
        console.say(Text{
            fmt::format(
                "{}{} by {} up to message {}",
                std::string(kIndent, ' '),
                read ? "read" : "delivered",
                terminal::person(event.receipt.account),
                read ? event.receipt.read : event.receipt.delivered
            ),
            Style::dim
        });
    }
    void operator()(const client::ChangeEvent& event) const {
        console.say(Text{std::string(kIndent, ' ')}.add(event.sentence, Style::dim));
    }
    void operator()(const client::AlarmEvent& event) const {
        console.say(Text{"ALARM  ", Style::bad}.add(event.sentence, Style::bad));
    }
    void operator()(const client::ConnectionEvent& event) const {
        console.say(Text{std::string(kIndent, ' ')}.add(
            event.sentence, event.online ? Style::dim : Style::warning
        ));
    }
};

}  // namespace

std::string state_words(const client::Message& message) {
    switch (message.state) {
        case MessageState::queued:
            return "not sent yet";
        case MessageState::refused:
            return "refused";
        case MessageState::received:
            return "";
        default:
            return std::string{client::name_of(message.state)};
    }
}

void MessageShow::show(const client::Message& message) {
    if (console_.json()) {
        console_.result(terminal::message_json(message));
        return;
    }
    const auto& times = console_.times();
    const auto when = message.received_at.value_or(message.sent_at);
    if (auto day = times.day_long(when); day != day_) {
        console_.say(Text{"-- " + day + " --", Style::dim});
        day_ = std::move(day);
    }
    Text head{times.clock(when) + "  "};
    head.add(
        message.own ? "you" : terminal::person(message.author),
        message.own ? Style::bold : Style::name
    );
    if (with_patient_ && message.author.text() != "p:" + message.patient_id.text()) {
        head.add(" to patient " + message.patient_id.text());
    }
    auto facts = "  [" + message.message_class;
    if (message.seq != 0) facts += fmt::format(" #{}", message.seq);
    if (message.expires_at) facts += ", kept until " + times.day(*message.expires_at);
    if (message.corrects) facts += ", a correction";
    head.add(facts + "]", Style::dim);
    if (const auto state = state_words(message); !state.empty()) {
        head.add(" " + state, state_style(message.state));
    }
    console_.say(head);
    switch (message.state) {
        case MessageState::refused:
            console_.say_wrapped(message.reason, kIndent, Style::bad);
            break;
        case MessageState::expired:
            console_.say_wrapped("Its retention period is over.", kIndent, Style::dim);
            break;
        case MessageState::notice:
            console_.say_wrapped("The thread is not open.", kIndent, Style::dim);
            break;
        default:
            console_.say_wrapped(message.text, kIndent);
    }
}

void MessageShow::show(const client::Event& event) {
    if (const auto* message = std::get_if<client::MessageEvent>(&event)) {
        show(message->message);
    } else if (console_.json()) {
        console_.result(terminal::event_json(event));
    } else {
        std::visit(EventWords{console_}, event);
    }
}

}  // namespace wardline::cli
