#include "tests/e2e/clinic.hpp"

#include <gmock/gmock.h>

// What patients and staff do all day, through the programs alone.
namespace wardline::e2e {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::string>;

class CliConversation : public ClinicTest {};

TEST_F(CliConversation, GoesFromThePatientToStaffAndBack) {
    ASSERT_NO_FATAL_FAILURE(make_practice());

    const auto question = send("patient", {"May I come on Monday?"});
    const auto inbox = wardline("anna", {"inbox", "--json"}).json().at("threads");
    ASSERT_EQ(inbox.size(), 1U);
    EXPECT_EQ(inbox[0].at("patient_id"), "4711");
    EXPECT_EQ(inbox[0].at("last_seq"), question);
    EXPECT_EQ(inbox[0].at("unread"), true);
    EXPECT_EQ(texts_of(messages("anna", {"4711"})), (Texts{"May I come on Monday?"}));
    send("anna", {"--to", "4711", "--class", "internal", "Squeeze them in."});
    const auto answer = send("anna", {"--to", "4711", "At ten. 🙂"});

    const auto seen = messages("patient");
    EXPECT_EQ(texts_of(seen), (Texts{"May I come on Monday?", "At ten. 🙂"}));
    EXPECT_EQ(seen[0].at("state"), "read");
    EXPECT_EQ(seen[1].at("state"), "received");
    EXPECT_EQ(seen[1].at("seq"), answer);
    EXPECT_EQ(seen[1].at("author"), "s:anna");
    Texts keys;
    for (const auto& [key, value] : seen[1].items()) keys.push_back(key);
    EXPECT_THAT(
        keys,
        testing::UnorderedElementsAre(
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
            "text"
        )
    );
    EXPECT_THAT(
        seen[1].at("received_at").get<std::string>(),
        testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z")
    );
    EXPECT_EQ(
        texts_of(messages("anna", {"4711"})),
        (Texts{"May I come on Monday?", "Squeeze them in.", "At ten. 🙂"})
    );
    EXPECT_EQ(wardline("anna", {"inbox", "--json"}).json().at("threads")[0].at("unread"), false);
}

TEST_F(CliConversation, ASecondDeviceOfEitherSideReadsTheHistory) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    send("patient", {"one"});
    send("anna", {"--to", "4711", "two"});

    ASSERT_NO_FATAL_FAILURE(enrol("tablet", wardline("patient", {"device", "add", "--json"})));
    EXPECT_EQ(wardline("patient", {"status"}).exit_code, 0);  // Admits the tablet.
    ASSERT_NO_FATAL_FAILURE(enrol("desk", wardline("anna", {"device", "add", "--json"})));
    EXPECT_EQ(wardline("anna", {"status"}).exit_code, 0);

    EXPECT_EQ(texts_of(messages("tablet")), (Texts{"one", "two"}));
    EXPECT_EQ(texts_of(messages("desk", {"4711"})), (Texts{"one", "two"}));
    send("tablet", {"three"});
    EXPECT_EQ(texts_of(messages("patient")), (Texts{"one", "two", "three"}));
    EXPECT_EQ(texts_of(messages("anna", {"4711"})), (Texts{"one", "two", "three"}));
}

TEST_F(CliConversation, ANewColleagueReadsFromBeforeTheirTimeAndAnOutsiderNothing) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    send("patient", {"before your time"});
    ASSERT_NO_FATAL_FAILURE(invite_and_enrol("ben", "clinician"));
    ASSERT_NO_FATAL_FAILURE(invite_and_enrol("otto", "reception"));

    const auto admitted = wardline("anna", {"team", "admit", "ben", "--yes", "--json"});
    ASSERT_EQ(admitted.exit_code, 0) << admitted.err;

    EXPECT_EQ(admitted.json().at("admitted").size(), 1U);
    EXPECT_EQ(texts_of(messages("ben", {"4711"})), (Texts{"before your time"}));
    EXPECT_TRUE(wardline("otto", {"inbox", "--json"}).json().at("threads").empty());
    const auto refused = wardline("otto", {"read", "4711", "--json"});
    EXPECT_EQ(refused.exit_code, 3) << refused.err;
    EXPECT_EQ(refused.out, "");
    EXPECT_EQ(wardline("otto", {"send", "--to", "4711", "hello", "--json"}).exit_code, 3);
}

TEST_F(CliConversation, APatientWhoLostTheirOnlyDeviceIsConfirmedByTheClinic) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    send("patient", {"from the old phone"});
    ASSERT_NO_FATAL_FAILURE(enrol("new", wardline("anna", {"patient", "invite", "4711", "--json"}))
    );
    EXPECT_EQ(wardline("new", {"status", "--json"}).json().at("confirmed"), false);
    EXPECT_EQ(wardline("new", {"send", "--json", "too early"}).exit_code, 3);
    const auto fingerprint =
        wardline("new", {"status", "--json"}).json().at("device_fingerprint").get<std::string>();

    const auto wrong =
        wardline("anna", {"identity-confirm", "4711", "--json", "--fingerprint", "00000 11111"});
    const auto right =
        wardline("anna", {"identity-confirm", "4711", "--json", "--fingerprint", fingerprint});

    EXPECT_EQ(wrong.exit_code, 2) << wrong.err;
    ASSERT_EQ(right.exit_code, 0) << right.err;
    EXPECT_EQ(texts_of(messages("new")), (Texts{"from the old phone"}));
}

TEST_F(CliConversation, ARemovedColleagueIsShutOutAndTheOthersGoOn) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    ASSERT_NO_FATAL_FAILURE(invite_and_enrol("ben", "clinician"));
    ASSERT_EQ(wardline("anna", {"team", "admit", "ben", "--yes"}).exit_code, 0);
    send("patient", {"one"});
    EXPECT_EQ(texts_of(messages("ben", {"4711"})), (Texts{"one"}));

    const auto removed = admin("admin", {"team", "remove", "practice", "ben"});
    ASSERT_EQ(removed.exit_code, 0) << removed.err;
    send("patient", {"two"});

    EXPECT_EQ(wardline("ben", {"read", "4711"}).exit_code, 3);
    EXPECT_EQ(texts_of(messages("anna", {"4711"})), (Texts{"one", "two"}));
    EXPECT_EQ(texts_of(messages("patient")), (Texts{"one", "two"}));
}

TEST_F(CliConversation, WordsOfOthersNeverSteerTheTerminal) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    const std::string hostile =
        "pay \u202E0001\u202C\x1b[2J\x1b]0;owned\x07 \u200B\xc2\x9b"
        "1m\nnext line";

    ASSERT_EQ(wardline("patient", {"send", "-"}, hostile + "\n").exit_code, 0);

    const auto shown = wardline("anna", {"read", "4711"}).out;
    for (const auto* raw : {"\x1b", "\x07", "\u202E", "\u202C", "\u200B", "\xc2\x9b"}) {
        EXPECT_EQ(shown.find(raw), std::string::npos) << shown;
    }
    EXPECT_NE(shown.find("pay <U+202E>0001<U+202C><U+001B>[2J"), std::string::npos) << shown;
    EXPECT_NE(shown.find("\n       next line\n"), std::string::npos) << shown;
    const auto json = wardline("anna", {"read", "4711", "--json"});
    EXPECT_EQ(json.json().at("messages")[0].at("text"), hostile);
    EXPECT_EQ(json.out.find("\u202E"), std::string::npos);
}

TEST_F(CliConversation, ChatReadsLinesAndShowsWhatComes) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    auto chat = start("patient", {"chat", "--json"});
    chat->type("Good morning\n/class clinical\n");
    const auto own = chat->out_line([](const std::string& line) {
        return line.find("Good morning") != std::string::npos;
    });
    ASSERT_FALSE(own.empty());
    EXPECT_EQ(Json::parse(own).at("state"), "sent");

    send("anna", {"--to", "4711", "Hello"});
    const auto came = chat->out_line([](const std::string& line) {
        return line.find("\"Hello\"") != std::string::npos;
    });
    chat->type("It hurts.\n");
    const auto ended = chat->wait();  // Its input has ended.

    ASSERT_FALSE(came.empty());
    EXPECT_EQ(Json::parse(came).at("author"), "s:anna");
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(texts_of(messages("anna", {"4711"})), (Texts{"Good morning", "Hello", "It hurts."}));
    EXPECT_EQ(messages("anna", {"4711"})[2].at("class"), "clinical");
}

}  // namespace
}  // namespace wardline::e2e
