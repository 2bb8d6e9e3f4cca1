#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/crypto/crypto.hpp"
#include "protocol/message/content.hpp"
#include "protocol/message/header.hpp"
#include "protocol/message/slots.hpp"
#include "protocol/trust/readers.hpp"

#include <cstdint>
#include <span>
#include <string_view>

// A message as it travels and is stored, how one is made, and how one is read. docs/protocol.md
// section 8. Pure: time, randomness and keys are arguments. Any thread.
namespace wardline::message {

constexpr std::size_t kPaddedBytesMax = 81'920;
constexpr std::size_t kCiphertextBytesMax = kPaddedBytesMax + crypto::kGcmTagBytes;
constexpr std::size_t kCiphertextBytesMin = 64 + crypto::kGcmTagBytes;

// The exact bytes that the sender signed. Nobody encodes them again.
struct Message {
    Bytes header;
    Bytes ciphertext;
    Bytes slots;
    Signature signature;

    bool operator==(const Message&) const = default;
};

// The map {"header","ciphertext","slots","signature"}. Checks the four kinds and sizes and nothing
// inside them. `bad_frame` or `too_large`.
Result<Message> parse_message(const cbor::Json& map);
Result<Message> decode_message(BytesView bytes);
cbor::Json to_json(const Message& message);
Bytes encode(const Message& message);

struct MessageHashes {
    Hash header;
    Hash ciphertext;
    Hash slots;
    bool operator==(const MessageHashes&) const = default;
};
MessageHashes hashes_of(const Message& message);
// The hash by which the journal, `prev` and `id_reused` name a message.
Hash message_hash(const MessageHashes& hashes);
Hash message_hash(const Message& message);

// The header's `commit`: pins one key to one ciphertext.
Hash commitment_of(const MessageKey& key);

// What compose() makes. The key is for the live slots; it encrypts nothing else, ever.
struct Composed {
    Message message;
    Header header;
    Hash header_hash;
    Hash hash;
    MessageKey key;
};
// Draws a fresh message key, sets `header.commit`, encrypts, seals the slots and signs. To send the
// same content under another header (other recipients, another counter) compose again: a key is
// used once. `too_large`, `usage` or `bad_frame` as encode(Content) and make_slots() say.
Result<Composed> compose(
    Header header,
    const Content& content,
    std::span<const trust::ExpectedSlot> readers,
    const SigningSecret& device,
    crypto::Random& random
);

// Why a reader refuses a message. The names are for programs (refusal_name), the sentences for
// people.
enum class Refusal : std::uint8_t {
    malformed_header,
    wrong_signature,   // Not signed by the device that the header names: somebody changed or forged
                       // it.
    wrong_commitment,  // The key is not the one of this header.
    wrong_slots,       // The list of slots is not what the key and the chains at that seq make.
    wrong_ciphertext,  // The ciphertext does not open with its key and header.
    wrong_padding,
    malformed_content,
};
std::string_view refusal_name(Refusal refusal) noexcept;
std::string_view refusal_sentence(Refusal refusal) noexcept;
// `bad_signature` or `undecryptable` with the sentence.
Error error_of(Refusal refusal);

template <class T>
using Judged = boost::outcome_v2::basic_result<T, Refusal, BrokenResultPolicy>;

// A message whose header is well formed and whose signature is right; nothing is said yet about its
// key or who may write.
struct Authentic {
    Header header;
    MessageHashes hashes;
};
Judged<Authentic> authenticate(const Message& message, const SigningKey& device);

// The commitment, the whole list of slots recomputed, the ciphertext, the padding and the content,
// in this order. `readers`: what the chains say for the message's thread, class and seq.
Judged<Content> open(
    const Message& message,
    const Authentic& authentic,
    const MessageKey& key,
    std::span<const trust::ExpectedSlot> readers
);

}  // namespace wardline::message
