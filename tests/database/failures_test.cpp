#include "tests/storage_support/journal_fixture.hpp"

#include <boost/asio/co_spawn.hpp>

#include <numeric>

namespace wardline::testing {
namespace {

using storage::Appended;

// What a commit does beside committing: called by a trigger that fires at its end.
std::string at_commit(const std::string& action) {
    return "create or replace function public.at_commit() returns trigger language plpgsql as $$ "
           "begin " +
           action +
           "; return null; end $$;"
           "create constraint trigger at_commit after insert on wardline.entries deferrable "
           "initially "
           "deferred for each row execute function public.at_commit();";
}

class FailuresTest : public JournalTest {
protected:
    std::string ask(const std::string& query) { return sql(options_.main, query); }
    void calm() { ask("drop trigger at_commit on wardline.entries"); }
    void expect_gapless() {
        std::vector<Seq> gapless(node_.state.heard.size());
        std::iota(gapless.begin(), gapless.end(), Seq{1});
        EXPECT_EQ(node_.state.heard_seqs(), gapless);
        EXPECT_EQ(ask("select count(*) = max(seq) from wardline.entries"), "t");
    }
    // Ends every connection of the servers to the databases.
    void cut_connections() {
        ask("select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()");
    }
};

// "already committed locally, but might not have been replicated" is nothing but a warning.
TEST_F(FailuresTest, ANoticeAtCommitMakesTheOutcomeUnknown) {
    ask(at_commit("raise warning 'canceling wait for synchronous replication'"));

    const auto told = node_.append(a_message("text", 1));

    EXPECT_EQ(told.error().code, Code::unavailable);
    EXPECT_EQ(node_.writer.stats().unknown_commits, 1U);
    calm();
    // It was committed all the same: the retry learns so, from a committed write.
    const auto again = node_.append(a_message("text", 1));
    ASSERT_TRUE(again);
    EXPECT_TRUE(again.value().repeated);
    EXPECT_EQ(again.value().seq, 2U);
    expect_gapless();
}

TEST_F(FailuresTest, WhatIsHeardAfterAnUnknownCommitIsHeardOnce) {
    ask(at_commit("raise warning 'synchronous replication'"));
    static_cast<void>(node_.append(a_message("text", 1)));
    calm();

    ASSERT_TRUE(run_until(node_.io, [&] { return node_.state.told == 2; }));

    EXPECT_EQ(node_.state.heard_seqs(), (std::vector<Seq>{1, 2}));
    EXPECT_EQ(as_text(node_.state.heard[1].payloads.at(0).bytes), "text");
}

TEST_F(FailuresTest, AFullDiskIsSaidAndRecoveredFrom) {
    ask(at_commit("raise exception using errcode = '53100'"));

    const auto full = node_.append(a_message("text", 1));

    EXPECT_EQ(full.error().code, Code::read_only);
    EXPECT_TRUE(node_.writer.read_only());
    calm();
    ASSERT_TRUE(run_until(node_.io, [&] { return !node_.writer.read_only(); }));
    const auto later = node_.append(a_message("text", 1));
    ASSERT_TRUE(later);
    EXPECT_FALSE(later.value().repeated);
    expect_gapless();
}

TEST_F(FailuresTest, RecoversFromCutConnections) {
    static_cast<void>(node_.append(a_message("before", 1)).value());

    cut_connections();
    Result<Appended> answer = node_.append(a_message("after", 2));
    for (int i = 0; !answer && i < 20; ++i) answer = node_.append(a_message("after", 2));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().seq, 3U);
    EXPECT_EQ(node_.run(node_.reader.range(0, 10, 10)).value().entries.size(), 3U);
    expect_gapless();
}

TEST_F(FailuresTest, AConnectionCutBetweenLockAndCommitLosesNothing) {
    for (std::uint32_t i = 0; i < 10; ++i) {
        auto act = a_message("text", i);
        auto judge = act->judge;
        if (i % 3 == 0) {
            act->judge = [this, judge](const auto& asked, const auto& facts) {
                cut_connections();
                return judge(asked, facts);
            };
        }
        const auto first = node_.append(std::move(act));
        EXPECT_EQ(first.has_value(), i % 3 != 0);
        auto again = node_.append(a_message("text", i));
        for (int n = 0; !again && n < 20; ++n) again = node_.append(a_message("text", i));
        ASSERT_TRUE(again);
    }

    EXPECT_EQ(ask("select count(*) from wardline.message_ids"), "10");
    expect_gapless();
}

TEST_F(FailuresTest, ALockHeldTooLongEndsInUnavailable) {
    JournalTest::node_.stop();
    TestNode impatient{options_, {.deadline = std::chrono::milliseconds{300}}};
    impatient.state.told = 1;
    impatient.start();
    TestNode holder{options_};
    holder.state.told = 1;
    holder.start();
    std::optional<Result<Appended>> told;
    auto slow = a_message("slow", 1);
    slow->judge = [&, judge = slow->judge](const auto& asked, const auto& facts) {
        told = impatient.append(a_message("text", 2, {.device = 2}));
        return judge(asked, facts);
    };

    ASSERT_TRUE(holder.append(std::move(slow)));

    ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->error().code, Code::unavailable);
    EXPECT_TRUE(impatient.append(a_message("text", 2, {.device = 2})));
}

TEST_F(FailuresTest, WithoutTheKeyRingOnlyMessagesInNewUnitsAreRefused) {
    TestNode ringless{{.main = options_.main, .keys = "host=/nonexistent"}};
    ringless.state.told = 1;
    ringless.start();
    std::optional<Result<Appended>> message;
    ringless.writer.submit(a_message("text", 1), [&](auto answer) { message = std::move(answer); });

    const auto statement = ringless.append(a_statement("patient/7", 0));

    EXPECT_TRUE(statement);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->error().code, Code::unavailable);
}

TEST_F(FailuresTest, TheWriterSaysThatTheDatabaseIsAway) {
    storage::DatabaseOptions nowhere{.main = "host=/nonexistent", .keys = "host=/nonexistent"};
    TestNode lonely{nowhere};
    boost::asio::co_spawn(lonely.io, lonely.writer.run(), boost::asio::detached);

    const auto told = lonely.append(a_message("text", 1));

    EXPECT_EQ(told.error().code, Code::unavailable);
    EXPECT_FALSE(lonely.writer.available());
    EXPECT_EQ(lonely.run(lonely.reader.newest()).error().code, Code::unavailable);
    lonely.writer.stop();
    lonely.io.restart();
    lonely.io.run_for(std::chrono::milliseconds{500});
}

}  // namespace
}  // namespace wardline::testing
