#include "storage/key_ring.hpp"

#include "protocol/base/encoding.hpp"
#include "storage/database.hpp"
#include "tests/storage_support/run_task.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace wardline::testing {
namespace {

SymmetricKey a_key(std::uint8_t fill) {
    SymmetricKey key;
    std::ranges::fill(key.writable(), fill);
    return key;
}

struct Ring {
    explicit Ring(const storage::DatabaseOptions& options, std::uint8_t key = 1)
        : database{io.get_executor(), options},
          keys{database, a_key(key), crypto::system_random()} {}
    template <class T>
    Result<T> run(storage::Task<T> task) {
        return testing::run(io, std::move(task));
    }
    boost::asio::io_context io;
    storage::Database database;
    storage::KeyRing keys;
};

// Whether any file below the folder holds these bytes.
bool anywhere(const std::string& folder, BytesView wanted) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        if (bytes.find(as_text(wanted)) != std::string::npos) return true;
    }
    return false;
}

TEST(KeyRing, NeverHandsOutANumberTwice) {
    const auto options = TestDatabases::shared().fresh();
    std::set<storage::KeyNumber> numbers;
    for (int start = 0; start < 3; ++start) {
        Ring one{options};
        Ring two{options};
        for (int i = 0; i < 300; ++i) {
            EXPECT_TRUE(numbers.insert(one.run(one.keys.take()).value().number).second);
            EXPECT_TRUE(numbers.insert(two.run(two.keys.take()).value().number).second);
        }
    }
}

TEST(KeyRing, FindsAgainWhatItHandedOut) {
    const auto options = TestDatabases::shared().fresh();
    Ring ring{options};
    const auto taken = ring.run(ring.keys.take()).value();
    Ring restarted{options};

    const auto found = restarted.run(restarted.keys.find({taken.number, 999'999})).value();

    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].key.equals(taken.key));
    EXPECT_NE(restarted.keys.cached(taken.number), nullptr);
}

TEST(KeyRing, TakesFromMemoryOnceToppedUp) {
    Ring ring{TestDatabases::shared().fresh()};

    ASSERT_TRUE(ring.run(ring.keys.top_up()));

    EXPECT_GE(ring.keys.ready(), 256U);
}

TEST(KeyRing, WhatIsDestroyedIsNotFound) {
    const auto options = TestDatabases::shared().fresh();
    Ring ring{options};
    const auto taken = ring.run(ring.keys.take()).value();

    ASSERT_TRUE(ring.run(ring.keys.destroy({taken.number})));
    ASSERT_TRUE(ring.run(ring.keys.destroy({taken.number})));

    EXPECT_EQ(ring.keys.cached(taken.number), nullptr);
    EXPECT_TRUE(ring.run(ring.keys.find({taken.number})).value().empty());
}

TEST(KeyRing, RefusesAnotherKeyEncryptionKey) {
    const auto options = TestDatabases::shared().fresh();
    Ring first{options};
    ASSERT_TRUE(first.run(first.keys.check()));
    Ring other{options, 2};

    EXPECT_EQ(other.run(other.keys.check()).error().code, Code::usage);
    EXPECT_TRUE(first.run(first.keys.check()));
}

TEST(KeyRing, OnePutBackFromABackupIsMovedPastWhatWasUsed) {
    const auto options = TestDatabases::shared().fresh();
    sql(options.main,
        "insert into wardline.units (clinic, unit, thread, class, day, key_number) "
        "values (1, 7000, decode(repeat('01', 16), 'hex'), 1, 1, 7000)");
    Ring ring{options};

    ASSERT_TRUE(ring.run(ring.keys.check()));

    EXPECT_GT(ring.run(ring.keys.take()).value().number, 7000U);
}

TEST(KeyRing, KeysAreWrappedAtRest) {
    const auto options = TestDatabases::shared().fresh();
    Ring ring{options};
    const auto taken = ring.run(ring.keys.take()).value();

    const auto position =
        sql(options.keys,
            "select coalesce(max(position(decode('" + to_hex(taken.key.reveal()) +
                "', 'hex') in wrapped)), 0) from wardline.keys");

    EXPECT_EQ(position, "0");
}

// Deleting a row deletes nothing: the wrapped key stays in the table's file and in the log.
TEST(KeyRing, AfterScrubbingADestroyedKeyIsInNoFileOfTheCluster) {
    const auto options = TestDatabases::shared().fresh();
    const auto folder = TestDatabases::shared().folder() + "/postgres/keys";
    Ring ring{options};
    const auto taken = ring.run(ring.keys.take()).value();
    const auto hex =
        sql(options.keys,
            "select encode(wrapped, 'hex') from wardline.keys where number = " +
                std::to_string(taken.number));
    const auto bytes = from_hex(hex).value();
    ASSERT_TRUE(ring.run(ring.keys.destroy({taken.number})));
    sql(options.keys, "checkpoint");
    ASSERT_TRUE(anywhere(folder, bytes));

    const auto scrubbed = ring.run(ring.keys.scrub());

    ASSERT_TRUE(scrubbed) << scrubbed.error().detail;
    EXPECT_FALSE(anywhere(folder, bytes));
    EXPECT_TRUE(ring.run(ring.keys.take()));
}

}  // namespace
}  // namespace wardline::testing
