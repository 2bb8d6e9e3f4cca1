#include "audit/leaf.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/encoding.hpp"
#include "tests/adversary/practice.hpp"

#include <gmock/gmock.h>

// Somebody with every right in the database, before a server that knows nothing of it: what they
// change is noticed by the next client that logs in.
namespace wardline::adversary {
namespace {

using ::testing::HasSubstr;
using wardline::testing::sql;

class SuperuserTest : public PracticeTest {
protected:
    // Past every trigger.
    std::string run(const std::string& statements) {
        return sql(databases_.main, "set session_replication_role = replica; " + statements);
    }
    static std::string literal(BytesView bytes) { return "'\\x" + to_hex(bytes) + "'::bytea"; }

    struct Stored {
        Seq seq{0};
        Instant time;
        wire::EntryKind kind{};
        wire::Salt salt;
        Bytes details;
    };
    Stored newest(wire::EntryKind kind) {
        const auto where =
            " from wardline.entries e join wardline.entry_details d using (seq)"
            " where e.kind = " +
            std::to_string(static_cast<int>(kind)) + " order by seq desc limit 1";
        Stored out;
        out.seq = std::stoull(run("select e.seq" + where));
        out.time.ms = std::stoull(run("select e.time" + where));
        out.kind = kind;
        out.salt = wire::Salt::from(bytes("select encode(d.salt, 'hex')" + where)).value();
        out.details = bytes("select encode(d.details, 'hex')" + where);
        return out;
    }
    // The leaf with it, as somebody would who knows how it is made.
    void rewrite(const Stored& to) {
        const auto leaf =
            audit::leaf_hash(to.seq, to.time, to.kind, audit::details_hash(to.salt, to.details));
        const auto at = " where seq = " + std::to_string(to.seq);
        run("update wardline.entries set time = " + std::to_string(to.time.ms) +
            ", leaf = " + literal(leaf.view()) + at +
            "; update wardline.entry_details set details = " + literal(to.details) + at);
    }

private:
    Bytes bytes(const std::string& query) { return from_hex(run(query)).value(); }
};

TEST_F(SuperuserTest, AnEntryThatIsRewrittenIsNoticedAtTheNextLogin) {
    send("patient", "one");
    ASSERT_EQ(texts("anna"), Texts{"one"});
    // Who opened the thread: not anna, says the journal now.
    auto opening = newest(wire::EntryKind::open);
    auto details = cbor::decode(opening.details).value();
    ASSERT_EQ(details.at("actor"), "s:anna");
    details["actor"] = "s:emma";
    opening.details = cbor::encode(details);
    rewrite(opening);

    EXPECT_THAT(alarm_on_return("patient"), HasSubstr("one does not continue the other"));
    // It says so of both heads, and keeps them.
    EXPECT_THAT(alarm_on_return("anna"), HasSubstr("both heads, with their signatures"));
}

TEST_F(SuperuserTest, AnEarlierTimeIsNoticedToo) {
    send("patient", "one");
    ASSERT_EQ(texts("anna"), Texts{"one"});
    auto message = newest(wire::EntryKind::message);
    message.time.ms -= 1;
    rewrite(message);

    EXPECT_THAT(alarm_on_return("patient"), HasSubstr("one does not continue the other"));
}

TEST_F(SuperuserTest, WritingTheSameAgainChangesNothing) {
    send("patient", "one");
    ASSERT_EQ(texts("anna"), Texts{"one"});
    rewrite(newest(wire::EntryKind::open));

    at("patient").disconnect();
    EXPECT_TRUE(at("patient").connect());
}

}  // namespace
}  // namespace wardline::adversary
