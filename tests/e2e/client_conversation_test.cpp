#include "tests/e2e/client_people.hpp"

#include <fstream>

namespace wardline::e2e {
namespace {

using client::Client;
using Texts = std::vector<std::string>;

TEST_F(ClientConversationTest, PatientAndStaffTalkAndNotesStayAmongStaff) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "May I come on Tuesday?");
    send("anna", "Yes, at ten.");
    send("anna", "sounded worried", "internal");

    EXPECT_EQ(texts("patient"), (Texts{"May I come on Tuesday?", "Yes, at ten."}));
    EXPECT_EQ(texts("anna"), (Texts{"May I come on Tuesday?", "Yes, at ten.", "sounded worried"}));
}

TEST_F(ClientConversationTest, APushedMessageIsReadAndAcknowledged) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    ASSERT_TRUE(at("anna").open_thread(kPatient));
    const auto sent = send("patient", "Hello?");

    std::optional<client::Message> heard;
    for (int i = 0; i < 20 && !heard; ++i) {
        const auto event = at("anna").next_event(std::chrono::seconds{5});
        ASSERT_TRUE(event) << event.error().detail;
        if (!event.value()) continue;
        if (const auto* message = std::get_if<client::MessageEvent>(&*event.value()))
            heard = message->message;
    }
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->text, "Hello?");
    EXPECT_EQ(heard->seq, sent.seq);
    EXPECT_EQ(heard->message_id, sent.message_id);
    ASSERT_TRUE(at("anna").mark_read(kPatient, heard->seq));

    // Cursors are written once a second.
    auto state = client::MessageState::queued;
    for (int i = 0; i < 20 && state != client::MessageState::read; ++i) {
        ASSERT_TRUE(at("patient").next_event(std::chrono::seconds{1}));
        const auto page = at("patient").history(std::nullopt, 10);
        ASSERT_TRUE(page) << page.error().detail;
        ASSERT_EQ(page.value().messages.size(), 1U);
        state = page.value().messages.front().state;
    }
    EXPECT_EQ(state, client::MessageState::read);
}

TEST_F(ClientConversationTest, FurtherDevicesReadWhatTheirOwnersMayRead) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "one");
    send("anna", "two");

    enrol("patient-tablet", at("patient").invite_device());
    ASSERT_TRUE(at("patient").connect());
    at("patient").disconnect();
    ASSERT_TRUE(at("patient").connect());
    enrol("anna-laptop", at("anna").invite_device());
    at("anna").disconnect();
    ASSERT_TRUE(at("anna").connect());
    send("anna", "three");

    EXPECT_EQ(texts("patient-tablet"), (Texts{"one", "two", "three"}));
    EXPECT_EQ(texts("anna-laptop"), (Texts{"one", "two", "three"}));
    send("patient-tablet", "four");
    EXPECT_EQ(texts("patient"), (Texts{"one", "two", "three", "four"}));
}

TEST_F(ClientConversationTest, AnAdmittedColleagueReadsWhatWasBeforeThemAndARemovedOneNothingMore) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "before bert");
    enrol("bert", office().invite_staff(staff("bert"), "clinician", {}));
    EXPECT_FALSE(at("bert").open_thread(kPatient));
    const auto none = at("bert").inbox();
    ASSERT_TRUE(none) << none.error().detail;
    EXPECT_TRUE(none.value().empty());

    const auto waiting = at("anna").admissible(staff("bert"));
    ASSERT_TRUE(waiting) << waiting.error().detail;
    ASSERT_EQ(waiting.value().size(), 1U);
    const auto admitted =
        at("anna").admit(staff("bert"), team("practice"), waiting.value().front().id);
    ASSERT_TRUE(admitted) << admitted.error().detail;
    EXPECT_EQ(texts("bert"), (Texts{"before bert"}));
    send("bert", "hello from bert");

    const auto removed = office().remove_from_team(team("practice"), staff("bert"));
    ASSERT_TRUE(removed) << removed.error().detail;
    send("patient", "after bert");
    at("bert").disconnect();
    EXPECT_FALSE(at("bert").open_thread(kPatient));
    EXPECT_FALSE(at("bert").send_text(kPatient, "still here?"));
    EXPECT_EQ(texts("anna"), (Texts{"before bert", "hello from bert", "after bert"}));
    EXPECT_EQ(texts("patient"), (Texts{"before bert", "hello from bert", "after bert"}));
}

TEST_F(ClientConversationTest, WhoLostTheirOnlyPhoneReadsAgainOnceTheyAreRecognised) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "from the old phone");
    send("anna", "an answer");
    people_.erase("patient");

    enrol("patient-new", at("anna").invite_patient(kPatient));
    EXPECT_FALSE(at("patient-new").send_text(std::nullopt, "it is me"));
    const auto waiting = at("anna").unconfirmed(kPatient);
    ASSERT_TRUE(waiting) << waiting.error().detail;
    ASSERT_EQ(waiting.value().size(), 1U);
    const auto& device = waiting.value().front();
    EXPECT_FALSE(
        at("anna").identity_confirm(kPatient, device.id, "00000 00000 00000 00000 00000 00000")
    );
    const auto confirmed = at("anna").identity_confirm(kPatient, device.id, device.fingerprint);
    ASSERT_TRUE(confirmed) << confirmed.error().detail;

    EXPECT_EQ(texts("patient-new"), (Texts{"from the old phone", "an answer"}));
    at("patient-new").disconnect();
    send("patient-new", "it is me");
    EXPECT_EQ(texts("anna"), (Texts{"from the old phone", "an answer", "it is me"}));
}

TEST_F(ClientConversationTest, AnInviteWorksOnceAndAnOldCopyOfAStoreIsRefused) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    const auto invite = office().invite_staff(staff("cora"), "clinician", {});
    enrol("cora", invite);
    const auto again = Client::enrol(home("cora-again"), invite.value().uri, key(), environment_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::invite_used);

    people_.erase("cora");
    const auto store = home("cora") / "store.db";
    std::filesystem::copy_file(store, folder_ / "old-store.db");
    auto opened = Client::open(home("cora"), key(), environment_);
    ASSERT_TRUE(opened) << opened.error().detail;
    ASSERT_TRUE(opened.value()->connect());
    opened.value().reset();
    std::filesystem::remove(home("cora") / "store.db-wal");
    std::filesystem::copy_file(
        folder_ / "old-store.db", store, std::filesystem::copy_options::overwrite_existing
    );
    auto old = Client::open(home("cora"), key(), environment_);
    ASSERT_TRUE(old) << old.error().detail;
    const auto up = old.value()->connect();
    ASSERT_FALSE(up);
    EXPECT_EQ(up.error().code, Code::store_rolled_back);
}

TEST_F(ClientConversationTest, WhatIsWrittenWhileTheServerIsAwayIsSentOnceLater) {
    ASSERT_NO_FATAL_FAILURE(make_team());
    send("patient", "one");
    people_.erase("admin");
    stop_server();
    at("patient").disconnect();
    const auto queued = at("patient").send_text(std::nullopt, "two");
    ASSERT_TRUE(queued) << queued.error().detail;
    EXPECT_EQ(queued.value().state, client::MessageState::queued);
    people_.erase("patient");

    start_server();
    auto opened = Client::open(home("patient"), key(), environment_);
    ASSERT_TRUE(opened) << opened.error().detail;
    people_["patient"] = std::move(opened).value();
    ASSERT_TRUE(at("patient").connect());
    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
    EXPECT_EQ(texts("anna"), (Texts{"one", "two"}));
}

}  // namespace
}  // namespace wardline::e2e
