#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

#include <string_view>

// From text back to bytes. The other direction is in bytes.hpp.
namespace wardline {

// An even number of hexadecimal digits of either case; `bad_frame` otherwise.
Result<Bytes> from_hex(std::string_view digits);
// URL-safe base64 without padding, in its one canonical form (unused bits are zero); `bad_frame`
// otherwise.
Result<Bytes> from_base64url(std::string_view text);

// Whether the bytes are UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates.
bool is_utf8(BytesView bytes) noexcept;

}  // namespace wardline
