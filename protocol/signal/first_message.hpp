#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/signal/handles.hpp"

#include <protocol.h>

// A first message of a session as it travels: a PreKeySignalMessage without its identity key, which
// its reader has from the sender's grant. Its MAC and its keys depend on that identity, so one of
// another sender does not decrypt. docs/protocol.md section 8, "Live slots". Pure; any thread.
namespace wardline::signal {

// `internal` where the library's message does not carry the sender's own identity.
Result<Bytes> without_identity(BytesView message, const IdentityKey& sender);

// `undecryptable` for what is no first message, or says itself whose it is.
Result<SignalRef<pre_key_signal_message>> parse_first_message(
    BytesView travelled, const IdentityKey& sender, signal_context* context
);

}  // namespace wardline::signal
