#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/error.hpp"
#include "protocol/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Frames of the WebSocket: requests, answers, errors, pushes. docs/protocol.md section 10. Pure;
// any thread.
namespace wardline::wire {

constexpr std::size_t kFrameBytesMax = cbor::kItemBytesMax;
constexpr std::size_t kTypeBytesMax = 32;

// A frame from the other side. `id` is there in requests and in answers.
struct Frame {
    std::string type;
    std::optional<std::uint64_t> id;
    cbor::Json body;  // The whole map, with "t" and "id".
};
// `bad_frame` or `too_large`: not CBOR in the profile, no map, no "t", or an "id" that is no
// number.
Result<Frame> parse_frame(BytesView bytes);

// {"t": type, "id": id, …body}. `body` is a map; its keys "t" and "id" are overwritten.
Bytes make_request(std::string_view type, std::uint64_t id, cbor::Json body = cbor::Json::object());
Bytes make_answer(std::string_view type, std::uint64_t id, cbor::Json body = cbor::Json::object());
// {"t": type, …body}.
Bytes make_push(std::string_view type, cbor::Json body = cbor::Json::object());
// {"t": "error", "id": id, "code": …, …extra}. A code that is not published goes out as `internal`;
// the detail never goes out.
Bytes make_error(std::optional<std::uint64_t> id, const Error& error);
// The Error in an error frame or in the body of an HTTP answer: code and extra. An unknown code is
// `internal`.
Error parse_error(const cbor::Json& frame);

// HTTP: {"code": …, "message": …, …extra} and the status that goes with it.
cbor::Json error_body(const Error& error);
unsigned http_status(Code code) noexcept;

}  // namespace wardline::wire
