#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

using trust::MessageClass;

class ThreadTest : public ServerTest {
protected:
    RawClient from_patient{connect(patient)};
    RawClient from_nurse{connect(nurse)};

    Json history(RawClient& client) {
        return client.ask("history", {{"thread", thread()}, {"before", 0}, {"limit", 50}});
    }
};

TEST_F(ThreadTest, StaffGetANoticeUntilTheyOpenTheThread) {
    const auto seq = send(from_patient, patient)["seq"];
    auto notice = from_nurse.push("entry")["entry"];
    EXPECT_EQ(notice["seq"], seq);
    EXPECT_FALSE(notice.contains("message"));
    EXPECT_EQ(details_of(notice)["patient"], "P-1");
    EXPECT_EQ(code_of(history(from_nurse)), "not_open");

    const auto opened = from_nurse.ask("open", {{"thread", thread()}});
    EXPECT_EQ(opened["seq"].get<Seq>(), node.journal.seen());
    EXPECT_EQ(stored_details(audit::EntryKind::open).back()["actor"], "s:nora");
    const auto page = history(from_nurse);
    ASSERT_EQ(page["entries"].size(), 1U);
    EXPECT_TRUE(page["entries"][0].contains("message"));
    EXPECT_FALSE(page["more"].get<bool>());

    send(from_patient, patient);
    const auto live = from_nurse.push("entry")["entry"];
    EXPECT_TRUE(live.contains("message"));
    EXPECT_EQ(Bytes{live["live"][1].get_binary()}, nurse.id.bytes());
}

TEST_F(ThreadTest, AClosedThreadIsNoticesAgain) {
    from_nurse.ask("open", {{"thread", thread()}});

    const auto closed = from_nurse.ask("close", {{"thread", thread()}});

    EXPECT_EQ(closed["seq"].get<Seq>(), node.journal.seen());
    send(from_patient, patient);
    EXPECT_FALSE(from_nurse.push("entry")["entry"].contains("message"));
    EXPECT_EQ(code_of(history(from_nurse)), "not_open");
    EXPECT_EQ(code_of(from_nurse.ask("close", {{"thread", thread()}})), "not_open");
    EXPECT_EQ(stored_details(audit::EntryKind::close).size(), 1U);
}

TEST_F(ThreadTest, HangingUpClosesWhatIsOpen) {
    from_nurse.ask("open", {{"thread", thread()}});

    from_nurse.hang_up();

    ASSERT_TRUE(run_until(node.io, [&] { return !stored_details(audit::EntryKind::close).empty(); })
    );
}

TEST_F(ThreadTest, OutsidersCanNeitherListNorFetchNorOpen) {
    auto from_outsider = connect(outsider);
    send(from_patient, patient);
    const Json page{{"thread", thread()}, {"before", 0}, {"limit", 10}};
    const Json after{{"thread", thread()}, {"after", 0}, {"limit", 10}};

    const auto listed = from_outsider.ask("threads", {{"after", ""}, {"limit", 10}});
    EXPECT_TRUE(listed["threads"].empty());
    EXPECT_EQ(code_of(from_outsider.ask("open", {{"thread", thread()}})), "forbidden");
    EXPECT_EQ(code_of(from_outsider.ask("history", page)), "forbidden");
    EXPECT_EQ(code_of(from_outsider.ask("slots", after)), "forbidden");
    EXPECT_EQ(code_of(from_outsider.ask("receipts", {{"thread", thread()}})), "forbidden");
    EXPECT_EQ(
        code_of(from_outsider.ask("receipt", {{"thread", thread()}, {"read", 1}})), "forbidden"
    );
    EXPECT_EQ(
        code_of(from_outsider.ask("recipients", {{"thread", thread()}, {"class", "clinical"}})),
        "forbidden"
    );
    const auto synced = from_outsider.ask("sync", {{"after", 0}, {"limit", 500}});
    for (const auto& entry : synced["entries"]) EXPECT_EQ(entry["kind"], 1);
    EXPECT_TRUE(from_outsider.pushed("entry").empty());
    EXPECT_EQ(filed(audit::EntryKind::refusal, 6).size(), 6U);
}

TEST_F(ThreadTest, WhatDoesNotExistIsAsForbiddenAsWhatIsNotOnes) {
    const auto nowhere = thread_of(id_of_nothing());

    EXPECT_EQ(code_of(from_nurse.ask("open", {{"thread", nowhere}})), "forbidden");
    EXPECT_EQ(
        code_of(from_nurse.ask("chain", {{"chain", "patient/P-9"}, {"from", 0}, {"limit", 9}})),
        "forbidden"
    );
    EXPECT_FALSE(filed(audit::EntryKind::refusal, 2).back().contains("thread"));
}

TEST_F(ThreadTest, InternalNotesAreHiddenFromThePatient) {
    const auto note = send(from_nurse, nurse, {.message_class = MessageClass::internal});
    ASSERT_EQ(code_of(note), "ok");
    const auto shared = send(from_nurse, nurse);
    ASSERT_EQ(code_of(shared), "ok");

    // The stream has the second one and nothing of the first.
    EXPECT_EQ(from_patient.push("entry")["entry"]["seq"], shared["seq"]);
    const auto page = history(from_patient);
    ASSERT_EQ(page["entries"].size(), 1U);
    EXPECT_EQ(page["entries"][0]["seq"], shared["seq"]);
    const auto synced = from_patient.ask("sync", {{"after", 0}, {"limit", 500}});
    for (const auto& entry : synced["entries"]) EXPECT_NE(entry["seq"], note["seq"]);
    const auto slots =
        from_patient.ask("slots", {{"thread", thread()}, {"after", 0}, {"limit", 9}});
    EXPECT_EQ(slots["messages"].size(), 1U);
}

TEST_F(ThreadTest, ACursorOnAnInternalNoteIsShownAsTheMessageBefore) {
    const auto shared = send(from_nurse, nurse)["seq"];
    const auto note = send(from_nurse, nurse, {.message_class = MessageClass::internal})["seq"];
    from_nurse.ask("receipt", {{"thread", thread()}, {"read", note}});

    const auto pushed = from_patient.push("receipts");
    EXPECT_EQ(pushed["read"], shared);
    EXPECT_EQ(pushed["account"], "s:nora");
    Json listed;
    ASSERT_TRUE(run_until(node.io, [&] {
        listed = from_patient.ask("receipts", {{"thread", thread()}})["receipts"];
        return !listed.empty();
    }));
    EXPECT_EQ(listed[0]["read"], shared);
    auto colleague = connect(reception);
    const auto seen = colleague.ask("receipts", {{"thread", thread()}})["receipts"];
    EXPECT_EQ(seen[0]["read"], note);
}

TEST_F(ThreadTest, ListsTheThreadsOfOnesTeams) {
    const auto seq = send(from_patient, patient)["seq"];

    const auto listed = from_nurse.ask("threads", {{"after", ""}, {"limit", 10}});

    ASSERT_EQ(listed["threads"].size(), 1U);
    const auto& item = listed["threads"][0];
    EXPECT_EQ(item["patient"], "P-1");
    EXPECT_EQ(item["teams"], Json::array({"front"}));
    EXPECT_EQ(item["last_seq"], seq);
    EXPECT_EQ(item["last_class"], "clinical");
    EXPECT_EQ(item["read"], 0);
    EXPECT_EQ(code_of(from_patient.ask("threads", {{"after", ""}, {"limit", 10}})), "forbidden");
}

TEST_F(ThreadTest, HistoryComesByPagesInBothDirections) {
    std::vector<Json> seqs;
    for (int i = 0; i < 5; ++i) seqs.push_back(send(from_patient, patient)["seq"]);

    const auto newest =
        from_patient.ask("history", {{"thread", thread()}, {"before", 0}, {"limit", 2}});
    ASSERT_EQ(newest["entries"].size(), 2U);
    EXPECT_EQ(newest["entries"][0]["seq"], seqs[3]);
    EXPECT_EQ(newest["entries"][1]["seq"], seqs[4]);
    EXPECT_TRUE(newest["more"].get<bool>());
    const auto older =
        from_patient.ask("history", {{"thread", thread()}, {"before", seqs[3]}, {"limit", 10}});
    EXPECT_EQ(older["entries"].size(), 3U);
    EXPECT_FALSE(older["more"].get<bool>());
    const auto forward =
        from_patient.ask("history", {{"thread", thread()}, {"after", seqs[1]}, {"limit", 2}});
    EXPECT_EQ(forward["entries"][0]["seq"], seqs[2]);
}

TEST_F(ThreadTest, PagesHoldWhatFitsIntoAFrame) {
    const std::string text(60'000, 'x');
    for (int i = 0; i < 3; ++i) send(from_patient, patient, {.text = text});

    const auto newest =
        from_patient.ask("history", {{"thread", thread()}, {"before", 0}, {"limit", 50}});
    EXPECT_EQ(newest["entries"].size(), 2U);
    EXPECT_TRUE(newest["more"].get<bool>());
    Seq after = 0;
    std::size_t messages = 0;
    for (bool more = true; more;) {
        const auto page = from_patient.ask("sync", {{"after", after}, {"limit", 500}});
        for (const auto& entry : page["entries"]) messages += entry["kind"] == 2 ? 1 : 0;
        ASSERT_GT(page["upto"].get<Seq>(), after);
        after = page["upto"].get<Seq>();
        more = page["more"].get<bool>();
    }
    EXPECT_EQ(messages, 3U);
}

TEST_F(ThreadTest, SlotsComeWithoutCiphertextAndCanBeAddedTo) {
    const auto seq = send(from_patient, patient)["seq"].get<Seq>();
    const auto page = from_nurse.ask("slots", {{"thread", thread()}, {"after", 0}, {"limit", 9}});
    ASSERT_EQ(page["messages"].size(), 1U);
    EXPECT_FALSE(page["messages"][0].contains("ciphertext"));
    const auto slots = message::parse_slots(page["messages"][0]["slots"].get_binary()).value();

    const std::vector<message::AddedSlot> added{{seq, slots[0]}};
    const auto done =
        from_nurse.ask("add-slots", {{"thread", thread()}, {"added", message::to_json(added)}});

    ASSERT_EQ(code_of(done), "ok");
    auto entry = from_patient.push("entry")["entry"];
    while (entry["kind"] != 3) entry = from_patient.push("entry")["entry"];
    EXPECT_EQ(entry["seq"], done["seq"]);
    EXPECT_EQ(message::parse_added_slots(entry["added"]).value(), added);
    const auto again = from_nurse.ask("slots", {{"thread", thread()}, {"after", 0}, {"limit", 9}});
    EXPECT_EQ(again["messages"][0]["added"].size(), 1U);
    EXPECT_EQ(stored_details(audit::EntryKind::open).size(), 0U);
}

TEST_F(ThreadTest, APageOfSlotsHasWhatWasAddedLongAfterIt) {
    std::vector<Seq> sent;
    for (int i = 0; i < 5; ++i) sent.push_back(send(from_patient, patient)["seq"].get<Seq>());
    const auto ask = [&](Seq after) {
        return from_nurse.ask("slots", {{"thread", thread()}, {"after", after}, {"limit", 2}});
    };
    const auto first = ask(0);
    const auto slots = message::parse_slots(first["messages"][0]["slots"].get_binary()).value();
    const std::vector<message::AddedSlot> added{{sent[0], slots[0]}, {sent[4], slots[0]}};
    const Json body{{"thread", thread()}, {"added", message::to_json(added)}};
    ASSERT_EQ(code_of(from_nurse.ask("add-slots", body)), "ok");

    const auto again = ask(0);
    ASSERT_EQ(again["messages"].size(), 2U);
    EXPECT_TRUE(again["more"].get<bool>());
    EXPECT_EQ(again["messages"][0]["seq"], sent[0]);
    EXPECT_EQ(again["messages"][0]["added"].size(), 1U);
    EXPECT_FALSE(again["messages"][1].contains("added"));
    const auto middle = ask(sent[1]);
    EXPECT_EQ(middle["messages"][0]["seq"], sent[2]);
    EXPECT_TRUE(middle["more"].get<bool>());
    const auto last = ask(sent[3]);
    ASSERT_EQ(last["messages"].size(), 1U);
    EXPECT_EQ(last["messages"][0]["added"].size(), 1U);
    EXPECT_FALSE(last["more"].get<bool>());
    EXPECT_TRUE(ask(sent[4])["messages"].empty());
}

TEST_F(ThreadTest, SlotsAddedForNotesAndMessagesAtOnceStayApart) {
    const auto note = send(from_nurse, nurse, {.message_class = MessageClass::internal})["seq"];
    const auto shared = send(from_nurse, nurse)["seq"];
    const auto page = from_nurse.ask("slots", {{"thread", thread()}, {"after", 0}, {"limit", 9}});
    std::vector<message::AddedSlot> added;
    for (const auto& item : page["messages"]) {
        const auto slots = message::parse_slots(item["slots"].get_binary()).value();
        added.push_back({item["seq"].get<Seq>(), slots[0]});
    }
    ASSERT_EQ(added.size(), 2U);

    const auto done =
        from_nurse.ask("add-slots", {{"thread", thread()}, {"added", message::to_json(added)}});

    ASSERT_EQ(code_of(done), "ok");
    auto entry = from_patient.push("entry")["entry"];
    while (entry["kind"] != 3) entry = from_patient.push("entry")["entry"];
    ASSERT_EQ(entry["added"].size(), 1U);
    EXPECT_EQ(entry["added"][0]["seq"], shared);
    EXPECT_EQ(stored_details(audit::EntryKind::added_slots).size(), 2U);
    EXPECT_NE(note, shared);
}

TEST_F(ThreadTest, SlotsAreAddedForReadersOnly) {
    const auto seq = send(from_patient, patient)["seq"].get<Seq>();
    const auto page = from_nurse.ask("slots", {{"thread", thread()}, {"after", 0}, {"limit", 9}});
    auto slot = message::parse_slots(page["messages"][0]["slots"].get_binary()).value()[0];
    slot.to = "team:other";

    const std::vector<message::AddedSlot> added{{seq, slot}};
    const Json body{{"thread", thread()}, {"added", message::to_json(added)}};

    EXPECT_EQ(code_of(from_nurse.ask("add-slots", body)), "bad_frame");
    auto from_outsider = connect(outsider);
    EXPECT_EQ(code_of(from_outsider.ask("add-slots", body)), "forbidden");
}

}  // namespace
}  // namespace wardline::testing
