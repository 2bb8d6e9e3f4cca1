#include "protocol/signal/first_message.hpp"

#include "protocol/crypto/crypto.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/signal/crypto_provider.hpp"
#include "tests/unit/protocol/signal/party.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wardline::signal::testing {
namespace {

// What a device on duty may add to a message (docs/protocol.md section 8).
constexpr std::size_t kBytesADevice = 200;

class FirstMessageTest : public SignalTest {
protected:
    // What alice's message carries for bob's device, as it is sent and stored.
    static std::size_t slot_bytes(const Encrypted& message, const Party& reader) {
        const std::vector<message::LiveSlot> one{{reader.id(), message.kind, message.bytes}};
        return cbor::encode(message::to_json(one)).size() -
               cbor::encode(cbor::Json::array()).size();
    }
    std::string live_text() const { return std::string(message::kLivePlaintextBytes, 'k'); }

    // As the library writes it: with the identity of `sender`.
    static Encrypted with_identity(const Encrypted& first, const Party& sender) {
        constexpr std::array<std::uint8_t, 2> kTagAndLength{0x1A, 33};
        const auto& identity = sender.identity().public_key;
        return {first.kind, concat({first.bytes, BytesView{kTagAndLength}, identity.view()})};
    }
};

TEST_F(FirstMessageTest, ALiveSlotTakesAtMost200BytesBeforeTheFirstAnswer) {
    // Prekeys with the longest ids that there are.
    const auto one_time = generate_prekeys(kPrekeyIdMax, 1).value();
    const auto signed_prekey = generate_signed_prekey(bob.identity(), kPrekeyIdMax, kNow).value();
    bob.records.add(one_time.front());
    bob.records.add(signed_prekey);
    const PrekeyBundle bundle{kRegistrationMax, signed_prekey.key, one_time.front().key};
    ASSERT_TRUE(alice.begin(bob.peer(), bundle));
    std::size_t longest = 0;
    Encrypted last;
    for (int i = 0; i < 200; ++i) {
        last = alice.say(bob, live_text());
        ASSERT_EQ(last.kind, LiveKind::first);
        longest = std::max(longest, slot_bytes(last, bob));
    }

    // The number of a message grows by a byte at 2^14, 2^21 and 2^28.
    EXPECT_LE(longest + 3, kBytesADevice);
    EXPECT_GT(longest, kBytesADevice - 35) << "the identity key of a Signal message is measured";
}

TEST_F(FirstMessageTest, ALiveSlotIsShorterStillAfterTheFirstAnswer) {
    converse();

    EXPECT_LE(slot_bytes(alice.say(bob, live_text()), bob), 140u);
}

TEST_F(FirstMessageTest, TheSendersIdentityIsNotInIt) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");

    const auto key = alice.identity().public_key.view();
    EXPECT_TRUE(std::ranges::search(first.bytes, key).empty());
    EXPECT_EQ(bob.hear(alice, first), "hello");
}

TEST_F(FirstMessageTest, OneOfAnotherSenderIsRefused) {
    Party mallory{3};
    ASSERT_TRUE(mallory.begin(bob.peer(), bob.bundle()));
    const auto first = mallory.say(bob, "I am alice");

    EXPECT_EQ(bob.hear(alice, first), "refused: undecryptable");
    EXPECT_EQ(bob.records.sessions(), 0u);
    EXPECT_EQ(bob.hear(mallory, first), "I am alice");
}

TEST_F(FirstMessageTest, OneThatSaysItselfWhoseItIsIsRefused) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto first = alice.say(bob, "hello");
    const Party mallory{3};
    const auto context = Context::create().value();
    const auto whole = with_identity(first, alice);

    SignalRef<pre_key_signal_message> library;
    EXPECT_EQ(
        pre_key_signal_message_deserialize(
            library.out(), whole.bytes.data(), whole.bytes.size(), context.get()
        ),
        0
    ) << "it is whole for the library";
    EXPECT_EQ(bob.hear(alice, whole), "refused: undecryptable");
    EXPECT_EQ(bob.hear(alice, with_identity(first, mallory)), "refused: undecryptable");
    EXPECT_EQ(bob.hear(alice, first), "hello");
}

TEST_F(FirstMessageTest, AnIdentityThatIsNotTheSendersIsNotTakenOut) {
    ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
    const auto whole = with_identity(alice.say(bob, "hello"), alice);

    EXPECT_EQ(
        without_identity(whole.bytes, bob.identity().public_key).error().code, Code::internal
    );
    EXPECT_TRUE(without_identity(whole.bytes, alice.identity().public_key));
}

}  // namespace
}  // namespace wardline::signal::testing
