#include "protocol/message/sealed_message.hpp"

#include "protocol/message/padding.hpp"
#include "tests/unit/protocol/message/fixture.hpp"
#include "tests/unit/protocol/message/vectors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

namespace wardline::message::testing {
namespace {

class SealedMessage : public ::testing::Test {
protected:
    // What a reader makes of the message: nothing if it is fine.
    std::optional<Refusal> refusal(const Message& message, const MessageKey& key) const {
        const auto authentic = authenticate(message, thread.signing_key);
        if (!authentic) return authentic.error();
        const auto opened = open(message, authentic.value(), key, thread.readers());
        if (!opened) return opened.error();
        return std::nullopt;
    }
    std::optional<Refusal> refusal(const Message& message) const {
        return refusal(message, composed.key);
    }
    // The sender's own device signs what it changed: an honest signature under a dishonest message.
    void sign_again(Message& message) const {
        const auto hashes = hashes_of(message);
        message.signature = crypto::sign(
            thread.signing,
            "wardline/1 message",
            concat({hashes.header.view(), hashes.ciphertext.view(), hashes.slots.view()})
        );
    }
    // Encrypts `padded` as it is, as the sender could.
    void replace_plaintext(Message& message, BytesView padded) const {
        const auto cipher_key = crypto::derive(composed.key.reveal(), "wardline/1 message key", {});
        message.ciphertext = crypto::aead_seal(cipher_key, {}, message.header, padded);
        sign_again(message);
    }

    Thread thread;
    Content content{Text{"Is Tuesday at ten possible?"}};
    Composed composed{thread.compose(content)};
};

TEST(MessageVectors, Agree) {
    for (const auto& vector : read_vectors("messages")) {
        SCOPED_TRACE(vector.at("name").get<std::string>());
        const auto key = MessageKey::from(bytes_in(vector, "key")).value();
        const auto encoded = bytes_in(vector, "encoded");
        const auto message = decode_message(encoded).value();

        EXPECT_EQ(encode(message), encoded);
        const auto hashes = hashes_of(message);
        EXPECT_EQ(hashes.header, fixed_in<Hash>(vector, "header_hash"));
        EXPECT_EQ(hashes.ciphertext, fixed_in<Hash>(vector, "ciphertext_hash"));
        EXPECT_EQ(hashes.slots, fixed_in<Hash>(vector, "slots_hash"));
        EXPECT_EQ(message_hash(message), fixed_in<Hash>(vector, "hash"));
        const auto authentic = authenticate(message, fixed_in<SigningKey>(vector, "signing_key"));
        ASSERT_TRUE(authentic) << refusal_name(authentic.error());
        const auto opened = open(message, authentic.value(), key, readers_in(vector));
        ASSERT_TRUE(opened) << refusal_name(opened.error());
        EXPECT_EQ(opened.value(), parse_content(bytes_in(vector, "content")).value());
    }
}

// compose() makes the very bytes of the vector: with the vector's key as the randomness.
TEST(MessageVectors, AreWhatComposeMakes) {
    class KeyAsRandom : public crypto::Random {
    public:
        explicit KeyAsRandom(Bytes key) : key_{std::move(key)} {}
        void fill(std::span<std::uint8_t> out) override {
            ASSERT_EQ(out.size(), key_.size());
            std::ranges::copy(key_, out.begin());
        }

    private:
        Bytes key_;
    };
    const auto vectors = read_vectors("messages");
    const auto& vector = vectors.front();
    const auto message = decode_message(bytes_in(vector, "encoded")).value();
    const auto header = parse_header(message.header).value();
    const auto text = parse_content(bytes_in(vector, "content")).value();
    KeyAsRandom random{bytes_in(vector, "key")};

    const auto made = compose(header, text, readers_in(vector), {}, random).value();

    EXPECT_EQ(made.message.header, message.header);
    EXPECT_EQ(made.message.ciphertext, message.ciphertext);
    EXPECT_EQ(made.message.slots, message.slots);
    EXPECT_EQ(made.hash, fixed_in<Hash>(vector, "hash"));
}

TEST_F(SealedMessage, OpensForEveryReader) {
    const auto slots = parse_slots(composed.message.slots).value();
    const std::vector all{thread.team, thread.device, thread.patient, thread.vault};
    const auto authentic = authenticate(composed.message, thread.signing_key).value();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto key = open_slot(slots[i], authentic.hashes.header, all[i].secret).value();

        EXPECT_EQ(open(composed.message, authentic, key, thread.readers()).value(), content);
    }
}

TEST_F(SealedMessage, SaysWhatItMade) {
    auto header = a_header();
    header.commit = commitment_of(composed.key);

    EXPECT_EQ(composed.header, header);
    EXPECT_EQ(composed.message.header, encode(header));
    EXPECT_EQ(composed.header_hash, header_hash(composed.message.header));
    EXPECT_EQ(composed.hash, message_hash(composed.message));
    EXPECT_EQ(decode_message(encode(composed.message)).value(), composed.message);
}

TEST_F(SealedMessage, DrawsAFreshKeyForEachMessage) {
    CountingRandom random{1};
    std::set<Bytes> ciphertexts;
    for (int i = 0; i < 5; ++i) {
        const auto made = compose(a_header(), content, thread.readers(), thread.signing, random);
        ciphertexts.insert(made.value().message.ciphertext);
    }

    EXPECT_EQ(ciphertexts.size(), 5u);
}

TEST_F(SealedMessage, HidesTheLengthOfAText) {
    const auto one = thread.compose(Text{"No."});
    const auto other = thread.compose(Text{"Yes, at three."});

    EXPECT_EQ(one.message.ciphertext.size(), other.message.ciphertext.size());
    EXPECT_EQ(one.message.ciphertext.size(), kCiphertextBytesMin);
}

TEST_F(SealedMessage, TheLongestTextIsWithinTheLimits) {
    const auto longest = thread.compose(Text{std::string(kTextBytesMax, 'x')});

    EXPECT_LE(longest.message.ciphertext.size(), kCiphertextBytesMax);
    EXPECT_TRUE(decode_message(encode(longest.message)));
    CountingRandom random{1};
    const Content too_long = Text{std::string(kTextBytesMax + 1, 'x')};
    const auto made = compose(a_header(), too_long, thread.readers(), thread.signing, random);
    EXPECT_EQ(made.error().code, Code::too_large);
}

TEST_F(SealedMessage, AnyFlippedBitOfAnyPartIsRefused) {
    ASSERT_EQ(refusal(composed.message), std::nullopt);
    for (auto part : {&Message::header, &Message::ciphertext, &Message::slots}) {
        for (std::size_t i = 0; i < (composed.message.*part).size(); ++i) {
            auto changed = composed.message;
            (changed.*part)[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
            const auto why = refusal(changed);
            ASSERT_TRUE(why) << i;
            ASSERT_TRUE(*why == Refusal::wrong_signature || *why == Refusal::malformed_header);
        }
    }
    for (std::size_t i = 0; i < Signature::kSize; ++i) {
        auto changed = composed.message;
        auto signature = changed.signature.array();
        signature.at(i) ^= static_cast<std::uint8_t>(1 << (i % 8));
        changed.signature = Signature{signature};
        ASSERT_EQ(refusal(changed), Refusal::wrong_signature) << i;
    }
}

// Even where the sender's own device signs the change.
TEST_F(SealedMessage, AnyFlippedBitIsRefusedUnderAnHonestSignatureToo) {
    for (auto part : {&Message::header, &Message::ciphertext, &Message::slots}) {
        for (std::size_t i = 0; i < (composed.message.*part).size(); ++i) {
            auto changed = composed.message;
            (changed.*part)[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
            sign_again(changed);
            const auto why = refusal(changed);
            ASSERT_TRUE(why) << i;
            ASSERT_NE(*why, Refusal::wrong_signature);
        }
    }
}

TEST_F(SealedMessage, AnyChangedFieldOfTheHeaderIsRefused) {
    const auto with = [&](auto change) {
        auto changed = composed;
        change(changed.header);
        changed.message.header = encode(changed.header);
        EXPECT_NE(changed.message.header, composed.message.header);
        EXPECT_EQ(refusal(changed.message), Refusal::wrong_signature);
        sign_again(changed.message);
        return refusal(changed.message);
    };
    using trust::MessageClass;
    const auto patient = PatientId::parse("P-1043").value();
    // The slots are the first of what is bound to the header's hash.
    EXPECT_EQ(with([](Header& h) { h.clinic = filled<ClinicId>(9); }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { h.thread = filled<ThreadId>(9); }), Refusal::wrong_slots);
    EXPECT_EQ(with([&](Header& h) { h.patient = patient; }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { h.id = filled<MessageId>(9); }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { h.device = filled<DeviceId>(9); }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { ++h.counter; }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { h.message_class = MessageClass::admin; }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { ++h.sent.ms; }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { h.commit = filled<Hash>(9); }), Refusal::wrong_commitment);
    EXPECT_EQ(with([](Header& h) { h.prev = filled<Hash>(99); }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { ++h.clinic_head.pos; }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { h.patient_head.hash = Hash{}; }), Refusal::wrong_slots);
    EXPECT_EQ(with([](Header& h) { ++h.tree.size; }), Refusal::wrong_slots);
}

TEST_F(SealedMessage, OfAnotherDeviceIsRefused) {
    const auto other = crypto::signing_key_of(filled_secret<SigningSecret>(77));

    EXPECT_EQ(authenticate(composed.message, other).error(), Refusal::wrong_signature);
}

TEST_F(SealedMessage, ASignatureOfAnotherDomainIsRefused) {
    const auto hashes = hashes_of(composed.message);
    const auto parts =
        concat({hashes.header.view(), hashes.ciphertext.view(), hashes.slots.view()});
    for (const char* domain :
         {"wardline/1 statement", "wardline/1 login", "wardline/1 header", ""}) {
        auto changed = composed.message;
        changed.signature = crypto::sign(thread.signing, domain, parts);
        EXPECT_EQ(refusal(changed), Refusal::wrong_signature) << domain;
    }
}

TEST_F(SealedMessage, AnotherKeyThanTheCommittedOneIsRefused) {
    EXPECT_EQ(refusal(composed.message, filled_secret<MessageKey>(1)), Refusal::wrong_commitment);
}

TEST_F(SealedMessage, PartsOfTwoMessagesMakeNone) {
    const auto other = thread.compose(Text{"Another text of that length"}, 99);
    for (auto part : {&Message::ciphertext, &Message::slots}) {
        auto mixed = composed.message;
        mixed.*part = other.message.*part;
        EXPECT_EQ(refusal(mixed), Refusal::wrong_signature);
        sign_again(mixed);
        EXPECT_EQ(
            refusal(mixed),
            part == &Message::slots ? Refusal::wrong_slots : Refusal::wrong_ciphertext
        );
    }
}

TEST_F(SealedMessage, OneThatIsNotSealedForEveryReaderIsRefused) {
    auto slots = parse_slots(composed.message.slots).value();
    slots.pop_back();
    auto without_vault = composed.message;
    without_vault.slots = encode_slots(slots);
    sign_again(without_vault);

    EXPECT_EQ(refusal(without_vault), Refusal::wrong_slots);
}

TEST_F(SealedMessage, AnUnopenableVaultSlotIsRefusedByThoseWhoCanReadTheMessage) {
    auto slots = parse_slots(composed.message.slots).value();
    const auto domain = "wardline/1 reader slot";
    slots.back().box =
        crypto::seal_box(
            composed.key.reveal(), thread.vault.slot.key, {domain, composed.header_hash.bytes()}
        )
            .value();
    auto changed = composed.message;
    changed.slots = encode_slots(slots);
    sign_again(changed);

    EXPECT_EQ(refusal(changed), Refusal::wrong_slots);
}

TEST_F(SealedMessage, WrongPaddingIsRefused) {
    auto padded = pad(encode(content).value());
    auto changed = composed.message;
    replace_plaintext(changed, padded);
    ASSERT_EQ(refusal(changed), std::nullopt);
    padded.push_back(0);
    replace_plaintext(changed, padded);
    EXPECT_EQ(refusal(changed), Refusal::wrong_padding);
    replace_plaintext(changed, Bytes(64));
    EXPECT_EQ(refusal(changed), Refusal::wrong_padding);
}

TEST_F(SealedMessage, MalformedContentIsRefused) {
    auto changed = composed.message;
    replace_plaintext(changed, pad(as_bytes("hello")));

    EXPECT_EQ(refusal(changed), Refusal::malformed_content);
}

TEST_F(SealedMessage, AContentOfANewerVersionIsShownAsUnknown) {
    auto changed = composed.message;
    replace_plaintext(changed, pad(cbor::encode({{"v", 1}, {"type", "poll"}})));
    const auto authentic = authenticate(changed, thread.signing_key).value();

    const auto opened = open(changed, authentic, composed.key, thread.readers());

    EXPECT_EQ(opened.value(), Content{UnknownContent{"poll"}});
}

TEST_F(SealedMessage, IsRefusedOnTheWireWhereMalformed) {
    const auto good = to_json(composed.message);
    ASSERT_TRUE(parse_message(good));
    const auto refused = [](const cbor::Json& map) {
        const auto parsed = parse_message(map);
        EXPECT_FALSE(parsed);
        return parsed.error().code;
    };
    for (const char* key : {"header", "ciphertext", "slots", "signature"}) {
        auto without = good;
        without.erase(key);
        EXPECT_EQ(refused(without), Code::bad_frame) << key;
        auto text = good;
        text[key] = "text";
        EXPECT_EQ(refused(text), Code::bad_frame) << key;
    }
    const auto with = [&](const char* key, std::size_t size) {
        auto map = good;
        map[key] = cbor::binary(Bytes(size));
        return map;
    };
    auto more = good;
    more["x"] = 1;
    EXPECT_EQ(refused(more), Code::bad_frame);
    EXPECT_EQ(refused(cbor::Json::array()), Code::bad_frame);
    EXPECT_EQ(refused(with("signature", 63)), Code::bad_frame);
    EXPECT_EQ(refused(with("signature", 65)), Code::too_large);
    EXPECT_TRUE(parse_message(with("header", kHeaderBytesMax)));
    EXPECT_EQ(refused(with("header", kHeaderBytesMax + 1)), Code::too_large);
    EXPECT_TRUE(parse_message(with("ciphertext", kCiphertextBytesMin)));
    EXPECT_EQ(refused(with("ciphertext", kCiphertextBytesMin - 1)), Code::bad_frame);
    EXPECT_TRUE(parse_message(with("ciphertext", kCiphertextBytesMax)));
    EXPECT_EQ(refused(with("ciphertext", kCiphertextBytesMax + 1)), Code::too_large);
}

TEST(Refusals, HaveNamesSentencesAndCodes) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Refusal::malformed_content); ++i) {
        const auto refusal = static_cast<Refusal>(i);
        names.insert(refusal_name(refusal));
        EXPECT_FALSE(refusal_sentence(refusal).empty());
        EXPECT_EQ(error_of(refusal).detail, refusal_sentence(refusal));
    }
    EXPECT_EQ(names.size(), 7u);
    EXPECT_EQ(error_of(Refusal::wrong_signature).code, Code::bad_signature);
    EXPECT_EQ(error_of(Refusal::wrong_slots).code, Code::undecryptable);
}

}  // namespace
}  // namespace wardline::message::testing
