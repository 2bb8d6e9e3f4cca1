#include "server/net/request_check.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace wardline::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char digit) { return digit >= '0' && digit <= '9'; });
}

// 16 bytes in base64, as RFC 6455 section 4.1 has them.
bool is_key(std::string_view text) {
    constexpr std::string_view kDigits{
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    };
    constexpr std::size_t kDigitsOfKey = 22;
    return text.size() == kDigitsOfKey + 2 && text.ends_with("==") &&
           text.find_first_not_of(kDigits) == kDigitsOfKey;
}

bool has(const RequestHeader& header, http::field name) {
    return header.find(name) != header.end();
}

}  // namespace

std::optional<std::string_view> only_value(const RequestHeader& header, http::field name) {
    if (header.count(name) != 1) return std::nullopt;
    const auto value = header[name];
    return std::string_view{value.data(), value.size()};
}

std::optional<std::string_view> malformed(const RequestHeader& header, bool read_as_chunks) {
    constexpr unsigned kHttp11 = 11;
    const bool old = header.version() < kHttp11;
    const auto hosts = header.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && !old)) return "a request names one host";
    if (has(header, http::field::content_length)) {
        const auto length = only_value(header, http::field::content_length);
        if (!length || !is_number(*length)) return "the length is not one number";
    }
    if (has(header, http::field::transfer_encoding)) {
        const auto coding = only_value(header, http::field::transfer_encoding);
        if (old || !read_as_chunks || !coding ||
            !beast::iequals({coding->data(), coding->size()}, "chunked"))
            return "the only transfer coding is chunked";
    }
    return std::nullopt;
}

std::optional<std::string_view> malformed_upgrade(const RequestHeader& header) {
    const auto key = only_value(header, http::field::sec_websocket_key);
    if (!key || !is_key(*key)) return "Sec-WebSocket-Key is not 16 bytes in base64";
    if (has(header, http::field::content_length) || has(header, http::field::transfer_encoding))
        return "an opening handshake has no body";
    return std::nullopt;
}

}  // namespace wardline::server
