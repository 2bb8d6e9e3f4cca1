#include "clients/terminal/shapes.hpp"

#include "clients/cli/show.hpp"

#include <gtest/gtest.h>

namespace wardline::cli {
namespace {

using terminal::Json;

template <class T>
T filled(std::uint8_t byte) {
    Bytes bytes(T::kSize, byte);
    return T::from(bytes).value();
}

client::Message a_message() {
    return client::Message{
        .seq = 17,
        .message_id = filled<MessageId>(0xaa),
        .patient_id = PatientId::parse("4711").value(),
        .thread = filled<ThreadId>(0xbb),
        .author = Account::parse("s:anna").value(),
        .device = filled<DeviceId>(0xcc),
        .message_class = "appointment",
        .sent_at = Instant{1'795'300'453'007},
        .received_at = Instant{1'795'300'453'107},
        .expires_at = Instant{1'826'836'453'107},
        .state = client::MessageState::received,
        .text = "At ten.",
        .reason = {},
    };
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

const std::vector<std::string> kMessageKeys{
    "seq",
    "message_id",
    "patient_id",
    "thread",
    "author",
    "device",
    "class",
    "sent_at",
    "received_at",
    "expires_at",
    "state",
    "text",
};

TEST(MessageJson, HasExactlyThePublishedKeysInOrder) {
    EXPECT_EQ(keys_of(terminal::message_json(a_message())), kMessageKeys);
    EXPECT_EQ(
        terminal::to_line(terminal::message_json(a_message())),
        R"({"seq":17,"message_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","patient_id":"4711",)"
        R"("thread":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","author":"s:anna","device":"cccccccccccccccccccccccccccccccc",)"
        R"("class":"appointment","sent_at":"2026-11-21T22:34:13.007Z","received_at":"2026-11-21T22:34:13.107Z",)"
        R"("expires_at":"2027-11-21T22:34:13.107Z","state":"received","text":"At ten."})"
    );
}

TEST(MessageJson, HasNullForWhatIsNotKnown) {
    auto message = a_message();
    message.seq = 0;
    message.received_at.reset();
    message.expires_at.reset();
    message.state = client::MessageState::queued;

    const auto shape = terminal::message_json(message);

    EXPECT_TRUE(shape.at("seq").is_null());
    EXPECT_TRUE(shape.at("received_at").is_null());
    EXPECT_TRUE(shape.at("expires_at").is_null());
    EXPECT_EQ(shape.at("text"), "At ten.");
}

TEST(MessageJson, HasNoTextWhereNoneMayBeShown) {
    for (const auto state :
         {client::MessageState::refused, client::MessageState::expired, client::MessageState::notice
         }) {
        auto message = a_message();
        message.state = state;

        EXPECT_TRUE(terminal::message_json(message).at("text").is_null());
    }
}

TEST(EventJson, OfANoticeIsAMessageWithoutText) {
    const client::Event event = client::NoticeEvent{
        .patient_id = PatientId::parse("4711").value(),
        .thread = filled<ThreadId>(1),
        .message_class = "clinical",
        .seq = 3,
        .time = Instant{0}
    };

    const auto shape = terminal::event_json(event);

    EXPECT_EQ(keys_of(shape), kMessageKeys);
    EXPECT_EQ(shape.at("state"), "notice");
    EXPECT_TRUE(shape.at("text").is_null());
}

TEST(EventJson, OfAnythingElseNamesItself) {
    const client::ReceiptInfo receipt{
        .account = Account::parse("p:4711").value(),
        .device = filled<DeviceId>(2),
        .delivered = 9,
        .read = 7
    };
    const client::Event receipt_event = client::ReceiptEvent{
        .patient_id = PatientId::parse("4711").value(),
        .thread = filled<ThreadId>(1),
        .receipt = receipt
    };

    const auto shape = terminal::event_json(receipt_event);

    EXPECT_EQ(
        keys_of(shape),
        (std::vector<std::string>{
            "event", "patient_id", "thread", "account", "device", "delivered", "read"
        })
    );
    EXPECT_EQ(shape.at("event"), "receipt");
    EXPECT_EQ(terminal::event_json(client::AlarmEvent{"x"}).at("event"), "alarm");
    EXPECT_EQ(terminal::event_json(client::ConnectionEvent{true, "x"}).at("online"), true);
    EXPECT_EQ(
        terminal::event_json(client::ChangeEvent{"grant", "s:anna", "x"}).at("type"), "grant"
    );
}

class Recorder final : public terminal::Channel {
public:
    void out(std::string_view bytes) override { said += bytes; }
    void err(std::string_view bytes) override { said += bytes; }
    Result<std::string> ask(const std::string&) override {
        return Error{Code::usage, "nobody is there"};
    }
    std::string said;
};

terminal::Facts plain_facts() {
    terminal::Facts facts;
    facts.zone = "Europe/Berlin";
    return facts;
}

TEST(MessageShow, SaysWhoWhenUntilWhenAndWhat) {
    Recorder recorder;
    terminal::Console console{recorder, plain_facts()};

    MessageShow{console, true}.show(a_message());

    EXPECT_EQ(
        recorder.said,
        "-- Saturday, 21 November 2026 --\n"
        "23:34  anna to patient 4711  [appointment #17, kept until 2027-11-21]\n"
        "       At ten.\n"
    );
}

TEST(MessageShow, NeverSendsATextsEscapesToTheTerminal) {
    auto facts = plain_facts();
    facts.out_terminal = true;
    facts.colour = true;
    Recorder recorder;
    terminal::Console console{recorder, facts};
    auto message = a_message();
    message.text = "\x1b[2J\x1b]0;owned\x07\u202E";
    message.state = client::MessageState::received;

    MessageShow{console, false}.show(message);

    EXPECT_EQ(recorder.said.find("\x1b[2J"), std::string::npos);
    EXPECT_EQ(recorder.said.find('\x07'), std::string::npos);
    EXPECT_NE(recorder.said.find("<U+001B>[2J<U+001B>]0;owned<U+0007><U+202E>"), std::string::npos);
}

TEST(MessageShow, SaysWhyAMessageWasRefusedAndNotItsText) {
    Recorder recorder;
    terminal::Console console{recorder, plain_facts()};
    auto message = a_message();
    message.state = client::MessageState::refused;
    message.reason = "its signature is wrong";

    MessageShow{console, false}.show(message);

    EXPECT_NE(recorder.said.find("refused\n       its signature is wrong\n"), std::string::npos);
    EXPECT_EQ(recorder.said.find("At ten."), std::string::npos);
}

TEST(MessageShow, PrintsOneObjectALineWithJson) {
    auto facts = plain_facts();
    facts.json = true;
    Recorder recorder;
    terminal::Console console{recorder, facts};
    MessageShow show{console, true};

    show.show(client::Event{client::MessageEvent{a_message()}});
    show.show(client::Event{client::AlarmEvent{"a\nb"}});

    const auto end = recorder.said.find('\n');
    EXPECT_EQ(Json::parse(recorder.said.substr(0, end)).at("text"), "At ten.");
    EXPECT_EQ(recorder.said.substr(end + 1), "{\"event\":\"alarm\",\"text\":\"a\\nb\"}\n");
}

}  // namespace
}  // namespace wardline::cli
