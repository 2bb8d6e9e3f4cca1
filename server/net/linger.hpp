#pragma once

#include "server/net/tls_stream.hpp"

#include <boost/asio/awaitable.hpp>

namespace wardline::server {

// Ends a connection so that the client gets what was sent last: says that nothing follows, then
// throws away what still comes, for at most a second and 256 KiB. A socket closed over unread data
// makes the kernel send a reset, which may overtake our last words.
net::awaitable<void> close_after_last_words(TlsStream& stream);

}  // namespace wardline::server
