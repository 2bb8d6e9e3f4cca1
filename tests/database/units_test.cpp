#include "storage/units.hpp"

#include "retention/calendar.hpp"
#include "storage/pg/pool.hpp"
#include "tests/storage_support/journal_fixture.hpp"

namespace wardline::testing {
namespace {

using storage::ExpiryCounts;
using storage::UnitNumber;
using trust::MessageClass;

class UnitsTest : public JournalTest {
protected:
    Seq send(const std::string& text, MessageOf of = {}) {
        return node_.append(a_message(text, ++number_, of)).value().seq;
    }
    std::vector<UnitNumber> live() {
        std::vector<UnitNumber> out;
        const auto units = node_.run(units_.live(0, 100)).value();
        for (const auto& unit : units) out.push_back(unit.number);
        return out;
    }
    storage::StoredEntry read(Seq seq) {
        return node_.run(node_.reader.entries({seq})).value().at(0);
    }
    std::string ask(const std::string& query) { return sql(options_.main, query); }
    std::string ask_keys(const std::string& query) { return sql(options_.keys, query); }
    void condemn(std::vector<UnitNumber> units) {
        ASSERT_TRUE(node_.append(an_expiry(std::move(units))));
    }

    storage::Units units_{node_.database, node_.keys};
    std::uint32_t number_{0};
};

TEST_F(UnitsTest, AreOneForEachThreadClassAndDay) {
    send("one");
    send("two");
    send("other thread", {.thread = 2});
    send("other class", {.message_class = MessageClass::photo});
    node_.now.ms += retention::kDayMs;
    send("next day");

    const auto units = node_.run(units_.live(0, 100)).value();

    ASSERT_EQ(units.size(), 4U);
    EXPECT_EQ(units[0].messages, 2U);
    EXPECT_EQ(units[0].message_class, MessageClass::clinical);
    EXPECT_EQ(units[3].day, units[0].day + 1);
}

TEST_F(UnitsTest, AreDueByClassAndDay) {
    send("old");
    send("kept longer", {.message_class = MessageClass::photo});
    const auto day = retention::day_of(node_.now);
    node_.now.ms += retention::kDayMs;
    send("new");

    const auto due = node_.run(units_.due({{MessageClass::clinical, day}}, 0, 100)).value();
    const auto not_yet = node_.run(units_.due({{MessageClass::clinical, day - 1}}, 0, 100)).value();

    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].day, day);
    EXPECT_TRUE(not_yet.empty());
}

TEST_F(UnitsTest, ACondemnedUnitIsHiddenAtOnce) {
    const auto seq = send("gone");

    condemn(live());

    EXPECT_TRUE(read(seq).expired);
    EXPECT_TRUE(read(seq).payloads.empty());
    EXPECT_TRUE(node_.run(node_.reader.thread_before(id_of<ThreadId>(1), 0, 10))
                    .value()
                    .entries.at(0)
                    .expired);
    EXPECT_TRUE(live().empty());
}

TEST_F(UnitsTest, TheWholeWayLeavesNeitherKeyNorRow) {
    const auto seq = send("gone");
    send("gone too");
    const auto other = send("stays", {.thread = 2});
    const auto unit = live().front();
    condemn({unit});

    const auto counts = node_.run(units_.finish_condemned()).value();

    EXPECT_EQ(counts, (ExpiryCounts{1, 2}));
    EXPECT_EQ(ask("select state from wardline.units order by unit limit 1"), "3");
    EXPECT_EQ(ask("select count(*) from wardline.payloads"), "1");
    EXPECT_EQ(
        ask_keys("select count(*) from wardline.keys where number = " + std::to_string(unit)), "0"
    );
    EXPECT_TRUE(read(seq).expired);
    EXPECT_FALSE(read(other).expired);
    EXPECT_EQ(read(seq).details, read(other).details);
}

TEST_F(UnitsTest, RunsAgainWithoutHarm) {
    send("gone");
    condemn(live());
    ASSERT_TRUE(node_.run(units_.finish_condemned()));

    EXPECT_EQ(node_.run(units_.finish_condemned()).value(), (ExpiryCounts{0, 0}));
}

// Killed after each step in turn: what is found then is carried on from there.

TEST_F(UnitsTest, ResumesAfterCondemning) {
    send("gone");
    condemn(live());
    TestNode other{options_};
    storage::Units units{other.database, other.keys};

    EXPECT_EQ(other.run(units.finish_condemned()).value(), (ExpiryCounts{1, 1}));
}

TEST_F(UnitsTest, ResumesAfterTheKeyWasDestroyedButNotNoted) {
    send("gone");
    const auto units = live();
    condemn(units);
    ASSERT_TRUE(node_.run(node_.keys.destroy({units[0]})));

    EXPECT_EQ(node_.run(units_.finish_condemned()).value(), (ExpiryCounts{1, 1}));
    EXPECT_EQ(ask("select state from wardline.units"), "3");
}

TEST_F(UnitsTest, ResumesAfterTheKeyWasDestroyedAndNoted) {
    send("gone");
    const auto units = live();
    condemn(units);
    ASSERT_TRUE(node_.run(node_.keys.destroy({units[0]})));
    ask("update wardline.units set state = 2");

    EXPECT_EQ(node_.run(units_.finish_condemned()).value(), (ExpiryCounts{1, 1}));
}

TEST_F(UnitsTest, ResumesAmongTheRows) {
    send("gone");
    send("gone too");
    condemn(live());
    ask("update wardline.units set state = 2");
    ask("delete from wardline.payloads where seq = 2");

    EXPECT_EQ(node_.run(units_.finish_condemned()).value(), (ExpiryCounts{1, 1}));
    EXPECT_EQ(ask("select count(*) from wardline.payloads"), "0");
}

TEST_F(UnitsTest, ResumesAfterTheRowsWereDeletedButNotNoted) {
    send("gone");
    condemn(live());
    ask("update wardline.units set state = 2");
    ask("delete from wardline.payloads");

    EXPECT_EQ(node_.run(units_.finish_condemned()).value(), (ExpiryCounts{1, 0}));
    EXPECT_EQ(ask("select state from wardline.units"), "3");
}

TEST_F(UnitsTest, AMessageForTheDayOfACondemnedUnitGetsANewOne) {
    send("gone");
    const auto old = live();
    condemn(old);

    const auto seq = send("new");

    EXPECT_FALSE(read(seq).expired);
    EXPECT_NE(live(), old);
    ASSERT_TRUE(node_.run(units_.finish_condemned()));
    EXPECT_EQ(as_text(read(seq).payloads.at(0).bytes), "new");
}

// The node that wraps has the unit in memory; another one condemns it meanwhile.
TEST_F(UnitsTest, AnotherNodesKnowledgeOfAUnitIsCheckedUnderTheLock) {
    TestNode other{options_};
    other.state.told = 1;
    other.start();
    static_cast<void>(other.append(a_message("first", 500, {.device = 9})).value());
    condemn(live());

    const auto seq = other.append(a_message("second", 501, {.device = 9})).value().seq;

    ASSERT_TRUE(node_.run(units_.finish_condemned()));
    EXPECT_EQ(as_text(read(seq).payloads.at(0).bytes), "second");
}

TEST_F(UnitsTest, AddedSlotsShareTheUnitOfTheirMessage) {
    const auto seq = send("message");
    const auto add = [seq] {
        auto act = an_act_that(
            [](const storage::Act&,
               const storage::JudgeFacts& facts) -> Result<std::vector<storage::Draft>> {
                if (!facts.units.at(0)) return Error{Code::not_found, "gone"};
                auto draft = a_plain_draft(audit::EntryKind::added_slots, "added");
                draft.thread = id_of<ThreadId>(1);
                draft.payloads.push_back({Bytes{4, 5, 6}, facts.units.at(0)});
                return std::vector<storage::Draft>{std::move(draft)};
            }
        );
        act->units_of = {seq};
        return act;
    };
    const auto added = node_.append(add()).value().seq;
    EXPECT_EQ(read(added).payloads.at(0).bytes, (Bytes{4, 5, 6}));
    EXPECT_EQ(live().size(), 1U);

    condemn(live());

    EXPECT_TRUE(read(added).expired);
    EXPECT_EQ(node_.append(add()).error().code, Code::not_found);
}

TEST_F(UnitsTest, CondemningTwiceInOneBatchListsAUnitOnce) {
    send("gone");
    const auto units = live();
    std::size_t answered = 0;
    std::size_t listed = 0;
    for (int i = 0; i < 2; ++i) {
        auto act = an_act_that([&listed](const storage::Act&, const storage::JudgeFacts& facts) {
            listed += facts.live.size();
            auto draft = a_plain_draft(audit::EntryKind::expiry, "expiry");
            draft.condemn = facts.live;
            return std::vector<storage::Draft>{std::move(draft)};
        });
        act->condemn = units;
        node_.writer.submit(std::move(act), [&](const auto&) { ++answered; });
    }
    ASSERT_TRUE(run_until(node_.io, [&] { return answered == 2; }));

    EXPECT_EQ(listed, 1U);
}

}  // namespace
}  // namespace wardline::testing
