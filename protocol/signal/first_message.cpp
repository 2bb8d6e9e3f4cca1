#include "protocol/signal/first_message.hpp"

#include <algorithm>
#include <array>

namespace wardline::signal {

namespace {

// The field `identityKey` of a PreKeySignalMessage: number 3, of 33 bytes.
Bytes identity_field(const IdentityKey& sender) {
    constexpr std::array<std::uint8_t, 2> kTagAndLength{0x1A, 33};
    return concat({BytesView{kTagAndLength}, sender.view()});
}

Result<SignalRef<pre_key_signal_message>> parse(BytesView bytes, signal_context* context) {
    SignalRef<pre_key_signal_message> message;
    if (pre_key_signal_message_deserialize(message.out(), bytes.data(), bytes.size(), context) < 0)
        return Error{Code::undecryptable, "this is not a first Signal message"};
    return message;
}

}  // namespace

Result<Bytes> without_identity(BytesView message, const IdentityKey& sender) {
    const auto found = std::ranges::search(message, identity_field(sender));
    if (found.empty()) {
        return Error{Code::internal, "a first Signal message without its sender's identity"};
    }
    Bytes out{message.begin(), found.begin()};
    out.insert(out.end(), found.end(), message.end());
    return out;
}

// Protobuf fields may stand in any order, so the identity goes behind the others.
Result<SignalRef<pre_key_signal_message>> parse_first_message(
    BytesView travelled, const IdentityKey& sender, signal_context* context
) {
    if (parse(travelled, context)) {
        return Error{Code::undecryptable, "a first Signal message that says itself whose it is"};
    }
    return parse(concat({travelled, identity_field(sender)}), context);
}

}  // namespace wardline::signal
