#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <string>
#include <string_view>

// Tokens that allow one clinic to be set up (docs/protocol.md section 11):
// BASE32SECRET.BASE64URLPIN, for one hour. In `folder` (mode 0700) lies one small file for each,
// named by the SHA-256 of its secret, with the time at which it ends: so `wardlined setup-token`
// works whether the server runs or not, and the folder does not give a token away. The folder
// belongs to one node; anyone who may write there is the server's own user. One thread.
namespace wardline::server {

class SetupTokens {
public:
    explicit SetupTokens(std::string folder) : folder_{std::move(folder)} {}

    // A new token for a server whose TLS key has this pin. `io` when it cannot be written.
    Result<std::string> issue(const Hash& pin, Instant now);
    // `setup_token_invalid` unless this token was issued here, has not ended and was not spent.
    Result<void> check(std::string_view token, Instant now) const;
    // Makes the token, and every other one, useless: a clinic is set up only once. Call it once the
    // clinic is committed.
    void spend_all() noexcept;

private:
    std::string folder_;
};

}  // namespace wardline::server
