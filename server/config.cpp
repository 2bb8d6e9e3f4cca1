#include "server/config.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>

namespace wardline::server {
namespace {

bool is_numeric_address(const std::string& text, int family) {
    // inet_pton() reads up to the first zero byte, which TOML can write.
    if (text.find('\0') != std::string::npos) return false;
    std::array<unsigned char, 16> out{};
    return inet_pton(family, text.c_str(), out.data()) == 1;
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    const Error wrong{
        Code::usage,
        "\"" + std::string{text} + "\" is not ADDR:PORT, for example 127.0.0.1:8443 or [::]:8443"
    };
    if (colon == std::string_view::npos) return wrong;
    std::string address{text.substr(0, colon)};
    const auto digits = text.substr(colon + 1);
    const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
    if (bracketed) address = address.substr(1, address.size() - 2);
    if (!is_numeric_address(address, bracketed ? AF_INET6 : AF_INET)) return wrong;
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty())
        return wrong;
    return Endpoint{std::move(address), port};
}

std::string Endpoint::text() const {
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace wardline::server
