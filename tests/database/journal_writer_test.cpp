#include "tests/storage_support/journal_fixture.hpp"

#include <nlohmann/json.hpp>

#include <numeric>

namespace wardline::testing {
namespace {

using storage::Act;
using storage::Appended;
using storage::Draft;
using storage::JudgeFacts;

class JournalWriterTest : public JournalTest {
protected:
    // Submits all of them at once, so that they share a batch, and collects their answers.
    std::vector<Result<Appended>> together(std::vector<std::unique_ptr<TestAct>> acts) {
        const auto count = acts.size();
        std::vector<std::optional<Result<Appended>>> answers(count);
        std::size_t answered = 0;
        for (std::size_t i = 0; i < count; ++i) {
            node_.writer.submit(std::move(acts[i]), [&, i](Result<Appended> answer) {
                answers[i] = std::move(answer);
                ++answered;
            });
        }
        EXPECT_TRUE(run_until(node_.io, [&] { return answered == count; }));
        std::vector<Result<Appended>> out;
        for (auto& answer : answers) out.push_back(*std::move(answer));
        return out;
    }
    std::string ask(const std::string& query) { return sql(options_.main, query); }
};

TEST_F(JournalWriterTest, NumbersEntriesWithoutGaps) {
    const auto first = node_.append(a_message("one", 1)).value();
    const auto second = node_.append(a_message("two", 2)).value();

    EXPECT_EQ(first.seq, 2U);
    EXPECT_EQ(second.seq, 3U);
    EXPECT_EQ(node_.state.heard_seqs(), (std::vector<Seq>{1, 2, 3}));
}

TEST_F(JournalWriterTest, SharesACommitAmongWhatIsQueued) {
    const auto batches = node_.writer.stats().batches;
    std::vector<std::unique_ptr<TestAct>> acts;
    for (std::uint32_t i = 0; i < 100; ++i) acts.push_back(a_message("text", i));

    const auto answers = together(std::move(acts));

    for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].value().seq, i + 2);
    EXPECT_EQ(node_.writer.stats().batches, batches + 1);
    EXPECT_EQ(ask("select counter from wardline.counters"), "100");
}

TEST_F(JournalWriterTest, AnswersARepeatedMessageIdWithTheFirstSeq) {
    const auto first = node_.append(a_message("text", 1)).value();
    node_.now.ms += 5'000;

    const auto again = node_.append(a_message("text", 1)).value();

    EXPECT_EQ(again.seq, first.seq);
    EXPECT_EQ(again.time, first.time);
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(ask("select count(*) from wardline.message_ids"), "1");
}

TEST_F(JournalWriterTest, AnswersARepetitionFromACommittedWrite) {
    static_cast<void>(node_.append(a_message("text", 1)).value());
    const auto before = ask("select fence from wardline.heads");

    static_cast<void>(node_.append(a_message("text", 1)).value());

    EXPECT_NE(ask("select fence from wardline.heads"), before);
    EXPECT_EQ(ask("select seq from wardline.heads"), "2");
}

TEST_F(JournalWriterTest, AnswersARepetitionInTheSameBatchWithTheFirstSeq) {
    std::vector<std::unique_ptr<TestAct>> acts;
    acts.push_back(a_message("text", 1));
    acts.push_back(a_message("text", 1));

    const auto answers = together(std::move(acts));

    EXPECT_EQ(answers[0].value().seq, answers[1].value().seq);
    EXPECT_FALSE(answers[0].value().repeated);
    EXPECT_TRUE(answers[1].value().repeated);
}

TEST_F(JournalWriterTest, RefusesOtherBytesUnderAUsedIdAndSaysWhatIsStored) {
    const auto first = node_.append(a_message("text", 1)).value();

    const auto other = node_.append(a_message("other text", 1));

    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::id_reused);
    EXPECT_EQ((*other.error().extra)["seq"], first.seq);
    EXPECT_EQ(Bytes{(*other.error().extra)["hash"].get_binary()}, first.hash.bytes());
}

TEST_F(JournalWriterTest, ARefusalDisturbsNobodyAndWritesNothing) {
    std::vector<std::unique_ptr<TestAct>> acts;
    acts.push_back(a_message("one", 1));
    acts.push_back(an_act_that([](const Act&, const JudgeFacts&) -> Result<std::vector<Draft>> {
        return Error{Code::forbidden, "no"};
    }));
    acts.push_back(a_message("two", 2));

    const auto answers = together(std::move(acts));

    EXPECT_EQ(answers[0].value().seq, 2U);
    EXPECT_EQ(answers[1].error().code, Code::forbidden);
    EXPECT_EQ(answers[2].value().seq, 3U);
}

TEST_F(JournalWriterTest, StoresARefusalThatIsAnEntryAndAnswersItsError) {
    const auto answer = node_.append(an_act_that([](const Act&, const JudgeFacts&) {
        auto draft = a_plain_draft(audit::EntryKind::refusal, "refused");
        draft.refusal = Error{Code::forbidden, "no"};
        return std::vector<Draft>{std::move(draft)};
    }));

    EXPECT_EQ(answer.error().code, Code::forbidden);
    EXPECT_EQ(node_.run(node_.reader.newest()).value(), 2U);
}

TEST_F(JournalWriterTest, AnActThatTheDatabaseRefusesFailsAlone) {
    static_cast<void>(node_.append(a_statement("patient/7", 0)).value());
    std::vector<std::unique_ptr<TestAct>> acts;
    acts.push_back(a_message("one", 1));
    acts.push_back(a_statement("patient/7", 0));  // The position is taken.
    acts.push_back(a_message("two", 2));

    const auto answers = together(std::move(acts));

    EXPECT_TRUE(answers[0]);
    EXPECT_EQ(answers[1].error().code, Code::internal);
    EXPECT_TRUE(answers[2]);
    std::vector<Seq> gapless(node_.state.heard.size());
    std::iota(gapless.begin(), gapless.end(), Seq{1});
    EXPECT_EQ(node_.state.heard_seqs(), gapless);
}

TEST_F(JournalWriterTest, SurvivesAJudgementThatThrows) {
    const auto broken =
        node_.append(an_act_that([](const Act&, const JudgeFacts&) -> Result<std::vector<Draft>> {
            throw std::logic_error{"broken"};
        }));

    EXPECT_EQ(broken.error().code, Code::internal);
    EXPECT_TRUE(node_.append(a_message("after", 1)));
}

TEST_F(JournalWriterTest, TimeNeverRunsBackwards) {
    const auto first = node_.append(a_message("one", 1)).value();
    node_.now.ms -= 3'600'000;

    const auto second = node_.append(a_message("two", 2)).value();

    EXPECT_EQ(second.time, first.time);
}

TEST_F(JournalWriterTest, SignsAHeadThatProvesItsEntries) {
    for (std::uint32_t i = 0; i < 5; ++i) {
        static_cast<void>(node_.append(a_message("text", i)).value());
    }
    const auto signed_head = node_.run(node_.reader.head()).value();
    ASSERT_TRUE(signed_head);
    const auto head =
        audit::verify_head(*signed_head, crypto::signing_key_of(test_audit_key()), test_clinic());
    ASSERT_TRUE(head) << head.error().detail;
    EXPECT_EQ(head.value().size, 6U);
    EXPECT_EQ(node_.writer.head(), signed_head);

    const auto entry = node_.run(node_.reader.entries({4})).value().at(0);
    const auto paths = node_.run(node_.reader.inclusion({4}, 6)).value();
    const auto leaf = audit::leaf_hash(
        entry.seq, entry.time, entry.kind, audit::details_hash(entry.salt, entry.details)
    );
    EXPECT_TRUE(audit::verify_inclusion(leaf, 3, 6, paths.at(0), head.value().root));
}

TEST_F(JournalWriterTest, ProvesConsistencyAcrossTiles) {
    const auto old_root = audit::parse_head(node_.writer.head()->body).value().root;
    for (int round = 0; round < 3; ++round) {
        std::vector<std::unique_ptr<TestAct>> acts;
        for (std::uint32_t i = 0; i < 230; ++i) {
            acts.push_back(a_message("text", static_cast<std::uint32_t>(round) * 1'000 + i));
        }
        together(std::move(acts));
    }
    const auto head = audit::parse_head(node_.writer.head()->body).value();
    ASSERT_EQ(head.size, 691U);

    const auto path = node_.run(node_.reader.consistency(1, head.size)).value();
    const auto inclusion = node_.run(node_.reader.inclusion({1, 256, 257, 512, 691}, 691)).value();

    EXPECT_TRUE(audit::verify_consistency(1, old_root, head.size, head.root, path));
    EXPECT_EQ(inclusion.size(), 5U);
    EXPECT_EQ(ask("select count(*) from wardline.tiles"), "2");
}

TEST_F(JournalWriterTest, GoesOnFromWhatIsStored) {
    std::vector<std::unique_ptr<TestAct>> acts;
    for (std::uint32_t i = 0; i < 256; ++i) acts.push_back(a_message("text", i));
    together(std::move(acts));
    const auto before = audit::parse_head(node_.writer.head()->body).value();
    TestNode restarted{options_};
    restarted.state.told = before.size;
    restarted.start();

    static_cast<void>(restarted.append(a_message("after", 900)).value());

    const auto after = audit::parse_head(restarted.writer.head()->body).value();
    const auto path = restarted.run(restarted.reader.consistency(before.size, after.size)).value();
    EXPECT_EQ(after.size, before.size + 1);
    EXPECT_TRUE(audit::verify_consistency(before.size, before.root, after.size, after.root, path));
}

TEST_F(JournalWriterTest, PayloadsAreWrappedAtRestAndComeBack) {
    const std::string canary = "canary-9f3b in the payload";
    const auto sent = node_.append(a_message(canary, 1)).value();

    const auto entry = node_.run(node_.reader.entries({sent.seq})).value().at(0);

    ASSERT_EQ(entry.payloads.size(), 1U);
    EXPECT_EQ(as_text(entry.payloads[0].bytes), canary);
    EXPECT_EQ(ask("select position('canary'::bytea in wrapped) from wardline.payloads"), "0");
}

TEST_F(JournalWriterTest, CursorsOnlyMoveForward) {
    const auto device = id_of<DeviceId>(1);
    const auto thread = id_of<ThreadId>(1);
    node_.writer.note_cursor(device, thread, 9, 4);
    node_.writer.note_cursor(device, thread, 7, 5);

    ASSERT_TRUE(run_until(node_.io, [&] {
        return ask("select count(*) from wardline.cursors") == "1";
    }));

    EXPECT_EQ(ask("select delivered || ' ' || read from wardline.cursors"), "9 5");
}

TEST_F(JournalWriterTest, LooksUpTheGenerationOfALogin) {
    const auto login = [] {
        auto act = an_act_that([](const Act&, const JudgeFacts& facts) {
            auto draft = a_plain_draft(audit::EntryKind::login, "login");
            draft.generation = storage::LoginGeneration{id_of<DeviceId>(1), facts.generation + 10};
            return std::vector<Draft>{std::move(draft)};
        });
        act->generation_of = id_of<DeviceId>(1);
        return act;
    };
    static_cast<void>(node_.append(login()).value());
    std::vector<std::unique_ptr<TestAct>> acts;
    acts.push_back(login());
    acts.push_back(login());

    together(std::move(acts));

    EXPECT_EQ(ask("select generation from wardline.devices"), "30");
}

TEST_F(JournalWriterTest, AnswersWhatWasAcceptedBeforeItStops) {
    std::size_t good = 0;
    for (std::uint32_t i = 0; i < 600; ++i) {
        node_.writer.submit(a_message("text", i), [&](const Result<Appended>& answer) {
            if (answer) ++good;
        });
    }

    node_.stop();
    const auto late = node_.run(node_.writer.append(a_message("late", 1'000)));

    EXPECT_EQ(good, 600U);
    EXPECT_EQ(late.error().code, Code::shutting_down);
}

TEST_F(JournalWriterTest, TheSecondNodeAppliesWhatTheFirstWrote) {
    TestNode second{options_};
    second.state.told = 1;
    second.start();
    const auto first_answer = node_.append(a_message("one", 1)).value();

    const auto second_answer = second.append(a_message("two", 2, {.device = 2})).value();
    const auto third = node_.append(a_message("three", 3)).value();

    EXPECT_EQ(first_answer.seq, 2U);
    EXPECT_EQ(second_answer.seq, 3U);
    EXPECT_EQ(third.seq, 4U);
    EXPECT_EQ(second.state.heard_seqs(), (std::vector<Seq>{2, 3}));
    EXPECT_EQ(as_text(second.state.heard[0].payloads.at(0).bytes), "one");
    EXPECT_EQ(node_.state.heard_seqs(), (std::vector<Seq>{1, 2, 3, 4}));
}

TEST_F(JournalWriterTest, AnIdleNodeHearsByItself) {
    TestNode second{options_};
    second.state.told = 1;
    second.start();

    static_cast<void>(node_.append(a_message("one", 1)).value());

    EXPECT_TRUE(run_until(second.io, [&] { return second.state.told == 2; }));
}

TEST_F(JournalWriterTest, ARepetitionAtAnotherNodeIsAnsweredTheSame) {
    TestNode second{options_};
    second.state.told = 1;
    second.start();
    const auto first = node_.append(a_message("one", 1)).value();

    const auto again = second.append(a_message("one", 1)).value();

    EXPECT_EQ(again.seq, first.seq);
    EXPECT_TRUE(again.repeated);
}

}  // namespace
}  // namespace wardline::testing
