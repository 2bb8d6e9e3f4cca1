// Every known trap of libsignal-protocol-c that a user of pairwise sessions can fall into, and that
// the wrapper closes.
#include "protocol/base/encoding.hpp"
#include "protocol/signal/crypto_provider.hpp"
#include "protocol/signal/failure_budget.hpp"
#include "protocol/signal/first_message.hpp"
#include "protocol/signal/handles.hpp"
#include "protocol/signal/staged_store.hpp"
#include "tests/unit/protocol/signal/party.hpp"

#include <gtest/gtest.h>

#include <array>
#include <curve.h>
#include <protocol.h>
#include <session_record.h>
#include <signal_protocol.h>
#include <stdexcept>
#include <thread>

namespace wardline::signal::testing {
namespace {

class SignalTraps : public SignalTest {};

// The message with one bit of its MAC flipped: of the right form, and not genuine. In a first
// message of `sender` the MAC ends the inner message, which other fields follow.
Encrypted forged(Encrypted message, const Party& sender) {
    std::size_t mac_end = message.bytes.size();
    if (message.kind == LiveKind::first) {
        const auto context = Context::create().value();
        const auto& raw = message.bytes;
        const auto first =
            parse_first_message(raw, sender.identity().public_key, context.get()).value();
        auto* const inner = pre_key_signal_message_get_signal_message(first.get());
        const auto* const bytes =
            ciphertext_message_get_serialized(reinterpret_cast<ciphertext_message*>(inner));
        const auto found = std::ranges::search(raw, view_of(bytes));
        mac_end = static_cast<std::size_t>(found.end() - raw.begin());
    }
    message.bytes.at(mac_end - 1) ^= 1;
    return message;
}

std::size_t archived_states(const SecretBytes& record) {
    const auto context = Context::create().value();
    SignalRef<session_record> sessions;
    const auto raw = record.reveal();
    EXPECT_EQ(session_record_deserialize(sessions.out(), raw.data(), raw.size(), context.get()), 0);
    std::size_t count = 0;
    for (auto* state = session_record_get_previous_states_head(sessions.get()); state;
         state = session_record_get_previous_states_next(state)) {
        ++count;
    }
    return count;
}

// The same record with its current session moved into the archive.
SecretBytes without_current_session(const SecretBytes& record) {
    const auto context = Context::create().value();
    SignalRef<session_record> sessions;
    const auto raw = record.reveal();
    EXPECT_EQ(session_record_deserialize(sessions.out(), raw.data(), raw.size(), context.get()), 0);
    EXPECT_EQ(session_record_archive_current_state(sessions.get()), 0);
    signal_buffer* out = nullptr;
    EXPECT_EQ(session_record_serialize(&out, sessions.get()), 0);
    const SecretBuffer buffer{out};
    return SecretBytes{view_of(out)};
}

TEST_F(SignalTraps, Trap01TamperedFirstMessageStoresNothing) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");
    {
        auto transaction = bob.device().begin();
        const auto bad = forged(first, alice);
        const auto result = transaction.decrypt(alice.peer(), bad.kind, bad.bytes, kNow);

        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Code::undecryptable);
        EXPECT_TRUE(transaction.changes().empty());
    }

    EXPECT_EQ(bob.hear(alice, first), "hello");
}

TEST_F(SignalTraps, Trap01NoIdentityIsTrustedOnFirstUse) {
    const Party mallory{3};
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");
    // Alice's device id, as the chains know it, belongs to another identity.
    const Peer certified{alice.id(), mallory.identity().public_key};
    {
        auto transaction = bob.device().begin();
        const auto result = transaction.decrypt(certified, first.kind, first.bytes, kNow);

        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Code::undecryptable);
        EXPECT_TRUE(transaction.changes().empty());
    }
    EXPECT_EQ(bob.hear(alice, first), "hello");
    // The session that it began is alice's and nobody else's.
    const auto second = alice.say(bob, "again");
    EXPECT_EQ(bob.decrypt(certified, second).error().code, Code::trust_alarm);
    EXPECT_EQ(bob.hear(alice, second), "again");
}

TEST_F(SignalTraps, Trap01ASessionWithAnotherIdentityIsNotUsed) {
    converse();
    const Party mallory{3};
    const Peer certified{bob.id(), mallory.identity().public_key};
    const auto reply = bob.say(alice, "x");

    EXPECT_EQ(alice.encrypt(certified, "x").error().code, Code::trust_alarm);
    EXPECT_EQ(alice.decrypt(certified, reply).error().code, Code::trust_alarm);
    EXPECT_EQ(alice.hear(bob, reply), "x");
}

TEST_F(SignalTraps, Trap02TwoThreadsOverOneDeviceReuseNoKey) {
    converse();
    constexpr std::size_t kEach = 400;
    std::array<std::vector<Encrypted>, 2> sent;
    const auto send = [&](std::size_t thread) {
        for (std::size_t i = 0; i < kEach; ++i) {
            sent[thread].push_back(alice.say(bob, std::to_string(thread * kEach + i)));
        }
    };
    std::thread other{send, 1};
    send(0);
    other.join();

    // A key that was used twice shows as a message that was "decrypted before".
    for (std::size_t i = 0; i < kEach; ++i) {
        ASSERT_EQ(bob.hear(alice, sent[0][i]), std::to_string(i));
        ASSERT_EQ(bob.hear(alice, sent[1][i]), std::to_string(kEach + i));
    }
}

TEST_F(SignalTraps, Trap02AThreadCannotOpenASecondTransaction) {
    {
        const auto transaction = alice.device().begin();
        EXPECT_THROW(alice.device().begin(), std::logic_error);
        EXPECT_THROW(alice.device().begin(), std::logic_error);
    }

    EXPECT_NO_THROW(alice.device().begin());
}

TEST_F(SignalTraps, Trap03ABundleWithoutSignatureIsRefused) {
    const DeviceBundle good{bob.id(), bob.bundle()};
    ASSERT_EQ(parse_bundle(to_json(good)).value(), good);
    for (const std::size_t size : {0u, 1u, 63u, 65u}) {
        auto map = to_json(good);
        map["signed"]["sig"] = cbor::binary(Bytes(size));
        const auto parsed = parse_bundle(map);
        ASSERT_FALSE(parsed) << size;
        EXPECT_EQ(parsed.error().code, Code::bad_frame);
    }
}

TEST_F(SignalTraps, Trap03KeysOfAnotherLengthOrTypeAreRefused) {
    const DeviceBundle good{bob.id(), bob.bundle()};
    for (const char* which : {"signed", "one_time"}) {
        for (const std::size_t size : {0u, 32u, 34u}) {
            auto map = to_json(good);
            map[which]["key"] = cbor::binary(Bytes(size, 5));
            EXPECT_EQ(parse_bundle(map).error().code, Code::bad_frame) << which << size;
        }
        auto map = to_json(good);
        map[which]["key"] = cbor::binary(Bytes(33, 6));
        EXPECT_EQ(parse_bundle(map).error().code, Code::bad_frame) << which;
    }
}

TEST_F(SignalTraps, Trap03EveryFieldOfABundleIsChecked) {
    const DeviceBundle good{bob.id(), bob.bundle()};
    for (const char* key : {"device", "registration", "signed"}) {
        auto map = to_json(good);
        map.erase(key);
        EXPECT_EQ(parse_bundle(map).error().code, Code::bad_frame) << key;
    }
    for (const std::uint32_t registration : {0u, 16'381u}) {
        auto map = to_json(good);
        map["registration"] = registration;
        EXPECT_EQ(parse_bundle(map).error().code, Code::bad_frame) << registration;
    }
    for (const char* which : {"signed", "one_time"}) {
        for (const std::uint32_t id : {0u, 0xFFFFFEu, 0xFFFFFFu}) {
            auto map = to_json(good);
            map[which]["id"] = id;
            EXPECT_EQ(parse_bundle(map).error().code, Code::bad_frame) << which << id;
        }
    }
}

TEST_F(SignalTraps, Trap03ASignedPrekeyOfSomebodyElseIsRefused) {
    const Party mallory{3};
    auto bundle = bob.bundle();
    bundle.signed_prekey = mallory.signed_prekey();

    EXPECT_FALSE(is_signed_by(bundle.signed_prekey, bob.identity().public_key));
    EXPECT_EQ(alice.begin(bob.peer(), bundle).error().code, Code::bad_signature);
    EXPECT_EQ(alice.records.sessions(), 0u);
}

TEST_F(SignalTraps, Trap03ASignatureWithAFlippedBitIsRefused) {
    EXPECT_TRUE(is_signed_by(bob.signed_prekey(), bob.identity().public_key));
    for (const std::size_t byte : {0u, 20u, 31u, 32u, 50u}) {
        auto bundle = bob.bundle_without_one_time();
        auto signature = bundle.signed_prekey.signature.array();
        signature.at(byte) ^= 1;
        bundle.signed_prekey.signature = PrekeySignature{signature};
        EXPECT_EQ(alice.begin(bob.peer(), bundle).error().code, Code::bad_signature) << byte;
    }
}

TEST_F(SignalTraps, Trap04AFirstMessageCountsOnceEvenAfterItsSessionIsForgotten) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
    const auto first = alice.say(bob, "hello");
    ASSERT_EQ(bob.hear(alice, first), "hello");
    {
        auto transaction = bob.device().begin();
        transaction.end_session(alice.id());
        bob.records.apply(transaction.changes());
    }

    EXPECT_EQ(bob.hear(alice, first), "refused: undecryptable");
    EXPECT_EQ(bob.records.sessions(), 0u);
}

TEST_F(SignalTraps, Trap04AFirstMessageCountsOnceEvenAfterItsSessionLeftTheArchive) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
    const auto first = alice.say(bob, "hello");
    ASSERT_EQ(bob.hear(alice, first), "hello");
    for (std::size_t i = 0; i < kArchivedStatesMax + 1; ++i) {
        ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
        ASSERT_EQ(bob.hear(alice, alice.say(bob, "again")), "again");
    }

    EXPECT_EQ(bob.hear(alice, first), "refused: undecryptable");
}

TEST_F(SignalTraps, Trap04AFirstMessageCountsOnceWithinATransaction) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
    const auto first = alice.say(bob, "hello");
    auto transaction = bob.device().begin();
    ASSERT_TRUE(transaction.decrypt(alice.peer(), first.kind, first.bytes, kNow));
    transaction.end_session(alice.id());

    const auto replay = transaction.decrypt(alice.peer(), first.kind, first.bytes, kNow);

    ASSERT_FALSE(replay);
    EXPECT_EQ(replay.error().code, Code::undecryptable);
}

TEST_F(SignalTraps, Trap04AFirstMessageToARemovedSignedPrekeyIsRefused) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "late");
    bob.records.remove_signed_prekey(kSignedPrekey);

    EXPECT_EQ(bob.hear(alice, first), "refused: undecryptable");
}

TEST_F(SignalTraps, Trap04ASecondFirstMessageOfTheSameSessionIsNoReplay) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
    const auto one = alice.say(bob, "one");
    const auto two = alice.say(bob, "two");

    EXPECT_EQ(two.kind, LiveKind::first);
    EXPECT_EQ(bob.hear(alice, one), "one");
    EXPECT_EQ(bob.hear(alice, two), "two");
}

TEST_F(SignalTraps, Trap05ArchivedSessionsAreFew) {
    for (std::size_t i = 0; i < 3 * kArchivedStatesMax; ++i) {
        ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
        ASSERT_EQ(bob.hear(alice, alice.say(bob, "x")), "x");
    }

    const auto hers = alice.records.load_session(bob.id()).value();
    const auto his = bob.records.load_session(alice.id()).value();
    EXPECT_EQ(archived_states(*hers), kArchivedStatesMax);
    EXPECT_EQ(archived_states(*his), kArchivedStatesMax);
}

TEST_F(SignalTraps, Trap05AMessageOfAnArchivedSessionStillDecrypts) {
    converse();
    const auto late = alice.say(bob, "late");
    for (std::size_t i = 0; i < kArchivedStatesMax; ++i) {
        ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle_without_one_time()));
        ASSERT_EQ(bob.hear(alice, alice.say(bob, "x")), "x");
    }

    EXPECT_EQ(bob.hear(alice, late), "late");
}

TEST_F(SignalTraps, Trap05APeerWhoseMessagesFailIsNotListenedToForAWhile) {
    converse();
    Party carol{3};
    ASSERT_TRUE(carol.begin(bob.peer(), bob.bundle()));
    const auto genuine = alice.say(bob, "genuine");
    for (std::uint32_t i = 0; i < FailureBudget::kBurst; ++i) {
        ASSERT_EQ(bob.hear(alice, forged(genuine, alice)), "refused: undecryptable");
    }

    EXPECT_EQ(bob.hear(alice, forged(genuine, alice)), "refused: rate_limited");
    EXPECT_EQ(bob.hear(alice, genuine), "refused: rate_limited");
    EXPECT_EQ(bob.hear(carol, carol.say(bob, "hi")), "hi");
    const Instant later{kNow.ms + FailureBudget::kRefillMs};
    EXPECT_EQ(bob.hear(alice, genuine, later), "genuine");
}

TEST_F(SignalTraps, Trap06KeysOfLowOrderAreRefused) {
    // The u coordinates of the points of order 1, 2, 4 and 8, and non-canonical forms of them.
    for (const char* digits : {
             "0000000000000000000000000000000000000000000000000000000000000000",
             "0100000000000000000000000000000000000000000000000000000000000000",
             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         }) {
        auto raw = from_hex(std::string{"05"} + digits).value();
        EXPECT_FALSE(is_sound_key(raw)) << digits;
        auto bundle = bob.bundle();
        bundle.one_time->key = PrekeyPublic::from(raw).value();
        EXPECT_EQ(alice.begin(bob.peer(), bundle).error().code, Code::bad_frame) << digits;
    }
    EXPECT_TRUE(is_sound_key(bob.signed_prekey().key.view()));
    EXPECT_EQ(alice.records.sessions(), 0u);
}

TEST_F(SignalTraps, Trap06AKeyOfAnotherTypeIsRefused) {
    auto bundle = bob.bundle();
    auto key = bundle.one_time->key.array();
    key.front() = 6;
    bundle.one_time->key = PrekeyPublic{key};

    EXPECT_EQ(alice.begin(bob.peer(), bundle).error().code, Code::bad_frame);
}

// Peers' names are as long as std::string keeps inside itself only by accident: two of them, used
// in turn.
TEST_F(SignalTraps, Trap13AddressesOutliveWhatPointsToThem) {
    converse();
    Party carol{3};
    auto transaction = alice.device().begin();
    ASSERT_TRUE(transaction.begin_session(carol.peer(), carol.bundle()));

    const auto to_bob = transaction.encrypt(bob.peer(), as_bytes("b")).value();
    const auto to_carol = transaction.encrypt(carol.peer(), as_bytes("c")).value();

    EXPECT_EQ(bob.hear(alice, to_bob), "b");
    EXPECT_EQ(carol.hear(alice, to_carol), "c");
}

// A store that fails as it is told to.
class FailingRecords : public MemoryRecords {
public:
    enum class Mode : std::uint8_t { works, answers_an_error, throws };
    Mode mode{Mode::works};

    Result<std::optional<SecretBytes>> load_signed_prekey(std::uint32_t id) override {
        if (mode == Mode::throws) throw std::runtime_error{"the disk is gone"};
        if (mode == Mode::answers_an_error) return Error{Code::local_store, "the disk is gone"};
        return MemoryRecords::load_signed_prekey(id);
    }
};

class SignalStoreFailures : public SignalTraps {
protected:
    SignalStoreFailures() {
        records.add(prekey_);
        const PrekeyBundle bundle{bob.identity().registration, prekey_.key, std::nullopt};
        EXPECT_TRUE(alice.begin(bob.peer(), bundle));
        first = alice.say(bob, "hello");
    }
    Result<Decrypted> decrypt() {
        return device_->begin().decrypt(alice.peer(), first.kind, first.bytes, kNow);
    }

    FailingRecords records;
    Encrypted first;

private:
    OwnSignedPrekey prekey_{generate_signed_prekey(bob.identity(), 7, kNow).value()};
    std::unique_ptr<SignalDevice> device_{SignalDevice::create(bob.identity(), records).value()};
};

TEST_F(SignalStoreFailures, Trap15AnExceptionCrossesNoCFrame) {
    records.mode = FailingRecords::Mode::throws;
    const auto failed = decrypt();
    records.mode = FailingRecords::Mode::works;

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::internal);
    EXPECT_TRUE(decrypt());
}

TEST_F(SignalStoreFailures, Trap15AnErrorOfTheStoreComesBackUnchanged) {
    records.mode = FailingRecords::Mode::answers_an_error;
    const auto failed = decrypt();
    records.mode = FailingRecords::Mode::works;

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::local_store);
    EXPECT_EQ(failed.error().detail, "the disk is gone");
    EXPECT_TRUE(decrypt());
}

TEST_F(SignalTraps, Trap16WhatWasNotCommittedDecryptsAgain) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");
    const auto second = alice.say(bob, "there");
    {
        auto crashed = bob.device().begin();
        ASSERT_TRUE(crashed.decrypt(alice.peer(), first.kind, first.bytes, kNow));
        EXPECT_FALSE(crashed.changes().empty());
    }

    EXPECT_EQ(bob.hear(alice, first), "hello");
    {
        auto crashed = bob.device().begin();
        ASSERT_TRUE(crashed.decrypt(alice.peer(), second.kind, second.bytes, kNow));
    }
    EXPECT_EQ(bob.hear(alice, second), "there");
    EXPECT_EQ(bob.hear(alice, second), "refused: conflict");
}

TEST_F(SignalTraps, Trap17WhatIsMissingIsToldApartFromWhatFails) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");
    ASSERT_EQ(bob.hear(alice, first), "hello");
    const auto within = bob.say(alice, "back");
    Party stranger{9};

    // No session, no prekey.
    EXPECT_EQ(stranger.hear(bob, within), "refused: not_found");
    EXPECT_EQ(stranger.hear(alice, first), "refused: undecryptable");
}

TEST_F(SignalTraps, Trap22EncryptingWithoutASessionSaysSo) {
    EXPECT_EQ(alice.encrypt(bob.peer(), "x").error().code, Code::not_found);
}

TEST_F(SignalTraps, Trap22EncryptingWithArchivedSessionsAloneSaysSo) {
    converse();
    const auto from_bob = bob.say(alice, "still here");
    const auto record = alice.records.load_session(bob.id()).value();
    StoreChanges archived;
    archived.sessions.emplace(bob.id(), without_current_session(*record));
    alice.records.apply(archived);

    EXPECT_FALSE(alice.device().begin().has_session(bob.id()).value());
    EXPECT_EQ(alice.encrypt(bob.peer(), "x").error().code, Code::not_found);
    EXPECT_EQ(alice.hear(bob, from_bob), "still here");
}

TEST_F(SignalTraps, Trap23TwoThousandMessagesMayBeMissing) {
    converse();
    for (int i = 0; i < 2'000; ++i) alice.say(bob, "lost");
    const auto reached = alice.say(bob, "reached");

    EXPECT_EQ(bob.hear(alice, reached), "reached");
}

TEST_F(SignalTraps, Trap23MoreThanTwoThousandMissingIsRefused) {
    converse();
    for (int i = 0; i < 2'001; ++i) alice.say(bob, "lost");
    const auto too_far = alice.say(bob, "too far");

    EXPECT_EQ(bob.hear(alice, too_far), "refused: undecryptable");
}

TEST_F(SignalTraps, Trap23AMessageOfTheNewestFiveChainsDecryptsAndAnOlderOneIsLost) {
    // The first turn ends the chain of the late message, each further one begins a new chain.
    for (const int turns : {5, 6}) {
        converse();
        const auto late = alice.say(bob, "late");
        for (int turn = 0; turn < turns; ++turn) {
            ASSERT_EQ(alice.hear(bob, bob.say(alice, "x")), "x");
            ASSERT_EQ(bob.hear(alice, alice.say(bob, "y")), "y");
        }

        EXPECT_EQ(bob.hear(alice, late), turns == 5 ? "late" : "refused: undecryptable");
        EXPECT_EQ(bob.hear(alice, alice.say(bob, "on it goes")), "on it goes");
    }
}

TEST(SignalKeys, Trap25PrekeysHaveTheIdsThatWereAskedFor) {
    const auto prekeys = generate_prekeys(1, 3).value();
    ASSERT_EQ(prekeys.size(), 3u);
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(prekeys[i].key.id, i + 1);
    EXPECT_EQ(generate_prekeys(kPrekeyIdMax, 1).value().front().key.id, kPrekeyIdMax);
    EXPECT_EQ(generate_prekeys(kPrekeyIdMax - 99, 100).value().back().key.id, kPrekeyIdMax);
}

TEST(SignalKeys, Trap25IdsThatWouldWrapAreRefused) {
    EXPECT_EQ(generate_prekeys(0, 1).error().code, Code::usage);
    EXPECT_EQ(generate_prekeys(kPrekeyIdMax, 2).error().code, Code::usage);
    EXPECT_EQ(generate_prekeys(0xFFFFFF, 1).error().code, Code::usage);
    EXPECT_EQ(generate_prekeys(1, 101).error().code, Code::usage);
    const auto identity = generate_identity().value();
    EXPECT_EQ(generate_signed_prekey(identity, 0, kNow).error().code, Code::usage);
    EXPECT_EQ(generate_signed_prekey(identity, 0xFFFFFF, kNow).error().code, Code::usage);
}

TEST_F(SignalTraps, Trap26KindsHaveNamesOfOurOwn) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");
    ASSERT_EQ(bob.hear(alice, first), "hello");
    const auto within = bob.say(alice, "back");

    EXPECT_EQ(static_cast<int>(first.kind), 2);
    EXPECT_EQ(static_cast<int>(within.kind), 1);
}

TEST_F(SignalTraps, Trap26AMessageOfTheOtherKindIsRefused) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    auto first = alice.say(bob, "hello");
    first.kind = LiveKind::message;
    EXPECT_EQ(bob.hear(alice, first), "refused: undecryptable");
    first.kind = LiveKind::first;
    ASSERT_EQ(bob.hear(alice, first), "hello");
    auto within = bob.say(alice, "back");
    within.kind = LiveKind::first;
    EXPECT_EQ(alice.hear(bob, within), "refused: undecryptable");
}

TEST_F(SignalTraps, Trap26NothingAtAllIsRefused) {
    converse();
    for (const auto kind : {LiveKind::message, LiveKind::first}) {
        EXPECT_EQ(bob.hear(alice, {kind, {}}), "refused: undecryptable");
        EXPECT_EQ(bob.hear(alice, {kind, {0x33}}), "refused: undecryptable");
        EXPECT_EQ(bob.hear(alice, {kind, Bytes(65'537, 0x33)}), "refused: undecryptable");
    }
}

}  // namespace
}  // namespace wardline::signal::testing
