#include "clients/core/store_key.hpp"

#include "clients/core/private_file.hpp"
#include "protocol/crypto/crypto.hpp"

#include <array>

namespace wardline::client {
namespace {

constexpr std::size_t kKeyFileBytesMin = 16;
constexpr std::size_t kKeyFileBytesMax = 65'536;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.remove_suffix(1);
    return text;
}

}  // namespace

Result<StoreKey> StoreKey::from_password(std::string_view password) {
    if (password.empty()) return Error{Code::usage, "the password is empty"};
    return StoreKey{Kind::password, SecretBytes{as_bytes(password)}};
}

Result<StoreKey> StoreKey::from_key_file(const std::filesystem::path& file) {
    WARDLINE_TRY(const auto content, read_private_file(file, kKeyFileBytesMax));
    const auto text = trimmed(as_text(content.reveal()));
    if (text.size() < kKeyFileBytesMin) {
        return Error{
            Code::usage,
            "the key file " + file.string() +
                " is too short: at least 16 bytes, better 32 random ones"
        };
    }
    // Hashed as it stands, so that hex, base64 and raw bytes are all key files and none is read in
    // two ways.
    Hash hash = crypto::hash("wardline key file", as_bytes(text));
    StoreKey key{Kind::key, SecretBytes{hash.view()}};
    return key;
}

Result<StoreKey> StoreKey::from_password_file(const std::filesystem::path& file) {
    WARDLINE_TRY(const auto content, read_private_file(file, kKeyFileBytesMax));
    std::string_view text = as_text(content.reveal());
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty())
        return Error{
            Code::usage, "the password file " + file.string() + " has an empty first line"
        };
    return from_password(text);
}

}  // namespace wardline::client
