#include "audit/tree.hpp"
#include "tests/model/dice.hpp"
#include "tests/model/seeds.hpp"
#include "tests/storage_support/journal_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// Two writers on one real PostgreSQL, whose connections are cut at any moment, nodes that die, and
// clients that repeat what they have no answer to. The schedule follows from the seed; how far a
// commit had come when its connection was cut does not.
namespace wardline::model {
namespace {

using storage::Appended;
using testing::TestNode;

// PostgreSQL is dear: one seed in so many.
constexpr unsigned kShare = 25;
constexpr int kSteps = 60;
constexpr std::size_t kPatience = 200;

const storage::JournalWriterOptions kOptions{
    .batch_max = 8, .poll = std::chrono::milliseconds{5}, .reconnect = std::chrono::milliseconds{1}
};

// One message as its client sees it, until it knows what became of it.
struct Sending {
    std::uint32_t number{0};
    std::string text;
    testing::MessageOf of;
    std::optional<Appended> stands;
    bool waiting{false};  // For an answer.
};

class JournalSchedule {
public:
    // `lie`: what the control does to one acknowledgement.
    explicit JournalSchedule(std::uint64_t seed, bool lie = false)
        : dice_{seed}, lie_{lie}, databases_{testing::TestDatabases::shared().fresh()} {
        for (auto& node : nodes_) node = start();
        (void)nodes_[0]->found().value();
    }

    std::optional<std::string> run() {
        for (int i = 0; i < kSteps; ++i) step();
        settle();
        if (!complaint_) compare();
        for (auto& node : nodes_) stop(*node);
        return complaint_;
    }
    std::uint64_t unknown_commits() const { return unknown_commits_; }

private:
    std::unique_ptr<TestNode> start() {
        auto node = std::make_unique<TestNode>(databases_, kOptions);
        node->start();
        return node;
    }
    void stop(TestNode& node) {
        unknown_commits_ += node.writer.stats().unknown_commits;
        node.stop();
    }
    void complain(const std::string& what) {
        if (!complaint_) complaint_ = what;
    }

    void step() {
        const auto at = dice_.below(nodes_.size());
        const auto kind = dice_.below(100);
        if (kind < 55) {
            write(*nodes_[at]);
        } else if (kind < 75) {
            repeat(*nodes_[at]);
        } else if (kind < 80) {
            other_bytes(*nodes_[at]);
        } else if (kind < 90) {
            cut();
        } else if (kind < 93) {
            restart(at);
        }
        for (auto turns = dice_.below(6); turns > 0; --turns) {
            nodes_[dice_.below(2)]->io.run_one_for(std::chrono::milliseconds{2});
        }
    }

    void write(TestNode& node) {
        auto sending = std::make_unique<Sending>();
        sending->number = static_cast<std::uint32_t>(sent_.size() + 1);
        sending->text = "message " + std::to_string(sending->number);
        sending->of.device = static_cast<std::uint8_t>(1 + dice_.below(3));
        sending->of.thread = static_cast<std::uint8_t>(1 + dice_.below(2));
        sent_.push_back(std::move(sending));
        submit(node, *sent_.back());
    }
    void repeat(TestNode& node) {
        if (sent_.empty()) return;
        auto& sending = *sent_[dice_.below(sent_.size())];
        if (!sending.waiting) submit(node, sending);
    }
    void submit(TestNode& node, Sending& sending) {
        sending.waiting = true;
        node.io.restart();
        node.writer.submit(
            testing::a_message(sending.text, sending.number, sending.of),
            [this, &sending](const Result<Appended>& done) {
                sending.waiting = false;
                if (done) answered(sending, done.value());
                if (!done && done.error().code != Code::unavailable &&
                    done.error().code != Code::shutting_down) {
                    complain("a message is refused: " + done.error().detail);
                }
            }
        );
    }
    void answered(Sending& sending, Appended done) {
        if (lie_ && dice_.chance(10)) ++done.seq;
        if (sending.stands &&
            (sending.stands->seq != done.seq || sending.stands->hash != done.hash)) {
            complain(sending.text + " is acknowledged at two places");
        }
        sending.stands = done;
    }
    // The same id with other bytes: refused with what stands, once something does.
    void other_bytes(TestNode& node) {
        if (sent_.empty()) return;
        auto& sending = *sent_[dice_.below(sent_.size())];
        if (!sending.stands) return;
        node.io.restart();
        node.writer.submit(
            testing::a_message(sending.text + "!", sending.number, sending.of),
            [this, seq = sending.stands->seq](const Result<Appended>& done) {
                if (done) return complain("other bytes are stored under an id that is taken");
                const auto& error = done.error();
                if (error.code != Code::id_reused) return;
                if (error.extra->at("seq") != seq) complain("id_reused names another entry");
            }
        );
    }

    // Every connection to the database, whatever it is doing.
    void cut() {
        testing::sql(
            databases_.main,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
    }
    // A node dies without a word: nobody who waits for it gets an answer.
    void restart(std::size_t at) {
        unknown_commits_ += nodes_[at]->writer.stats().unknown_commits;
        nodes_[at]->database.close();
        stop(*nodes_[at]);
        check_heard(*nodes_[at]);
        nodes_[at] = start();
    }

    // Clients repeat until they know.
    void settle() {
        for (std::size_t tries = 0; tries < kPatience && !complaint_; ++tries) {
            bool all = true;
            for (auto& sending : sent_) {
                if (sending->stands) continue;
                all = false;
                if (!sending->waiting) submit(*nodes_[dice_.below(2)], *sending);
            }
            if (all) return;
            for (auto& node : nodes_) {
                node->io.restart();
                node->io.run_for(std::chrono::milliseconds{5});
            }
        }
        complain("a message gets no answer");
    }

    // Every entry once, in order, without a gap.
    void check_heard(const TestNode& node) {
        Seq last = 0;
        for (const auto seq : node.state.heard_seqs()) {
            if (seq != last + 1) complain("a node hears entry " + std::to_string(seq) + " amiss");
            last = seq;
        }
    }

    void compare() {
        auto& node = *nodes_[0];
        const auto page = node.run(node.reader.range(0, UINT64_MAX, 10'000)).value();
        const auto& entries = page.entries;
        audit::TreeEdge tree;
        std::vector<audit::Tile> full;
        std::map<std::string, Seq> places;
        for (const auto& entry : entries) {
            if (entry.seq != tree.size() + 1) return complain("the journal has a gap");
            const auto details = audit::details_hash(entry.salt, entry.details);
            tree.append(audit::leaf_hash(entry.seq, entry.time, entry.kind, details), full);
            if (entry.kind != audit::EntryKind::message) continue;
            const auto text = std::string{as_text(entry.payloads.front().bytes)};
            if (!places.emplace(text, entry.seq).second) complain(text + " stands twice");
        }
        for (const auto& sending : sent_) {
            const auto place = places.find(sending->text);
            if (place == places.end()) return complain(sending->text + " is lost");
            if (place->second != sending->stands->seq) complain(sending->text + " has moved");
        }
        if (places.size() != sent_.size()) complain("what nobody wrote stands");
        const auto head = node.run(node.reader.head()).value();
        const auto key = crypto::signing_key_of(testing::test_audit_key());
        const auto signed_head = audit::verify_head(*head, key, testing::test_clinic());
        if (!signed_head || signed_head.value().root != tree.root()) {
            complain("the signed head is not that of the entries");
        }
        for (const auto& each : nodes_) {
            if (!testing::run_until(each->io, [&] { return each->writer.seen() == tree.size(); })) {
                complain("a node does not hear of everything");
            }
            check_heard(*each);
        }
    }

    Dice dice_;
    bool lie_;
    storage::DatabaseOptions databases_;
    std::vector<std::unique_ptr<Sending>> sent_;
    std::array<std::unique_ptr<TestNode>, 2> nodes_;
    std::uint64_t unknown_commits_{0};
    std::optional<std::string> complaint_;
};

TEST(ModelJournal, KeepsEachAcknowledgedMessageOnceInOneOrder) {
    std::uint64_t unknown = 0;

    for_each_seed(
        [&](std::uint64_t seed) {
            JournalSchedule schedule{seed};
            const auto complaint = schedule.run();
            ASSERT_FALSE(complaint) << "seed " << seed << ": " << *complaint;
            unknown += schedule.unknown_commits();
        },
        kShare
    );

    if (many_seeds() && !HasFailure()) EXPECT_GT(unknown, 0U);
}

// Control: an acknowledgement that names another place is found.
TEST(ModelJournal, FindAnAcknowledgementThatIsFalse) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= 5 && !found; ++seed) {
        found = JournalSchedule{seed, true}.run().has_value();
    }

    EXPECT_TRUE(found);
}

}  // namespace
}  // namespace wardline::model
