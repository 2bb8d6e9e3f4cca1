#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/class.hpp"

#include <cstdint>

// The part of a message that the server can read. docs/protocol.md section 8. Pure; any thread.
namespace wardline::message {

constexpr std::size_t kHeaderBytesMax = 2'048;

// The newest tree head that an author verified; size 0 and a zero root before the first.
struct TreeRef {
    std::uint64_t size{0};
    Hash root;
    auto operator<=>(const TreeRef&) const = default;
};

struct Header {
    ClinicId clinic;
    ThreadId thread;
    PatientId patient;
    MessageId id;
    DeviceId device;           // The sender's.
    std::uint64_t counter{1};  // From 1, without gaps per device, thread and audience.
    trust::MessageClass message_class{};
    Instant sent;  // The sender's clock: shown, never trusted.
    Hash commit;   // commitment_of() the message key.
    Hash prev;     // Hash of the last message of this audience that the author saw; zero if none.
    trust::ChainPosition clinic_head;
    trust::ChainPosition patient_head;
    TreeRef tree;

    bool operator==(const Header&) const = default;
};

Bytes encode(const Header& header);
// `too_large` over kHeaderBytesMax, else `bad_frame`, for anything but exactly the keys of
// version 1.
Result<Header> parse_header(BytesView bytes);
// Of the bytes as they were sent, never of a header encoded again.
Hash header_hash(BytesView header);

// A fresh UUIDv7 (RFC 9562): ids made later sort later, to the millisecond.
MessageId make_message_id(Instant now, crypto::Random& random);

}  // namespace wardline::message
