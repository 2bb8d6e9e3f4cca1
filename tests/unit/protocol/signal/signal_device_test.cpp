#include "protocol/signal/signal_device.hpp"

#include "tests/unit/protocol/signal/party.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace wardline::signal::testing {
namespace {

Encrypted with_flipped_bit(Encrypted message, std::size_t byte, int bit = 0) {
    message.bytes.at(byte) ^= static_cast<std::uint8_t>(1 << bit);
    return message;
}

TEST_F(SignalTest, BeginsASessionWithAOneTimeKeyAndUsesItUp) {
    const auto bundle = bob.bundle();
    ASSERT_TRUE(alice.begin(bob.peer(), bundle));

    const auto first = alice.say(bob, "hello");
    const auto heard = bob.decrypt(alice.peer(), first);

    EXPECT_EQ(first.kind, LiveKind::first);
    ASSERT_TRUE(heard);
    EXPECT_EQ(as_text(heard.value().plaintext.reveal()), "hello");
    EXPECT_EQ(heard.value().used_prekey, bundle.one_time->id);
    EXPECT_EQ(bob.records.prekeys(), 19u);
}

TEST_F(SignalTest, BeginsASessionWithoutAOneTimeKey) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));

    const auto heard = bob.decrypt(alice.peer(), alice.say(bob, "hello"));

    ASSERT_TRUE(heard);
    EXPECT_EQ(heard.value().used_prekey, std::nullopt);
    EXPECT_EQ(bob.records.prekeys(), 20u);
}

TEST_F(SignalTest, HasASessionFromTheBundleOn) {
    EXPECT_FALSE(alice.device().begin().has_session(bob.id()).value());

    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));

    EXPECT_TRUE(alice.device().begin().has_session(bob.id()).value());
}

TEST_F(SignalTest, ForgetsASession) {
    converse();
    {
        auto transaction = alice.device().begin();
        transaction.end_session(bob.id());
        EXPECT_FALSE(transaction.has_session(bob.id()).value());
        alice.records.apply(transaction.changes());
    }

    EXPECT_EQ(alice.records.sessions(), 0u);
    EXPECT_EQ(alice.encrypt(bob.peer(), "x").error().code, Code::not_found);
}

TEST_F(SignalTest, TalksBothWaysForALongTime) {
    converse();
    for (int turn = 0; turn < 50; ++turn) {
        const auto text = std::to_string(turn);
        ASSERT_EQ(bob.hear(alice, alice.say(bob, text)), text);
        ASSERT_EQ(alice.hear(bob, bob.say(alice, text)), text);
    }
}

TEST_F(SignalTest, DecryptsMessagesInAnyOrder) {
    converse();
    std::vector<Encrypted> messages;
    for (int i = 0; i < 30; ++i) messages.push_back(alice.say(bob, std::to_string(i)));

    std::vector<std::size_t> order(messages.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = (i * 7) % order.size();

    for (const auto i : order) EXPECT_EQ(bob.hear(alice, messages[i]), std::to_string(i));
}

TEST_F(SignalTest, RefusesAReplayAsAConflict) {
    converse();
    const auto message = alice.say(bob, "once");
    ASSERT_EQ(bob.hear(alice, message), "once");

    EXPECT_EQ(bob.hear(alice, message), "refused: conflict");
}

TEST_F(SignalTest, BothMayBeginAtTheSameTime) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    ASSERT_TRUE(bob.begin(alice.peer(), alice.bundle()));
    const auto from_alice = alice.say(bob, "a");
    const auto from_bob = bob.say(alice, "b");

    EXPECT_EQ(bob.hear(alice, from_alice), "a");
    EXPECT_EQ(alice.hear(bob, from_bob), "b");
    EXPECT_EQ(bob.hear(alice, alice.say(bob, "aa")), "aa");
    EXPECT_EQ(alice.hear(bob, bob.say(alice, "bb")), "bb");
}

TEST_F(SignalTest, AnOperationSeesTheOnesBeforeItInItsTransaction) {
    auto transaction = alice.device().begin();
    ASSERT_TRUE(transaction.begin_session(bob.peer(), bob.bundle()));
    const auto one = transaction.encrypt(bob.peer(), as_bytes("one"));
    const auto two = transaction.encrypt(bob.peer(), as_bytes("two"));

    ASSERT_TRUE(one);
    ASSERT_TRUE(two);
    EXPECT_EQ(bob.hear(alice, one.value()), "one");
    EXPECT_EQ(bob.hear(alice, two.value()), "two");
}

TEST_F(SignalTest, AFailureLeavesTheRestOfItsTransaction) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto good = alice.say(bob, "good");
    const auto bad = with_flipped_bit(alice.say(bob, "bad"), 60);

    auto transaction = bob.device().begin();
    ASSERT_TRUE(transaction.decrypt(alice.peer(), good.kind, good.bytes, kNow));
    const auto used = transaction.changes().used_prekeys;
    ASSERT_FALSE(transaction.decrypt(alice.peer(), bad.kind, bad.bytes, kNow));

    EXPECT_EQ(transaction.changes().used_prekeys, used);
    EXPECT_EQ(transaction.changes().sessions.size(), 1u);
}

TEST_F(SignalTest, RefusesAnIdentityWhoseHalvesDoNotBelongTogether) {
    auto mixed = alice.identity();
    mixed.secret = bob.identity().secret;

    const auto device = SignalDevice::create(mixed, alice.records);

    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, Code::usage);
}

TEST_F(SignalTest, RefusesAPlaintextThatIsTooLong) {
    converse();

    EXPECT_TRUE(alice.encrypt(bob.peer(), std::string(65'536, 'x')));
    EXPECT_EQ(alice.encrypt(bob.peer(), std::string(65'537, 'x')).error().code, Code::too_large);
}

// Some bytes of a first message stand outside its MAC (the registration id, the lower half of the
// version), so a few mutants do decrypt: to what was said, and to nothing else.
TEST_F(SignalTest, NoMutationOfAMessageCrashesOrSaysSomethingElse) {
    // The budget would end the loop early, so each message comes an hour after the one before.
    constexpr std::uint64_t kHourMs = 3'600'000;
    auto now = kNow;
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "first");
    std::mt19937 random{20'260'101};  // NOLINT(cert-msc51-cpp): the same mutations each time.
    int decrypted = 0;
    for (int i = 0; i < 4'000; ++i) {
        auto mutant = first;
        const auto flips = 1 + random() % 3;
        for (unsigned flip = 0; flip < flips; ++flip) {
            auto& byte = mutant.bytes[random() % mutant.bytes.size()];
            byte = static_cast<std::uint8_t>(random());
        }
        if (i % 4 == 0) mutant.bytes.resize(random() % (mutant.bytes.size() + 1));
        if (i % 5 == 0) mutant.kind = LiveKind::message;
        now.ms += kHourMs;
        auto transaction = bob.device().begin();
        const auto result = transaction.decrypt(alice.peer(), mutant.kind, mutant.bytes, now);
        if (!result) {
            ASSERT_TRUE(transaction.changes().empty());
            continue;
        }
        ++decrypted;
        ASSERT_EQ(as_text(result.value().plaintext.reveal()), "first");
    }

    EXPECT_LT(decrypted, 200);
    EXPECT_EQ(bob.hear(alice, first, now), "first");
}

TEST_F(SignalTest, NoMutationWithinASessionDecrypts) {
    constexpr std::uint64_t kHourMs = 3'600'000;
    auto now = kNow;
    converse();
    const auto message = alice.say(bob, "genuine");
    std::mt19937 random{20'260'102};  // NOLINT(cert-msc51-cpp): the same mutations each time.
    for (int i = 0; i < 4'000; ++i) {
        auto mutant = message;
        auto& byte = mutant.bytes[random() % mutant.bytes.size()];
        byte ^= static_cast<std::uint8_t>(1 + random() % 255);
        now.ms += kHourMs;
        ASSERT_TRUE(bob.hear(alice, mutant, now).starts_with("refused"));
    }

    EXPECT_EQ(bob.hear(alice, message, now), "genuine");
}

}  // namespace
}  // namespace wardline::signal::testing
