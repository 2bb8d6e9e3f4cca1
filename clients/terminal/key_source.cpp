#include "clients/terminal/key_source.hpp"

#include "clients/terminal/prompt.hpp"

#include <optional>

namespace wardline::terminal {

namespace {

Result<std::optional<client::StoreKey>> from_file(const KeySource& source) {
    if (!source.password_file.empty() && !source.key_file.empty()) {
        return Error{Code::usage, "give a password file or a key file, not both"};
    }
    if (!source.password_file.empty()) {
        WARDLINE_TRY(auto key, client::StoreKey::from_password_file(source.password_file));
        return std::optional{std::move(key)};
    }
    if (!source.key_file.empty()) {
        WARDLINE_TRY(auto key, client::StoreKey::from_key_file(source.key_file));
        return std::optional{std::move(key)};
    }
    return std::optional<client::StoreKey>{};
}

}  // namespace

Result<client::StoreKey> existing_key(const KeySource& source, const std::string& subject) {
    WARDLINE_TRY(auto given, from_file(source));
    if (given) return std::move(*given);
    WARDLINE_TRY(const auto typed, ask_secret("Password for " + subject + ": "));
    return client::StoreKey::from_password(as_text(typed.reveal()));
}

Result<client::StoreKey> new_key(const KeySource& source, const std::string& subject) {
    WARDLINE_TRY(auto given, from_file(source));
    if (given) return std::move(*given);
    WARDLINE_TRY(const auto typed, ask_secret("New password for " + subject + ": "));
    if (typed.size() < kPasswordBytesMin) {
        return Error{
            Code::usage, "a new password needs at least 8 characters; several words are good"
        };
    }
    WARDLINE_TRY(const auto again, ask_secret("The same again: "));
    if (!equal_constant_time(typed.reveal(), again.reveal())) {
        return Error{Code::usage, "the two passwords differ; nothing was done"};
    }
    return client::StoreKey::from_password(as_text(typed.reveal()));
}

}  // namespace wardline::terminal
