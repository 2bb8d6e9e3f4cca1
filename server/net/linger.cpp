#include "server/net/linger.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>

namespace wardline::server {
namespace {

constexpr std::chrono::milliseconds kLingerTime{1'000};
constexpr std::size_t kLingerBytesMax = 262'144;

}  // namespace

net::awaitable<void> close_after_last_words(TlsStream& stream) {
    stream.shutdown();
    stream.expires_after(kLingerTime);
    std::array<std::uint8_t, 4'096> ignored;
    std::size_t read = 0;
    while (read < kLingerBytesMax) {
        const auto [error, bytes] = co_await stream.socket().async_read_some(
            net::buffer(ignored), net::as_tuple(net::use_awaitable)
        );
        if (error) break;
        read += bytes;
    }
    stream.expires_never();
    stream.close();
}

}  // namespace wardline::server
