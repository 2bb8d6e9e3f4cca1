// The HTTP surface behind its framing: method, target, content type and body from anybody. Each
// request is answered, and no fault of the server is.
#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"
#include "server/http_api.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/small_node.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <cstdint>
#include <optional>

using namespace wardline;
using fuzz::require;

namespace {

constexpr std::array<std::string_view, 7> kTargets{
    "/v1/setup",
    "/v1/setup/info",
    "/v1/enrol/begin",
    "/v1/enrol/finish",
    "/healthz",
    "/readyz?why=1",
    "/v1/elsewhere"
};
constexpr std::array<std::string_view, 5> kMethods{"POST", "GET", "HEAD", "PUT", ""};
constexpr unsigned kInternal = 500;

}  // namespace

// The first byte chooses target and method; the rest is the body, and from 0xf0 on the target too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::SmallNode node;
    static server::HttpApi http{node.services};
    if (size == 0) return 0;
    const auto choice = data[0];
    const auto rest = BytesView{data, size}.subspan(1);
    server::HttpRequest request;
    request.target = choice >= 0xf0 ? std::string{as_text(rest)} : kTargets[choice % 7];
    request.method = kMethods[(choice / 7) % 5];
    request.content_type = "application/cbor";
    request.body = {rest.begin(), rest.end()};
    request.address = "127.0.0.1";
    std::optional<server::HttpResponse> answer;
    boost::asio::co_spawn(
        node.io,
        [](server::HttpRequest asked, auto& out) -> boost::asio::awaitable<void> {
            out = co_await http.handle(std::move(asked));
        }(std::move(request), answer),
        boost::asio::detached
    );
    node.io.restart();
    while (!answer) require(node.io.run_one_for(std::chrono::seconds{10}) > 0);
    require(answer->status != kInternal);
    if (answer->content_type == "application/cbor") require(cbor::decode(answer->body).has_value());
    return 0;
}
