#include "server/setup_tokens.hpp"

#include "protocol/crypto/crypto.hpp"
#include "server/private_files.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace wardline::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSecretBytes = 20;
constexpr std::size_t kSecretDigits = 32;  // In base32: five bits a digit.
constexpr std::uint64_t kLifeMs = 3'600'000;
constexpr std::size_t kFileBytesMax = 32;

// RFC 4648 section 6; 20 bytes need no padding.
std::string to_base32(BytesView bytes) {
    constexpr std::string_view kDigits{"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"};
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const std::uint8_t byte : bytes) {
        held = (held << 8U) | byte;
        for (bits += 8; bits >= 5; bits -= 5)
            out += kDigits[(held >> static_cast<unsigned>(bits - 5)) & 31U];
        held &= (1U << static_cast<unsigned>(bits)) - 1U;
    }
    return out;
}

std::string file_of(const std::string& folder, std::string_view secret) {
    return folder + "/" + crypto::sha256(as_bytes(secret)).hex();
}

// The time in the file; 0 for anything else.
std::uint64_t end_in(const std::string& file) {
    const auto content = read_file(file, kFileBytesMax);
    std::uint64_t end = 0;
    if (content) {
        const std::string& text = content.value();
        if (std::from_chars(text.data(), text.data() + text.size(), end).ec != std::errc{})
            return 0;
    }
    return end;
}

}  // namespace

Result<std::string> SetupTokens::issue(const Hash& pin, Instant now) {
    WARDLINE_TRY(ensure_private_folder(folder_));
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{folder_, ignored}) {
        if (end_in(entry.path().string()) <= now.ms) fs::remove(entry.path(), ignored);
    }
    std::array<std::uint8_t, kSecretBytes> raw{};
    crypto::system_random().fill(raw);
    const std::string secret = to_base32(raw);
    WARDLINE_TRY(
        write_private_file(file_of(folder_, secret), std::to_string(now.ms + kLifeMs) + "\n")
    );
    return secret + "." + to_base64url(pin.view());
}

Result<void> SetupTokens::check(std::string_view token, Instant now) const {
    const auto secret = token.substr(0, token.find('.'));
    // The length first: what is hashed and looked up is bounded.
    if (secret.size() == kSecretDigits && end_in(file_of(folder_, secret)) > now.ms)
        return success();
    return Error{
        Code::setup_token_invalid, "the setup token is unknown, used or older than an hour"
    };
}

void SetupTokens::spend_all() noexcept {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{folder_, ignored})
        fs::remove(entry.path(), ignored);
}

}  // namespace wardline::server
