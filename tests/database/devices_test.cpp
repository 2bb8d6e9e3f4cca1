#include "storage/devices.hpp"

#include "storage/counters.hpp"
#include "storage/cursors.hpp"
#include "storage/prekeys.hpp"
#include "tests/storage_support/journal_fixture.hpp"

namespace wardline::testing {
namespace {

using storage::OneTimePrekey;
using storage::SignedPrekey;

DeviceId device(std::uint8_t number) {
    return id_of<DeviceId>(number);
}

class PrekeysTest : public JournalTest {
protected:
    std::vector<OneTimePrekey> keys(std::uint32_t from, std::uint32_t count) {
        std::vector<OneTimePrekey> out;
        for (auto id = from; id < from + count; ++id) {
            out.push_back({id, Bytes{static_cast<std::uint8_t>(id), 5}});
        }
        return out;
    }
    storage::Prekeys prekeys_{node_.database};
    const SignedPrekey signed_{7, Bytes(33, 5), Bytes(64, 6)};
};

TEST_F(PrekeysTest, AreHandedOutOnce) {
    ASSERT_EQ(node_.run(prekeys_.put(device(1), 99, signed_, keys(1, 2))).value(), 2U);

    const auto first = node_.run(prekeys_.take({device(1)})).value().at(0);
    const auto second = node_.run(prekeys_.take({device(1)})).value().at(0);
    const auto third = node_.run(prekeys_.take({device(1)})).value().at(0);

    EXPECT_EQ(first.registration, 99U);
    EXPECT_EQ(first.signed_prekey, signed_);
    EXPECT_EQ(first.one_time->id, 1U);
    EXPECT_EQ(second.one_time->id, 2U);
    EXPECT_EQ(third.one_time, std::nullopt);
    EXPECT_EQ(node_.run(prekeys_.counts(device(1))).value().one_time, 0U);
}

TEST_F(PrekeysTest, ADeviceWithoutASignedPrekeyHasNoBundle) {
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, signed_, {})));

    const auto bundles = node_.run(prekeys_.take({device(1), device(2)})).value();

    ASSERT_EQ(bundles.size(), 1U);
    EXPECT_EQ(bundles[0].device, device(1));
}

TEST_F(PrekeysTest, AnIdPutTwiceKeepsItsFirstKey) {
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, signed_, {{1, Bytes{1}}})));
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, std::nullopt, {{1, Bytes{2}}})));

    EXPECT_EQ(node_.run(prekeys_.take({device(1)})).value().at(0).one_time->key, Bytes{1});
}

TEST_F(PrekeysTest, ReplaceTheSignedOne) {
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, signed_, {})));
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, SignedPrekey{8, {1}, {2}}, {})));

    EXPECT_EQ(node_.run(prekeys_.counts(device(1))).value().signed_id, 8U);
}

TEST_F(PrekeysTest, AreBounded) {
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, signed_, keys(1, 100))));
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, std::nullopt, keys(101, 100))));

    const auto more = node_.run(prekeys_.put(device(1), 1, std::nullopt, keys(201, 1)));

    EXPECT_EQ(more.error().code, Code::too_large);
}

TEST_F(PrekeysTest, OfAForgottenDeviceAreGone) {
    ASSERT_TRUE(node_.run(prekeys_.put(device(1), 1, signed_, keys(1, 3))));

    ASSERT_TRUE(node_.run(prekeys_.forget(device(1))));

    EXPECT_TRUE(node_.run(prekeys_.take({device(1)})).value().empty());
    EXPECT_EQ(node_.run(prekeys_.counts(device(1))).value().one_time, 0U);
}

class DevicesTest : public JournalTest {
protected:
    void see(std::uint8_t number, std::uint64_t at) {
        node_.writer.note_seen(device(number), Instant{at});
    }
    void written(const std::string& count) {
        ASSERT_TRUE(run_until(node_.io, [&] {
            return sql(options_.main, "select count(*) from wardline.devices") == count;
        }));
    }
    storage::Devices devices_{node_.database};
};

TEST_F(DevicesTest, OnDutyAreTheLastSeenFirst) {
    see(1, 100);
    see(2, 300);
    see(3, 200);
    see(4, 99);
    written("4");

    const auto seen =
        node_
            .run(devices_.seen_since({device(1), device(2), device(3), device(4)}, Instant{100}, 2))
            .value();

    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].device, device(2));
    EXPECT_EQ(seen[1].device, device(3));
}

TEST_F(DevicesTest, PageInOrderOfTheirIds) {
    for (std::uint8_t i = 1; i <= 5; ++i) see(i, i);
    written("5");

    const auto first = node_.run(devices_.page({}, 3)).value();
    const auto second = node_.run(devices_.page(first.back().device, 3)).value();

    EXPECT_EQ(first.size(), 3U);
    EXPECT_EQ(second.size(), 2U);
    EXPECT_EQ(second[0].device, device(4));
}

TEST_F(DevicesTest, HaveCursorsByThreadAndByDevice) {
    storage::Cursors cursors{node_.database};
    node_.writer.note_cursor(device(1), id_of<ThreadId>(1), 5, 3);
    node_.writer.note_cursor(device(1), id_of<ThreadId>(2), 6, 0);
    node_.writer.note_cursor(device(2), id_of<ThreadId>(1), 7, 7);
    ASSERT_TRUE(run_until(node_.io, [&] {
        return sql(options_.main, "select count(*) from wardline.cursors") == "3";
    }));

    const auto of_thread = node_.run(cursors.of_thread(id_of<ThreadId>(1))).value();
    const auto of_device = node_.run(cursors.of_device(device(1))).value();

    ASSERT_EQ(of_thread.size(), 2U);
    EXPECT_EQ(of_thread[1], (storage::Cursor{device(2), id_of<ThreadId>(1), 7, 7}));
    EXPECT_EQ(of_device.size(), 2U);
}

TEST_F(DevicesTest, CountMessagesByThreadAndAudience) {
    storage::Counters counters{node_.database};
    static_cast<void>(node_.append(a_message("one", 1)).value());
    static_cast<void>(node_.append(a_message("two", 2)).value());
    static_cast<void>(
        node_.append(a_message("note", 3, {.message_class = trust::MessageClass::internal})).value()
    );
    const auto thread = id_of<ThreadId>(1);

    EXPECT_EQ(node_.run(counters.last(device(1), thread, trust::Audience::all)).value(), 2U);
    EXPECT_EQ(node_.run(counters.last(device(1), thread, trust::Audience::internal)).value(), 1U);
    EXPECT_EQ(node_.run(counters.last(device(2), thread, trust::Audience::all)).value(), 0U);
}

}  // namespace
}  // namespace wardline::testing
