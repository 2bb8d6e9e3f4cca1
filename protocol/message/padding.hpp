#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

#include <cstddef>

// How a content's length is hidden: content, 80, zero bytes up to the Padmé length (Nikitin et al.,
// 2019), which leaves O(log log n) bits of the length visible at a cost of at most 12 %.
// docs/protocol.md section 8. Pure; any thread.
namespace wardline::message {

constexpr std::size_t kPaddedBytesMin = 64;

// The length of a padded content of `content_bytes` bytes. Never decreases; at least content_bytes
// + 1.
std::size_t padded_size(std::size_t content_bytes) noexcept;
Bytes pad(BytesView content);
// The content within `padded`. `undecryptable` unless pad() makes exactly these bytes of it.
Result<BytesView> unpad(BytesView padded);

}  // namespace wardline::message
