#include "clients/core/sealed_key_file.hpp"
#include "protocol/message/sealed_message.hpp"
#include "tests/adversary/forging.hpp"

#include <gmock/gmock.h>

#include <functional>

// A server that changes, moves, repeats, reorders, drops and rewrites what people have written.
namespace wardline::adversary {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MessagesTest : public PracticeTest {
protected:
    // What anna is shown of the thread when the server changes the list of entries.
    Result<client::HistoryPage> history_with(std::function<void(Json& entries)> change) {
        server().lie({.answer = [=](const Line&, const Json& request, Json& answer) {
            const bool page = request.at("t") == "history" && answer.contains("entries");
            if (page && !answer["entries"].empty()) change(answer["entries"]);
            return true;
        }});
        auto page = read("anna");
        server().be_honest();
        return page;
    }
    // The same for what the patient's device catches up with.
    Result<void> return_with(std::function<void(Json& entries)> change) {
        server().lie({.answer = [=](const Line&, const Json& request, Json& answer) {
            if (request.at("t") == "sync" && answer.contains("entries")) change(answer["entries"]);
            return true;
        }});
        at("patient").disconnect();
        auto up = at("patient").connect();
        server().be_honest();
        return up;
    }
    // Sends, and keeps what the server sees of it.
    Json send_tapped(const std::string& name, const std::string& text) {
        Json message;
        server().lie({.request = [&](const Line&, Json& request) {
            if (request.at("t") == "send") message = request.at("message");
            return true;
        }});
        send(name, text);
        server().be_honest();
        return message;
    }
};

bool is_message(const Json& entry) {
    return entry.at("kind") == 2;
}

void erase_message(Json& entries, std::size_t number) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!is_message(entries[i])) continue;
        if (number == 0) return entries.erase(i);
        --number;
    }
}

void erase_details(Json& entries, std::size_t number) {
    for (auto& entry : entries) {
        if (!is_message(entry)) continue;
        if (number-- > 0) continue;
        const auto hash = audit::details_hash(
            wire::Salt::from(entry["salt"].get_binary()).value(), entry["details"].get_binary()
        );
        entry = Json{
            {"seq", entry["seq"]},
            {"time", entry["time"]},
            {"kind", entry["kind"]},
            {"erased", cbor::binary(hash.view())}
        };
        return;
    }
}

TEST_F(MessagesTest, OneInThePlaceOfAnotherIsAnAlarm) {
    send("patient", "one");
    send("patient", "two");
    const auto page = history_with([](Json& entries) {
        if (entries.size() == 2) std::swap(entries[0]["message"], entries[1]["message"]);
    });
    EXPECT_THAT(alarm_of(page), HasSubstr("another message in the place"));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
}

TEST_F(MessagesTest, AnotherPatientsThreadIsNotShownForTheOneThatWasAskedFor) {
    ASSERT_NO_FATAL_FAILURE(add_patient(kOther, "other"));
    send("other", "of 4712");
    ASSERT_EQ(texts("anna", kOther), Texts{"of 4712"});
    const auto* chain = at("other").session().chains.own_patient();
    const auto thread = cbor::binary(chain->thread().view());
    server().lie({.request = [=](const Line&, Json& request) {
        const auto type = request.at("t").get<std::string>();
        if (type == "open" || type == "history") request["thread"] = thread;
        return true;
    }});
    EXPECT_THAT(
        alarm_of(read("anna")), HasSubstr("a message of patient 4712 in the thread of patient 4711")
    );
}

TEST_F(MessagesTest, AMessageIsNotDeliveredToAnotherPatient) {
    ASSERT_NO_FATAL_FAILURE(add_patient(kOther, "other"));
    at("other").disconnect();
    send("patient", "of 4711");
    Json taken;
    server().lie({.answer = [&](const Line& line, const Json& request, Json& answer) {
        if (request.at("t") == "history" && !answer["entries"].empty())
            taken = answer["entries"][0];
        if (request.at("t") == "sync" && line.device == at("other").device()) {
            answer["entries"] = Json::array({taken});
            answer["upto"] = taken["seq"];
        }
        return true;
    }});
    ASSERT_TRUE(read("anna"));
    EXPECT_THAT(alarm_of(at("other").connect()), HasSubstr("a message of another patient"));
    server().be_honest();
    EXPECT_THAT(texts("other"), IsEmpty());
}

// One message for each part that a server could change. Journal, proofs and heads are made to fit;
// the patient's device has seen nothing of them before.
TEST_F(MessagesTest, NothingOfASignedMessageCanBeChanged) {
    const std::vector<std::pair<std::string, std::function<void(Json & message, Json & header)>>>
        changes{
            {"id", [](Json&, Json& header) { flip(header["id"]); }},
            {"class", [](Json&, Json& header) { header["class"] = "admin"; }},
            {"sent", [](Json&, Json& header) { header["sent"] = 1'000; }},
            {"commit", [](Json&, Json& header) { flip(header["commit"]); }},
            {"prev", [](Json&, Json& header) { header["prev"] = cbor::binary(Bytes(32, 0)); }},
            {"tree", [](Json&, Json& header) { flip(header["tree"]["root"]); }},
            {"clinic head", [](Json&, Json& header) { header["clinic_head"]["pos"] = 0; }},
            {"patient head", [](Json&, Json& header) { header["patient_head"]["pos"] = 0; }},
            {"ciphertext", [](Json& message, Json&) { flip(message["ciphertext"]); }},
            {"signature", [](Json& message, Json&) { flip(message["signature"]); }},
            {"vault slot", [](Json& message, Json&) { message["slots"].get_binary().back() ^= 1; }},
            {"reader slots", [](Json& message, Json&) { flip(message["slots"]); }},
        };
    at("patient").disconnect();
    std::map<Hash, Json> changed;  // By the hash of the true one.
    for (const auto& [name, change] : changes) {
        auto message = send_tapped("anna", "with another " + name);
        const auto truth = message::message_hash(message::parse_message(message).value());
        auto header = cbor::decode(message["header"].get_binary()).value();
        change(message, header);
        message["header"] = cbor::binary(cbor::encode(header));
        changed[truth] = message;
    }
    const auto rewrite = [&](Json& entry) {
        if (!is_message(entry)) return;
        auto details = cbor::decode(entry["details"].get_binary()).value();
        const auto found = changed.find(Hash::from(details["hash"].get_binary()).value());
        if (found == changed.end()) return;
        const auto message = message::parse_message(found->second).value();
        const auto header = cbor::decode(message.header).value();
        details["class"] = header["class"];
        details["hash"] = cbor::binary(message::message_hash(message).view());
        entry["details"] = cbor::binary(cbor::encode(details));
        if (entry.contains("message")) entry["message"] = found->second;
    };
    const auto journal = std::make_shared<ForgedJournal>(server(), rewrite);
    const auto victim = at("patient").device();
    server().lie(
        {.answer =
             [=](const Line& line, const Json& request, Json& answer) {
                 if (line.device == victim) journal->tell(request, answer);
                 return true;
             },
         .push =
             [=](const Line& line, Json& push) {
                 if (line.device == victim) journal->tell_push(push);
                 return true;
             }}
    );
    const auto up = at("patient").connect();
    ASSERT_TRUE(up) << up.error().detail;
    const auto page = at("patient").history(std::nullopt, 100);
    ASSERT_TRUE(page) << page.error().detail;

    EXPECT_THAT(page.value().messages, SizeIs(changes.size()));
    for (const auto& message : page.value().messages) {
        EXPECT_EQ(message.state, client::MessageState::refused);
        EXPECT_EQ(message.text, "");
        EXPECT_THAT(message.reason, HasSubstr("not signed by the device it names"));
    }
    EXPECT_TRUE(at("patient").pending_alarm());
}

TEST_F(MessagesTest, AnEntryOfTheJournalCannotBeRewritten) {
    send("patient", "one");
    send("patient", "two");
    ASSERT_EQ(texts("anna"), (Texts{"one", "two"}));
    const auto detail = [](const char* key, Json value) {
        return [=](Json& entry) {
            auto details = cbor::decode(entry["details"].get_binary()).value();
            details[key] = value;
            entry["details"] = cbor::binary(cbor::encode(details));
        };
    };
    const std::vector<std::pair<const char*, std::function<void(Json & entry)>>> rewrites{
        {"time", [](Json& entry) { entry["time"] = entry["time"].get<std::uint64_t>() + 1; }},
        {"salt", [](Json& entry) { flip(entry["salt"]); }},
        {"size", detail("size", 1)},
        {"class", detail("class", "clinical")},
        {"actor", detail("actor", "s:anna")},
        {"device", detail("device", cbor::binary(at("anna").device().view()))},
        {"patient", detail("patient", "4712")},
        {"thread", detail("thread", cbor::binary(Bytes(16, 1)))},
        {"hash", detail("hash", cbor::binary(Bytes(32, 1)))},
    };
    for (const auto& [name, rewrite] : rewrites) {
        SCOPED_TRACE(name);
        const auto page = history_with([&](Json& entries) { rewrite(entries[0]); });
        EXPECT_NE(alarm_of(page), "");
    }
    for (std::uint64_t kind = 1; kind <= 12; ++kind) {
        if (kind == 2) continue;
        SCOPED_TRACE(kind);
        const auto page = history_with([&](Json& entries) { entries[0]["kind"] = kind; });
        EXPECT_NE(alarm_of(page), "");
    }
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
}

TEST_F(MessagesTest, RepetitionsAndOtherOrdersAreAnAlarm) {
    for (const auto* text : {"one", "two", "three"}) send("patient", text);
    const std::vector<std::function<void(Json & entries)>> orders{
        [](Json& entries) { std::reverse(entries.begin(), entries.end()); },
        [](Json& entries) { std::swap(entries[1], entries[2]); },
        [](Json& entries) { entries.push_back(entries[0]); },
        [](Json& entries) { entries.insert(entries.begin() + 1, entries[0]); },
    };
    for (const auto& order : orders)
        EXPECT_THAT(
            alarm_of(history_with(order)), HasSubstr("does not show this thread as it was written")
        );
    EXPECT_EQ(texts("anna"), (Texts{"one", "two", "three"}));
}

// Filed a second time, with an entry and proofs of its own.
TEST_F(MessagesTest, AMessageThatIsFiledTwiceIsAnAlarm) {
    send("patient", "one");
    send("patient", "two");
    ASSERT_EQ(texts("anna"), (Texts{"one", "two"}));
    const auto journal = std::make_shared<ForgedJournal>(server());
    auto lies = instead_of_the_true_one(at("anna"), journal);
    Json twin;
    lies.answer = [&, tell = lies.answer](const Line& line, const Json& request, Json& answer) {
        if (request.at("t") == "history" && !answer["entries"].empty()) {
            auto& entries = answer["entries"];
            if (twin.is_null()) {
                const Bytes details = entries[0]["details"].get_binary();
                twin = journal->append(details, 2, Json{{"message", entries[0]["message"]}});
            }
            entries.push_back(twin);
        }
        return tell(line, request, answer);
    };
    server().lie(std::move(lies));
    EXPECT_THAT(alarm_of(read("anna")), HasSubstr("a message is repeated"));
}

TEST_F(MessagesTest, AMissingMessageIsAnAlarmOnceOneFollowsIt) {
    for (const auto* text : {"one", "two", "three"}) send("patient", text);
    for (std::size_t gone = 0; gone < 2; ++gone) {
        const auto page = history_with([=](Json& entries) { erase_message(entries, gone); });
        EXPECT_THAT(alarm_of(page), HasSubstr("a message is missing"));
    }
    // The last one is missed with the next.
    EXPECT_TRUE(history_with([](Json& entries) { erase_message(entries, 2); }));
    send("patient", "four");
    const auto page = history_with([](Json& entries) { erase_message(entries, 2); });
    EXPECT_THAT(alarm_of(page), HasSubstr("a message is missing"));
}

TEST_F(MessagesTest, AMissingMessageIsAnAlarmOnAPatientsDeviceToo) {
    send("anna", "one");
    ASSERT_EQ(texts("patient"), Texts{"one"});
    at("patient").disconnect();
    send("anna", "two");
    send("anna", "three");
    const auto up = return_with([](Json& entries) { erase_message(entries, 0); });
    EXPECT_THAT(alarm_of(up), HasSubstr("a message is missing"));
    EXPECT_EQ(texts("patient"), (Texts{"one", "two", "three"}));
}

// Such an entry proves like any other: what makes it a lie is that the clinic did not decide it.
TEST_F(MessagesTest, AMessageWhoseDetailsCannotBeErasedYetIsAnAlarm) {
    for (const auto* text : {"one", "two"}) send("patient", text);
    const auto first = [](Json& entries) { erase_details(entries, 0); };
    EXPECT_THAT(alarm_of(history_with(first)), HasSubstr("the clinic has not decided so"));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
    at("patient").disconnect();
    send("anna", "three");
    EXPECT_THAT(alarm_of(return_with(first)), HasSubstr("the clinic has not decided so"));
    EXPECT_EQ(texts("patient"), (Texts{"one", "two", "three"}));
}

// No lie at all: two people have decided it while anna's device had the thread open.
TEST_F(MessagesTest, ADecisionThatADeviceHasNotHeardOfYetIsLookedUpBeforeAnAlarm) {
    for (const auto* text : {"one", "two"}) send("patient", text);
    ASSERT_EQ(texts("anna"), (Texts{"one", "two"}));
    server().lie({.push = [](const Line&, Json& push) { return push.at("t") != "entry"; }});
    const auto thread = at("anna").session().thread_of(kPatient).value()->thread();
    const auto newest = at("anna").history(kPatient, 1).value().messages.back().seq;
    const trust::AuditErase decision{
        .thread = thread, .from = 1, .to = newest, .reason = trust::ErasureReason::court_order
    };
    auto& clinic = at("admin").session().chains;
    ASSERT_TRUE(clinic.submit(trust::ChainName::clinic(), decision));
    const auto proposal = clinic.clinic().open_proposals(Instant{}).back()->hash;
    const auto root = client::read_sealed_key(
        folder_ / "root.sealed", client::StoreKey::from_key_file(key_file("root")).value()
    );
    ASSERT_TRUE(root) << root.error().detail;
    const auto secret = SigningSecret::from(root.value().secret.reveal()).value();
    const auto approved = office().approve(proposal, secret);
    ASSERT_TRUE(approved) << approved.error().detail;
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "history") erase_details(answer["entries"], 0);
        return true;
    }});
    const auto page = at("anna").history(kPatient, 100);
    server().be_honest();
    ASSERT_TRUE(page) << page.error().detail;
    EXPECT_EQ(page.value().messages.size(), 1U);
}

// A device that comes back after so many years that nothing else can be expected.
TEST_F(MessagesTest, OnlyProvedErasuresExplainWhatIsMissing) {
    for (const auto* text : {"one", "two", "three"}) send("patient", text);
    restart("anna", std::chrono::years{12});

    const auto page = history_with([](Json& entries) { erase_details(entries, 0); });
    ASSERT_TRUE(page) << page.error().detail;
    EXPECT_EQ(page.value().messages.size(), 2U);
    const auto missing = history_with([](Json& entries) { erase_message(entries, 0); });
    EXPECT_THAT(alarm_of(missing), HasSubstr("a message is missing"));
    const auto elsewhere = history_with([](Json& entries) {
        erase_details(entries, 0);
        erase_message(entries, 1);
    });
    EXPECT_THAT(alarm_of(elsewhere), HasSubstr("a message is missing"));
    const auto forged = history_with([](Json& entries) {
        erase_details(entries, 0);
        entries[0]["erased"] = cbor::binary(Hash{}.view());
    });
    EXPECT_THAT(alarm_of(forged), HasSubstr("is not in it"));
}

// Nobody but its author could miss it; but who has answered it has seen it.
TEST_F(MessagesTest, AMessageThatAnotherAuthorHasSeenIsMissed) {
    send("patient", "one");
    ASSERT_EQ(texts("anna"), Texts{"one"});
    send("anna", "an answer");
    const auto page = history_with([](Json& entries) { erase_message(entries, 0); });

    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_TRUE(at("anna").pending_alarm());
    EXPECT_THAT(*at("anna").pending_alarm(), HasSubstr("had seen a message"));
}

TEST_F(MessagesTest, WithheldContentIsAnAlarm) {
    send("patient", "one");
    at("patient").disconnect();
    send("anna", "two");
    const auto strip = [](Json& entries) {
        for (auto& entry : entries) entry.erase("message");
    };
    EXPECT_THAT(alarm_of(history_with(strip)), HasSubstr("withholds the content"));
    EXPECT_THAT(alarm_of(return_with(strip)), HasSubstr("withholds the content"));
    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
}

// Nothing is shown to staff, and nothing counts as read up to there, before it is proved.
TEST_F(MessagesTest, WithoutProofsNothingIsShownAndNothingIsLost) {
    send("patient", "one");
    at("patient").disconnect();
    send("anna", "two");
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "inclusion")
            answer = {{"t", "error"}, {"id", answer["id"]}, {"code", "unavailable"}};
        return true;
    }});
    const auto page = read("anna");
    EXPECT_FALSE(page);
    EXPECT_FALSE(at("patient").connect());
    server().be_honest();

    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
}

TEST_F(MessagesTest, ACursorBeyondTheJournalsEndHidesNothing) {
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "sync") answer["upto"] = 1'000'000'000;
        return true;
    }});
    at("patient").disconnect();
    EXPECT_FALSE(at("patient").connect());
    server().be_honest();
    send("anna", "heard all the same");
    restart("patient");
    EXPECT_EQ(texts("patient"), Texts{"heard all the same"});
}

TEST_F(MessagesTest, NoNumberIsGivenTwiceWhateverTheServerAsksFor) {
    send("anna", "one");
    at("anna").disconnect();
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "recipients") answer["counter"] = 1;
        return true;
    }});
    restart("anna");
    const auto sent = at("anna").send_text(kPatient, "two");
    EXPECT_THAT(alarm_of(sent), HasSubstr("number a message like one that it has written"));
}

TEST_F(MessagesTest, AnAcknowledgementOfAnotherMessageIsAnAlarm) {
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "send") flip(answer["hash"]);
        return true;
    }});
    const auto sent = at("anna").send_text(kPatient, "one");
    EXPECT_THAT(alarm_of(sent), HasSubstr("another message in the place"));
    server().be_honest();
    at("anna").disconnect();
    ASSERT_TRUE(at("anna").connect());
    EXPECT_EQ(texts("patient"), Texts{"one"});
}

TEST_F(MessagesTest, ASpoiledLiveSlotFallsBackToTheReaderSlot) {
    send("patient", "readable all the same");
    const auto page = history_with([](Json& entries) {
        for (auto& entry : entries) {
            if (entry.contains("live")) flip(entry["live"][1]);
        }
    });
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_THAT(page.value().messages, SizeIs(1));
    EXPECT_EQ(page.value().messages.front().text, "readable all the same");
}

}  // namespace
}  // namespace wardline::adversary
