#include "tests/storage_support/journal_fixture.hpp"

#include <set>

namespace wardline::testing {
namespace {

using storage::EntryPage;

std::vector<Seq> seqs(const EntryPage& page) {
    std::vector<Seq> out;
    out.reserve(page.entries.size());
    for (const auto& entry : page.entries) out.push_back(entry.seq);
    return out;
}

// Seq 1 genesis; 2 patient/7 #0; 3 and 5 messages of thread 1; 4 of thread 2; 6 patient/8 #0.
class JournalReaderTest : public JournalTest {
protected:
    JournalReaderTest() {
        add(a_statement("patient/7", 0));
        add(a_message("one", 1));
        add(a_message("two", 2, {.thread = 2}));
        add(a_message("three", 3));
        add(a_statement("patient/8", 0));
    }
    void add(std::unique_ptr<TestAct> act) {
        static_cast<void>(node_.append(std::move(act)).value());
    }
    template <class T>
    T get(storage::Task<T> task) {
        return node_.run(std::move(task)).value();
    }
    storage::JournalReader& reader_ = node_.reader;
};

TEST_F(JournalReaderTest, ReadsARangeByPages) {
    const auto first = get(reader_.range(0, 6, 4));
    const auto second = get(reader_.range(first.upto, 6, 4));

    EXPECT_EQ(seqs(first), (std::vector<Seq>{1, 2, 3, 4}));
    EXPECT_TRUE(first.more);
    EXPECT_EQ(first.upto, 4U);
    EXPECT_EQ(seqs(second), (std::vector<Seq>{5, 6}));
    EXPECT_FALSE(second.more);
    EXPECT_EQ(second.upto, 6U);
}

TEST_F(JournalReaderTest, ARangeHasPayloadsAndStatements) {
    const auto page = get(reader_.range(0, 6, 10));

    EXPECT_EQ(page.entries[0].statement->chain, "clinic");
    EXPECT_EQ(
        page.entries[1].statement->bytes,
        (Bytes{'p', 'a', 't', 'i', 'e', 'n', 't', '/', '7', '#', '0'})
    );
    EXPECT_EQ(as_text(page.entries[2].payloads.at(0).bytes), "one");
    EXPECT_EQ(page.entries[2].thread, id_of<ThreadId>(1));
    EXPECT_EQ(page.entries[2].message_class, trust::MessageClass::clinical);
    EXPECT_EQ(page.entries[2], node_.state.heard[2]);
}

TEST_F(JournalReaderTest, SyncsOnlyWhatTheDeviceMaySee) {
    const storage::SyncFilter filter{{id_of<ThreadId>(1)}, {"clinic", "patient/7"}, true};

    const auto all = get(reader_.sync_page(0, 10, filter));
    const auto behind = get(reader_.sync_page(3, 10, filter));

    EXPECT_EQ(seqs(all), (std::vector<Seq>{1, 2, 3, 5}));
    EXPECT_FALSE(all.more);
    EXPECT_EQ(all.upto, 6U);
    EXPECT_EQ(seqs(behind), (std::vector<Seq>{5}));
}

TEST_F(JournalReaderTest, SyncsByPages) {
    const storage::SyncFilter filter{{id_of<ThreadId>(1)}, {"clinic", "patient/7"}, true};

    const auto first = get(reader_.sync_page(0, 3, filter));
    const auto second = get(reader_.sync_page(first.upto, 3, filter));

    EXPECT_EQ(seqs(first), (std::vector<Seq>{1, 2, 3}));
    EXPECT_EQ(first.upto, 3U);
    EXPECT_TRUE(first.more);
    EXPECT_EQ(seqs(second), (std::vector<Seq>{5}));
    EXPECT_EQ(second.upto, 6U);
}

TEST_F(JournalReaderTest, WithoutPayloadsNothingIsExpired) {
    const auto page = get(reader_.sync_page(0, 10, {{id_of<ThreadId>(1)}, {}, false}));

    ASSERT_EQ(page.entries.size(), 2U);
    EXPECT_TRUE(page.entries[0].payloads.empty());
    EXPECT_FALSE(page.entries[0].expired);
}

TEST_F(JournalReaderTest, PagesAThreadBothWays) {
    const auto thread = id_of<ThreadId>(1);

    EXPECT_EQ(seqs(get(reader_.thread_after(thread, 0, 1))), (std::vector<Seq>{3}));
    EXPECT_EQ(seqs(get(reader_.thread_after(thread, 3, 5))), (std::vector<Seq>{5}));
    EXPECT_EQ(seqs(get(reader_.thread_before(thread, 0, 1))), (std::vector<Seq>{5}));
    EXPECT_EQ(seqs(get(reader_.thread_before(thread, 5, 5))), (std::vector<Seq>{3}));
    EXPECT_EQ(seqs(get(reader_.thread_before(thread, 0, 5))), (std::vector<Seq>{3, 5}));
    EXPECT_TRUE(get(reader_.thread_before(thread, 0, 1)).more);
}

// As the eraser leaves it once the payload is gone.
TEST_F(JournalReaderTest, AnErasedMessageStaysWhereItStood) {
    const auto thread = id_of<ThreadId>(1);
    const auto before = get(reader_.thread_after(thread, 0, 9)).entries.at(0);
    sql(options_.main,
        "delete from wardline.payloads where seq = 3;"
        "with gone as (delete from wardline.entry_details where seq = 3 returning *)"
        " insert into wardline.erased_details (clinic, seq, hash, thread, class)"
        " select clinic, seq, sha256(salt || details), thread, class from gone");

    const auto forward = get(reader_.thread_after(thread, 0, 9));
    ASSERT_EQ(seqs(forward), (std::vector<Seq>{3, 5}));
    const auto& erased = forward.entries[0];
    EXPECT_EQ(erased.erased, audit::details_hash(before.salt, before.details));
    EXPECT_TRUE(erased.details.empty());
    EXPECT_TRUE(erased.expired);
    EXPECT_EQ(erased.message_class, before.message_class);
    EXPECT_FALSE(forward.entries[1].erased);
    EXPECT_EQ(seqs(get(reader_.thread_before(thread, 0, 9))), (std::vector<Seq>{3, 5}));
    EXPECT_EQ(seqs(get(reader_.thread_before(thread, 5, 1))), (std::vector<Seq>{3}));
    EXPECT_EQ(seqs(get(reader_.thread_messages(thread, 0, 9))), (std::vector<Seq>{5}));
    // In a patient's sync, and in none of staff, who have notices alone.
    EXPECT_EQ(seqs(get(reader_.sync_page(0, 9, {{thread}, {}, true}))), (std::vector<Seq>{3, 5}));
    EXPECT_EQ(seqs(get(reader_.sync_page(0, 9, {{thread}, {}, false}))), (std::vector<Seq>{5}));
    EXPECT_EQ(get(reader_.range(2, 3, 1)).entries.at(0).erased, erased.erased);
}

// Slots added to messages, which tell their units.
std::unique_ptr<TestAct> added_slots_to(std::vector<Seq> messages, std::uint8_t thread = 1) {
    auto act = an_act_that([thread](const storage::Act&, const storage::JudgeFacts& facts) {
        auto draft = a_plain_draft(audit::EntryKind::added_slots, "added");
        draft.thread = id_of<ThreadId>(thread);
        std::set<storage::UnitNumber> units;
        for (const auto& unit : facts.units) units.insert(unit.value());
        for (const auto unit : units) draft.payloads.push_back({Bytes{'s'}, unit});
        return std::vector{std::move(draft)};
    });
    act->units_of = std::move(messages);
    return act;
}

TEST_F(JournalReaderTest, ReadsOnlyTheMessagesOfAThread) {
    const auto thread = id_of<ThreadId>(1);
    add(added_slots_to({3, 5}));
    add(a_message("four", 4));

    const auto first = get(reader_.thread_messages(thread, 0, 2));
    EXPECT_EQ(seqs(first), (std::vector<Seq>{3, 5}));
    EXPECT_TRUE(first.more);
    EXPECT_EQ(as_text(first.entries[0].payloads.at(0).bytes), "one");
    EXPECT_EQ(seqs(get(reader_.thread_messages(thread, 5, 2))), (std::vector<Seq>{8}));
    EXPECT_EQ(seqs(get(reader_.thread_after(thread, 0, 9))), (std::vector<Seq>{3, 5, 7, 8}));
}

// A page costs what lies in the days of its messages, not what the thread holds behind them.
TEST_F(JournalReaderTest, ReadsAddedSlotsOfTheDaysOfTheirMessages) {
    add(added_slots_to({3, 5}));
    add(added_slots_to({4}, 2));
    constexpr std::uint64_t kDayMs = 86'400'000;
    node_.now.ms += kDayMs;
    add(a_message("tomorrow", 4));  // 9
    add(added_slots_to({9}));
    add(added_slots_to({3, 9}));
    for (int i = 0; i < 30; ++i) add(added_slots_to({9}));

    EXPECT_EQ(seqs(get(reader_.added_to({3}, 0, 99))), (std::vector<Seq>{7, 11}));
    EXPECT_EQ(seqs(get(reader_.added_to({3, 5}, 7, 99))), (std::vector<Seq>{11}));
    EXPECT_EQ(seqs(get(reader_.added_to({4}, 0, 99))), (std::vector<Seq>{8}));
    EXPECT_EQ(get(reader_.added_to({9}, 0, 99)).entries.size(), 32U);
    const auto page = get(reader_.added_to({3, 9}, 0, 2));
    EXPECT_EQ(seqs(page), (std::vector<Seq>{7, 10}));
    EXPECT_TRUE(page.more);
    EXPECT_TRUE(get(reader_.added_to({}, 0, 99)).entries.empty());
}

TEST_F(JournalReaderTest, KnowsTheNewestMessageOfEachThread) {
    const auto last =
        get(reader_.last_of({id_of<ThreadId>(1), id_of<ThreadId>(2), id_of<ThreadId>(3)}));

    ASSERT_EQ(last.size(), 2U);
    EXPECT_EQ(last[0].seq + last[1].seq, 9U);
}

TEST_F(JournalReaderTest, ReadsStatementsForAStart) {
    EXPECT_EQ(seqs(get(reader_.statements(0, 6, 10))), (std::vector<Seq>{1, 2, 6}));
    EXPECT_EQ(seqs(get(reader_.statements(0, 5, 10))), (std::vector<Seq>{1, 2}));
    EXPECT_EQ(seqs(get(reader_.statements(1, 6, 1))), (std::vector<Seq>{2}));
}

TEST_F(JournalReaderTest, ReadsOneChainByPosition) {
    EXPECT_EQ(seqs(get(reader_.chain("patient/7", 0, 10))), (std::vector<Seq>{2}));
    EXPECT_TRUE(get(reader_.chain("patient/7", 1, 10)).entries.empty());
    EXPECT_TRUE(get(reader_.chain("patient/9", 0, 10)).entries.empty());
}

TEST_F(JournalReaderTest, ReadsExactEntries) {
    const auto entries = get(reader_.entries({5, 3, 3, 77}));

    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].seq, 3U);
    EXPECT_EQ(as_text(entries[1].payloads.at(0).bytes), "three");
}

TEST_F(JournalReaderTest, EndsAPageBehindItsPayloadLimit) {
    for (std::uint32_t i = 0; i < 6; ++i) {
        add(a_message(std::string(1'500'000, static_cast<char>('a' + i)), 100 + i, {.thread = 3}));
    }

    const auto first = get(reader_.thread_after(id_of<ThreadId>(3), 0, 10));
    const auto second = get(reader_.thread_after(id_of<ThreadId>(3), first.upto, 10));

    EXPECT_EQ(first.entries.size(), 3U);
    EXPECT_TRUE(first.more);
    EXPECT_EQ(first.upto, first.entries.back().seq);
    EXPECT_EQ(second.entries.size(), 3U);
    EXPECT_FALSE(second.more);
}

TEST_F(JournalReaderTest, KeepsTheBoxesOfAnEpoch) {
    const auto epoch = crypto::sha256(as_bytes("epoch"));
    const storage::EpochBoxes boxes{epoch, {Bytes(97, 1), Bytes(97, 2)}, true};
    add(an_act_that([&](const storage::Act&, const storage::JudgeFacts&) {
        auto draft = a_plain_draft(audit::EntryKind::statement, "epoch");
        draft.epoch_boxes = boxes;
        return std::vector<storage::Draft>{std::move(draft)};
    }));
    add(an_act_that([&](const storage::Act&, const storage::JudgeFacts&) {
        auto draft = a_plain_draft(audit::EntryKind::statement, "admit");
        draft.admit_box = storage::AdmitBox{epoch, id_of<DeviceId>(4), Bytes(97, 3)};
        return std::vector<storage::Draft>{std::move(draft)};
    }));

    const auto stored = get(reader_.boxes(epoch));

    EXPECT_EQ(stored.epoch, boxes);
    ASSERT_EQ(stored.admitted.size(), 1U);
    EXPECT_EQ(stored.admitted[0].device, id_of<DeviceId>(4));
    EXPECT_EQ(node_.run(reader_.boxes(crypto::sha256({}))).error().code, Code::not_found);
}

TEST_F(JournalReaderTest, KnowsTheClinicOnceItIsFounded) {
    EXPECT_EQ(get(reader_.clinic()), test_clinic());
    TestNode empty{TestDatabases::shared().fresh()};
    EXPECT_EQ(empty.run(empty.reader.clinic()).value(), std::nullopt);
    EXPECT_EQ(empty.run(empty.reader.head()).value(), std::nullopt);
    EXPECT_EQ(empty.run(empty.reader.newest()).value(), 0U);
}

TEST_F(JournalReaderTest, ProvesNothingBeyondTheJournal) {
    EXPECT_EQ(node_.run(reader_.inclusion({7}, 6)).error().code, Code::not_found);
    EXPECT_EQ(node_.run(reader_.inclusion({1}, 7)).error().code, Code::not_found);
    EXPECT_EQ(node_.run(reader_.inclusion({0}, 6)).error().code, Code::not_found);
    EXPECT_EQ(node_.run(reader_.consistency(5, 7)).error().code, Code::not_found);
    EXPECT_EQ(node_.run(reader_.consistency(6, 5)).error().code, Code::not_found);
}

}  // namespace
}  // namespace wardline::testing
