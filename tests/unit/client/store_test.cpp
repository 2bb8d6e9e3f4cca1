#include "clients/core/store.hpp"

#include "clients/core/home.hpp"
#include "clients/core/private_file.hpp"
#include "clients/core/sealed_key_file.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/client/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sqlite3.h>

namespace wardline::client {
namespace {

constexpr Space kSpace{"a space"};
constexpr Space kOther{"another space"};
constexpr PasswordCost kCheap{.passes = 1, .memory_kib = 64};

StoreKey password(std::string_view text) {
    return StoreKey::from_password(text).value();
}

class StoreTest : public ::testing::Test {
protected:
    std::unique_ptr<Store> create() {
        return Store::create(file_, password("right"), random_, kCheap).value();
    }
    Result<std::unique_ptr<Store>> open(std::string_view with = "right") {
        return Store::open(file_, password(with), random_);
    }
    std::string get(Store& store, Space space, std::string_view key) {
        const auto found = store.get(space, as_bytes(key));
        if (!found) return "error: " + found.error().detail;
        return found.value() ? std::string{as_text(found.value()->reveal())} : "nothing";
    }
    // As somebody with the file and without its key could.
    void tamper(const std::string& sql) {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(database);
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "store.db";
    wardline::testing::SeededRandom random_{"store"};
};

TEST_F(StoreTest, GivesBackWhatWasPutAfterAReopening) {
    {
        auto store = create();
        ASSERT_TRUE(store->put(kSpace, as_bytes("key"), as_bytes("value"), 7));
        ASSERT_TRUE(store->put(kSpace, as_bytes("key"), as_bytes("newer"), 8));
        ASSERT_TRUE(store->put(kOther, as_bytes("key"), as_bytes("elsewhere")));
    }

    auto store = open();

    ASSERT_TRUE(store) << store.error().detail;
    EXPECT_EQ(get(*store.value(), kSpace, "key"), "newer");
    EXPECT_EQ(get(*store.value(), kOther, "key"), "elsewhere");
    EXPECT_EQ(get(*store.value(), kSpace, "absent"), "nothing");
}

TEST_F(StoreTest, ListsByOrdinalInBothDirections) {
    auto store = create();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        const std::string key = "key " + std::to_string(i);
        ASSERT_TRUE(store->put(kSpace, as_bytes(key), as_bytes(key), i));
    }

    const auto from = store->from(kSpace, 2, 2).value();
    const auto below = store->below(kSpace, 4, 2).value();

    ASSERT_EQ(from.size(), 2U);
    EXPECT_EQ(from[0].ordinal, 2U);
    EXPECT_EQ(as_text(from[0].key), "key 2");
    EXPECT_EQ(from[1].ordinal, 3U);
    ASSERT_EQ(below.size(), 2U);
    EXPECT_EQ(below[0].ordinal, 3U);
    EXPECT_EQ(below[1].ordinal, 2U);
    EXPECT_EQ(store->count(kSpace).value(), 5U);
}

TEST_F(StoreTest, AWrongPasswordOpensNothing) {
    create();

    const auto store = open("wrong");

    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Code::local_store);
    EXPECT_NE(store.error().detail.find("password is wrong"), std::string::npos);
}

TEST_F(StoreTest, NothingReadableIsOnTheDisk) {
    {
        auto store = create();
        ASSERT_TRUE(store->put(kSpace, as_bytes("a telling key"), as_bytes("a telling value")));
    }
    std::ifstream in{file_, std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{in}, {}};

    EXPECT_EQ(content.find("telling"), std::string::npos);
    EXPECT_EQ(content.find("a space"), std::string::npos);
}

TEST_F(StoreTest, ARowThatWasChangedDoesNotOpen) {
    {
        auto store = create();
        ASSERT_TRUE(store->put(kSpace, as_bytes("key"), as_bytes("value"), 1));
    }
    tamper("UPDATE record SET sealed = randomblob(length(sealed))");

    auto store = open();

    ASSERT_TRUE(store);
    const auto found = store.value()->get(kSpace, as_bytes("key"));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::local_store);
}

TEST_F(StoreTest, ASealThatWasChangedIsDamageOfTheStore) {
    create().reset();
    tamper("UPDATE seal SET parameters = x'ff'");

    const auto opened = open();

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::local_store) << opened.error().detail;
}

TEST_F(StoreTest, ARowThatWasMovedDoesNotOpen) {
    {
        auto store = create();
        ASSERT_TRUE(store->put(kSpace, as_bytes("one"), as_bytes("value of one"), 1));
        ASSERT_TRUE(store->put(kSpace, as_bytes("two"), as_bytes("value of two"), 2));
    }
    tamper("UPDATE record SET sealed = (SELECT sealed FROM record WHERE ordinal = 1)");

    auto store = open();

    ASSERT_TRUE(store);
    EXPECT_EQ(get(*store.value(), kSpace, "one"), "value of one");
    EXPECT_FALSE(store.value()->get(kSpace, as_bytes("two")));
}

TEST_F(StoreTest, AnOrdinalThatWasChangedDoesNotOpen) {
    {
        auto store = create();
        ASSERT_TRUE(store->put(kSpace, as_bytes("one"), as_bytes("value"), 1));
    }
    tamper("UPDATE record SET ordinal = 9");

    auto store = open();

    ASSERT_TRUE(store);
    EXPECT_FALSE(store.value()->from(kSpace, 0, 10));
}

TEST_F(StoreTest, ANewerStoreIsRefusedAndNotTouched) {
    create();
    tamper("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE);");
    const auto read = [&] {
        std::ifstream in{file_, std::ios::binary};
        return std::string{std::istreambuf_iterator<char>{in}, {}};
    };
    const auto before = read();

    const auto store = open();

    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Code::local_store);
    EXPECT_NE(store.error().detail.find("newer"), std::string::npos);
    EXPECT_EQ(read(), before);
}

TEST_F(StoreTest, AFileThatIsNoStoreIsRefused) {
    ASSERT_TRUE(create_private_file(file_, as_bytes(std::string(200, 'x'))));

    const auto store = open();

    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Code::local_store);
}

TEST_F(StoreTest, AStoreThatOthersCanReadIsRefused) {
    create();
    std::filesystem::permissions(
        file_, std::filesystem::perms::group_read, std::filesystem::perm_options::add
    );

    const auto store = open();

    ASSERT_FALSE(store);
    EXPECT_NE(store.error().detail.find("can be read by others"), std::string::npos);
}

TEST_F(StoreTest, ATransactionThatIsGivenUpLeavesNothing) {
    auto store = create();
    {
        const StoreTransaction transaction{*store};
        ASSERT_TRUE(store->put(kSpace, as_bytes("key"), as_bytes("value")));
    }

    EXPECT_EQ(get(*store, kSpace, "key"), "nothing");
}

TEST_F(StoreTest, ANestedTransactionIsWrittenWithTheOuterOneOnly) {
    auto store = create();
    {
        const StoreTransaction outer{*store};
        StoreTransaction inner{*store};
        ASSERT_TRUE(store->put(kSpace, as_bytes("key"), as_bytes("value")));
        ASSERT_TRUE(inner.commit());
    }
    EXPECT_EQ(get(*store, kSpace, "key"), "nothing");

    StoreTransaction outer{*store};
    {
        const StoreTransaction given_up{*store};
        ASSERT_TRUE(store->put(kSpace, as_bytes("key"), as_bytes("value")));
    }
    EXPECT_FALSE(outer.commit());
    EXPECT_EQ(get(*store, kSpace, "key"), "nothing");
}

// A process that dies in mid-transaction leaves the store as it was: the copy of the files at that
// moment opens without what was not committed.
TEST_F(StoreTest, ADeathBetweenPutAndCommitLosesOnlyWhatWasNotCommitted) {
    auto store = create();
    ASSERT_TRUE(store->put(kSpace, as_bytes("kept"), as_bytes("value")));
    const StoreTransaction transaction{*store};
    ASSERT_TRUE(store->put(kSpace, as_bytes("lost"), as_bytes("value")));
    const auto copy = folder_ / "copy.db";
    std::filesystem::copy_file(file_, copy);
    if (std::filesystem::exists(file_.string() + "-wal")) {
        std::filesystem::copy_file(file_.string() + "-wal", copy.string() + "-wal");
    }

    auto after = Store::open(copy, password("right"), random_);

    ASSERT_TRUE(after) << after.error().detail;
    EXPECT_EQ(get(*after.value(), kSpace, "kept"), "value");
    EXPECT_EQ(get(*after.value(), kSpace, "lost"), "nothing");
}

// Upgrades start here: the store that version 1 of the schema wrote opens in every later version.
TEST_F(StoreTest, TheStoreOfThisReleaseOpens) {
    const std::filesystem::path fixture =
        std::filesystem::path{WARDLINE_SOURCE_DIR} / "tests/unit/client/fixtures/store-1.db";
    std::filesystem::copy_file(fixture, file_);
    std::filesystem::permissions(
        file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
    );

    auto store = open("the fixture's password");

    ASSERT_TRUE(store) << store.error().detail;
    EXPECT_EQ(get(*store.value(), Space{"fixture"}, "greeting"), "hello from schema 1");
}

TEST(StoreKeyTest, KeyFilesAreLongEnoughAndPrivate) {
    const TemporaryFolder folder;
    const auto good = folder / "good";
    ASSERT_TRUE(create_private_file(good, as_bytes("0123456789abcdef\n")));
    const auto brief = folder / "short";
    ASSERT_TRUE(create_private_file(brief, as_bytes("0123456789abcde\n")));
    const auto open = folder / "open";
    ASSERT_TRUE(create_private_file(open, as_bytes("0123456789abcdef")));
    std::filesystem::permissions(
        open, std::filesystem::perms::others_read, std::filesystem::perm_options::add
    );

    EXPECT_TRUE(StoreKey::from_key_file(good));
    EXPECT_EQ(StoreKey::from_key_file(brief).error().code, Code::usage);
    EXPECT_EQ(StoreKey::from_key_file(open).error().code, Code::local_store);
    EXPECT_EQ(StoreKey::from_key_file(folder / "absent").error().code, Code::local_store);
    EXPECT_EQ(StoreKey::from_password("").error().code, Code::usage);
}

TEST(HomeTest, OneProgramAtATime) {
    const TemporaryFolder folder;
    const auto first = Home::open(folder / "home", Home::Make::yes);
    ASSERT_TRUE(first) << first.error().detail;

    const auto second = Home::open(folder / "home", Home::Make::no);

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
}

TEST(HomeTest, AFolderThatOthersCanEnterIsRefused) {
    const TemporaryFolder folder;
    {
        ASSERT_TRUE(Home::open(folder / "home", Home::Make::yes));
    }
    std::filesystem::permissions(
        folder / "home", std::filesystem::perms::group_read, std::filesystem::perm_options::add
    );

    const auto home = Home::open(folder / "home", Home::Make::no);

    ASSERT_FALSE(home);
    EXPECT_EQ(home.error().code, Code::local_store);
    EXPECT_FALSE(Home::open(folder / "absent", Home::Make::no));
}

TEST(SealedKeyFileTest, OpensWithItsPassphraseAlone) {
    const TemporaryFolder folder;
    wardline::testing::SeededRandom random{"sealed key"};
    const auto secret = crypto::random_secret<SymmetricKey>(random);
    const SealedKey key{
        .kind = SealedKeyKind::vault,
        .clinic = crypto::random_fixed<ClinicId>(random),
        .public_half = {},
        .secret = secret
    };
    ASSERT_TRUE(write_sealed_key(folder / "vault.key", key, password("open sesame"), random));

    const auto opened = read_sealed_key(folder / "vault.key", password("open sesame"));

    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_EQ(opened.value().kind, SealedKeyKind::vault);
    EXPECT_EQ(opened.value().clinic, key.clinic);
    EXPECT_TRUE(opened.value().secret.equals(secret));
    EXPECT_EQ(
        read_sealed_key(folder / "vault.key", password("sesame")).error().code, Code::local_store
    );
    EXPECT_FALSE(write_sealed_key(folder / "vault.key", key, password("open sesame"), random));
}

}  // namespace
}  // namespace wardline::client
