#include "tests/server/trail_fixture.hpp"
#include "tests/support/seeded_random.hpp"

#include <algorithm>
#include <array>

// Somebody with the database and no key changes the stored journal: each change is noticed by
// whoever verifies, and the first entry that it touches is among those that are named.
namespace wardline::testing {
namespace {

#if defined(__has_feature) && __has_feature(address_sanitizer)
constexpr int kMutations = 100;  // Slow there, and the same program.
#else
constexpr int kMutations = 1'000;
#endif

class MutationsTest : public TrailTest {
protected:
    void SetUp() override {
        auto from_patient = connect(patient);
        auto from_nurse = connect(nurse);
        for (int i = 0; i < 8; ++i) {
            send(from_patient, patient);
            from_nurse.ask("open", {{"thread", thread()}});
            from_nurse.ask("close", {{"thread", thread()}});
            clinic.pass(3'600'000);  // So that a head is kept of each hour.
        }
        from_auditor.emplace(connect(auditor));
        for (const auto* table : kTables) {
            run_sql("create table saved_" + std::string{table} + " as table wardline." + table);
        }
        save();
    }
    static constexpr std::array kTables{"entries", "entry_details", "tree_heads"};

    // As it is now: readings of the trail have made it longer.
    void save() {
        for (const std::string table : kTables) {
            run_sql("truncate saved_" + table);
            run_sql("insert into saved_" + table + " select * from wardline." + table);
        }
        newest = std::stoull(run_sql("select max(seq) from wardline.entries"));
    }
    std::string run_sql(const std::string& statement) { return sql(databases.main, statement); }

    // As it was saved; what was appended since stays.
    void restore() {
        for (const std::string table : kTables) {
            const std::string key = table == "tree_heads" ? "size" : "seq";
            run_sql(
                "delete from wardline." + table + " where " + key + " <= " + std::to_string(newest)
            );
            run_sql("insert into wardline." + table + " select * from saved_" + table);
        }
        run_sql("delete from wardline.erased_details");
    }
    Seq any() { return 1 + pick(newest); }
    std::uint64_t pick(std::uint64_t below) {
        std::array<std::uint8_t, 8> raw{};
        dice.fill(raw);
        std::uint64_t out = 0;
        for (const auto byte : raw) out = out << 8U | byte;
        return out % below;
    }
    // Flips one bit of a byte string column.
    std::string flip(const std::string& table, const std::string& column, Seq seq) {
        const auto key = table == "tree_heads" ? "size" : "seq";
        return "update wardline." + table + " set " + column + " = set_byte(" + column +
               ", 12, get_byte(" + column + ", 12) # 1) where " + key + " = " + std::to_string(seq);
    }

    struct Mutation {
        std::string sql;
        Seq first{0};      // The first entry that is not what it was.
        bool exact{true};  // A row of its own tells; otherwise only a head does.
    };
    Mutation mutation();
    Mutation of_one_entry(Seq seq);
    Mutation of_several();

    SeededRandom dice{"changes to the stored journal"};
    std::optional<RawClient> from_auditor;
    Seq newest{0};
};

MutationsTest::Mutation MutationsTest::of_one_entry(Seq seq) {
    const auto at = " where seq = " + std::to_string(seq);
    switch (pick(8)) {
        case 0:
            return {"update wardline.entries set time = time + 1" + at, seq};
        case 1:
            return {"update wardline.entries set kind = kind % 16 + 1" + at, seq};
        case 2: {
            // Both bytes the same one, or nothing may have changed.
            const auto byte = std::to_string(pick(32));
            return {
                "update wardline.entries set leaf = set_byte(leaf, " + byte + ", get_byte(leaf, " +
                    byte + ") # 4)" + at,
                seq
            };
        }
        case 3:
            return {
                "update wardline.entry_details set details = set_byte(details, 0, "
                "get_byte(details, 0) # 1)" +
                    at,
                seq
            };
        case 4:
            return {
                "update wardline.entry_details set salt = set_byte(salt, 5, get_byte(salt, 5) # "
                "8)" +
                    at,
                seq
            };
        case 5:
            return {"delete from wardline.entries" + at, seq};
        case 6:
            return {"delete from wardline.entry_details" + at, seq};
        default:
            // Erased, with the right hash, and no entry that says so.
            return {
                "insert into wardline.erased_details select clinic, seq, sha256(salt || details) "
                "from wardline.entry_details" +
                    at + "; delete from wardline.entry_details" + at,
                seq
            };
    }
}

MutationsTest::Mutation MutationsTest::of_several() {
    const auto a = any();
    auto b = any();
    while (b == a) b = any();
    const auto first = std::min(a, b);
    const auto low = std::to_string(first);
    const auto high = std::to_string(std::max(a, b));
    const auto swap = [&](const std::string& table, const std::string& columns) {
        const auto other = " = (select o." + columns + " from saved_" + table +
                           " o where o.seq = " + low + " + " + high + " - t.seq)";
        return "update wardline." + table + " t set " + columns + other + " where t.seq in (" +
               low + ", " + high + ")";
    };
    switch (pick(6)) {
        case 0:
            return {swap("entry_details", "salt") + "; " + swap("entry_details", "details"), first};
        case 1:
            return {swap("entries", "leaf"), first};
        case 2:
            return {
                "update wardline.entries set time = time + 3600000 where seq >= " + high,
                std::max(a, b)
            };
        case 3:
            return {"delete from wardline.entries where seq >= " + high, std::max(a, b)};
        case 4:
            // A clone of one in the place of another.
            return {
                "update wardline.entries t set time = o.time, kind = o.kind, leaf = o.leaf from "
                "saved_entries o where o.seq = " +
                    low + " and t.seq = " + high +
                    "; update wardline.entry_details t set salt = o.salt, details = o.details from "
                    "saved_entry_details o where o.seq = " +
                    low + " and t.seq = " + high,
                std::max(a, b)
            };
        default: {
            // Leaf and details together, by somebody who knows how a leaf is made.
            return {
                "update wardline.entry_details set details = set_byte(details, 9, "
                "get_byte(details, 9) # 1) where seq = " +
                    low +
                    "; update wardline.entries e set leaf = sha256('\\x00'::bytea || "
                    "int8send(e.seq) "
                    "|| int8send(e.time) || substring(int2send(e.kind) from 2) || sha256(d.salt || "
                    "d.details)) from wardline.entry_details d where d.seq = e.seq and e.seq = " +
                    low,
                first,
                false
            };
        }
    }
}

MutationsTest::Mutation MutationsTest::mutation() {
    return pick(2) == 0 ? of_one_entry(any()) : of_several();
}

TEST_F(MutationsTest, OfTheStoredJournalAreEachDetectedAndLocated) {
    ASSERT_EQ(first_finding(verify(*from_auditor)), "sound");
    int exact = 0;
    for (int i = 0; i < kMutations; ++i) {
        save();
        const auto change = mutation();
        run_sql(change.sql);

        const auto report = verify(*from_auditor);

        ASSERT_FALSE(report.sound()) << i << ": " << change.sql;
        const auto& found = report.findings.front();
        EXPECT_LE(found.from, change.first) << i << ": " << change.sql << "\n" << found.what;
        EXPECT_GE(found.to, change.first) << i << ": " << change.sql << "\n" << found.what;
        if (change.exact) {
            EXPECT_EQ(found.from, change.first) << i << ": " << change.sql << "\n" << found.what;
        }
        exact += found.from == found.to && found.from == change.first ? 1 : 0;
        restore();
        if (HasFailure()) break;
    }
    EXPECT_GT(exact, kMutations / 2);
    EXPECT_EQ(first_finding(verify(*from_auditor)), "sound");
}

TEST_F(MutationsTest, AKeptHeadThatIsChangedOrMissingIsNoticedOrHarmless) {
    const auto size =
        run_sql("select max(size) from wardline.tree_heads where size < " + std::to_string(newest));
    run_sql(flip("tree_heads", "body", std::stoull(size)));
    EXPECT_NE(first_finding(verify(*from_auditor)), "sound");
    restore();
    run_sql(flip("tree_heads", "sig", std::stoull(size)));
    EXPECT_NE(first_finding(verify(*from_auditor)), "sound");
    restore();

    // Without it the next head still covers the same entries.
    run_sql("delete from wardline.tree_heads where size = " + size);
    EXPECT_EQ(first_finding(verify(*from_auditor)), "sound");
}

}  // namespace
}  // namespace wardline::testing
