#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <string>
#include <variant>

// What a message says, once it is decrypted. docs/protocol.md section 8. Pure; any thread.
namespace wardline::message {

constexpr std::size_t kTextBytesMax = 65'536;
// Of the CBOR of a content, so that its padded ciphertext stays within kCiphertextBytesMax.
constexpr std::size_t kContentBytesMax = 79'872;

struct Text {
    std::string text;  // Valid UTF-8 that a person wrote: hostile until a terminal has escaped it.
    bool operator==(const Text&) const = default;
};

// A new text for an earlier message, which stays as it is.
struct Correction {
    std::string text;
    MessageId of;
    bool operator==(const Correction&) const = default;
};

// A content of a newer version: "a kind of message that this version does not know".
struct UnknownContent {
    std::string type;
    bool operator==(const UnknownContent&) const = default;
};

using Content = std::variant<Text, Correction, UnknownContent>;

// `too_large` for a text over kTextBytesMax, `usage` for one that is not UTF-8, `unknown_type` for
// UnknownContent.
Result<Bytes> encode(const Content& content);
// `bad_frame` or `too_large`. Another version or type is no error but an UnknownContent.
Result<Content> parse_content(BytesView bytes);

}  // namespace wardline::message
