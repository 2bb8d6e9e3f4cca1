#include "protocol/message/sealed_message.hpp"

#include "protocol/message/padding.hpp"

namespace wardline::message {

namespace {

using cbor::Json;

constexpr std::size_t kSlotsBytesMax = cbor::kItemBytesMax;
// A key encrypts once, so its nonce need not vary.
constexpr crypto::GcmNonce kNonce{};

Bytes signed_part(const MessageHashes& hashes) {
    return concat({hashes.header.view(), hashes.ciphertext.view(), hashes.slots.view()});
}

SymmetricKey cipher_key(const MessageKey& key) {
    return crypto::derive(key.reveal(), "wardline/1 message key", {});
}

// The bytes of a field, without a copy of a field that is too long.
Result<Bytes> part(const Json& map, std::string_view key, std::size_t bytes_max) {
    const auto found = map.find(key);
    if (found == map.end() || !found->is_binary()) {
        return Error{Code::bad_frame, "a message lacks its " + std::string{key}};
    }
    const Bytes& bytes = found->get_binary();
    if (bytes.size() > bytes_max) {
        return Error{Code::too_large, "a message's " + std::string{key} + " is too long"};
    }
    return bytes;
}

}  // namespace

Result<Message> parse_message(const Json& map) {
    if (!map.is_object()) return Error{Code::bad_frame, "a message is not a map"};
    Message message;
    WARDLINE_TRY(message.header, part(map, "header", kHeaderBytesMax));
    WARDLINE_TRY(message.ciphertext, part(map, "ciphertext", kCiphertextBytesMax));
    if (message.ciphertext.size() < kCiphertextBytesMin) {
        return Error{Code::bad_frame, "a message's ciphertext is too short"};
    }
    WARDLINE_TRY(message.slots, part(map, "slots", kSlotsBytesMax));
    WARDLINE_TRY(const auto signature, part(map, "signature", Signature::kSize));
    WARDLINE_TRY(message.signature, Signature::from(signature));
    // A message has these parts and no others; something beside them would be covered by no
    // signature.
    if (map.size() != 4) return Error{Code::bad_frame, "a message with an unknown key"};
    return message;
}

Result<Message> decode_message(BytesView bytes) {
    WARDLINE_TRY(const auto map, cbor::decode(bytes));
    return parse_message(map);
}

Json to_json(const Message& message) {
    return {
        {"header", cbor::binary(message.header)},
        {"ciphertext", cbor::binary(message.ciphertext)},
        {"slots", cbor::binary(message.slots)},
        {"signature", cbor::binary(message.signature.view())},
    };
}

Bytes encode(const Message& message) {
    return cbor::encode(to_json(message));
}

MessageHashes hashes_of(const Message& message) {
    return {
        header_hash(message.header),
        crypto::hash("wardline/1 ciphertext", message.ciphertext),
        crypto::hash("wardline/1 slots", message.slots)
    };
}

Hash message_hash(const MessageHashes& hashes) {
    return crypto::hash("wardline/1 message", signed_part(hashes));
}
Hash message_hash(const Message& message) {
    return message_hash(hashes_of(message));
}

Hash commitment_of(const MessageKey& key) {
    return crypto::derive_public(key.reveal(), "wardline/1 commitment", {});
}

Result<Composed> compose(
    Header header,
    const Content& content,
    std::span<const trust::ExpectedSlot> readers,
    const SigningSecret& device,
    crypto::Random& random
) {
    WARDLINE_TRY(const auto plaintext, encode(content));
    auto key = crypto::random_secret<MessageKey>(random);
    header.commit = commitment_of(key);
    Message message;
    message.header = encode(header);
    const auto bound_to = message::header_hash(message.header);
    WARDLINE_TRY(const auto slots, make_slots(key, bound_to, readers));
    message.slots = encode_slots(slots);
    if (message.slots.size() > kSlotsBytesMax) return Error{Code::too_large, "too many readers"};
    message.ciphertext = crypto::aead_seal(cipher_key(key), kNonce, message.header, pad(plaintext));
    const auto hashes = hashes_of(message);
    message.signature = crypto::sign(device, "wardline/1 message", signed_part(hashes));
    return Composed{
        std::move(message), std::move(header), bound_to, message_hash(hashes), std::move(key)
    };
}

std::string_view refusal_name(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::malformed_header:
            return "malformed_header";
        case Refusal::wrong_signature:
            return "wrong_signature";
        case Refusal::wrong_commitment:
            return "wrong_commitment";
        case Refusal::wrong_slots:
            return "wrong_slots";
        case Refusal::wrong_ciphertext:
            return "wrong_ciphertext";
        case Refusal::wrong_padding:
            return "wrong_padding";
        case Refusal::malformed_content:
            return "malformed_content";
    }
    return "";
}

std::string_view refusal_sentence(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::malformed_header:
            return "The message's header is malformed.";
        case Refusal::wrong_signature:
            return "The message is not signed by the device it names.";
        case Refusal::wrong_commitment:
            return "The message's key is not the one its header commits to.";
        case Refusal::wrong_slots:
            return "The message is not sealed for exactly those who may read it.";
        case Refusal::wrong_ciphertext:
            return "The message does not decrypt with its key.";
        case Refusal::wrong_padding:
            return "The message's padding is wrong.";
        case Refusal::malformed_content:
            return "The message's content is malformed.";
    }
    return "";
}

Error error_of(Refusal refusal) {
    const auto code =
        refusal == Refusal::wrong_signature ? Code::bad_signature : Code::undecryptable;
    return Error{code, std::string{refusal_sentence(refusal)}};
}

Judged<Authentic> authenticate(const Message& message, const SigningKey& device) {
    auto header = parse_header(message.header);
    if (!header) return Refusal::malformed_header;
    const auto hashes = hashes_of(message);
    const auto by = signed_part(hashes);
    if (!crypto::verify(device, "wardline/1 message", by, message.signature)) {
        return Refusal::wrong_signature;
    }
    return Authentic{std::move(header).value(), hashes};
}

Judged<Content> open(
    const Message& message,
    const Authentic& authentic,
    const MessageKey& key,
    std::span<const trust::ExpectedSlot> readers
) {
    // Without the commitment one ciphertext could open to different contents under different keys.
    if (commitment_of(key) != authentic.header.commit) return Refusal::wrong_commitment;
    // A message whose record would not open for the others is refused, even though this reader
    // could read it.
    const auto slots = parse_slots(message.slots);
    if (!slots || !are_exactly(slots.value(), key, authentic.hashes.header, readers)) {
        return Refusal::wrong_slots;
    }
    const auto padded =
        crypto::aead_open(cipher_key(key), kNonce, message.header, message.ciphertext);
    if (!padded) return Refusal::wrong_ciphertext;
    const auto plaintext = unpad(padded.value());
    if (!plaintext) return Refusal::wrong_padding;
    auto content = parse_content(plaintext.value());
    if (!content) return Refusal::malformed_content;
    return std::move(content).value();
}

}  // namespace wardline::message
