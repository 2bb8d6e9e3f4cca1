#pragma once

#include "protocol/base/result.hpp"
#include "server/tls_identity.hpp"

#include <openssl/ssl.h>

#include <memory>

// The settings that all TLS connections of the server share: TLS 1.3 only, X25519 or P-256, no
// tickets, no sessions to resume, no early data. One thread.
namespace wardline::server {

struct FreeSslContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeSsl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;
using Ssl = std::unique_ptr<SSL, FreeSsl>;

class TlsContext {
public:
    // `io` when OpenSSL refuses the identity. Ignores SIGPIPE for the whole process, because
    // OpenSSL writes to a socket that the client may have closed with write(2).
    static Result<TlsContext> make(const TlsIdentity& identity);

    // From now on new connections are shown this identity: a renewed certificate.
    Result<void> replace(const TlsIdentity& identity);

    // A server's side of a new connection.
    Ssl new_connection() const;

private:
    explicit TlsContext(SslContext context) : context_{std::move(context)} {}
    SslContext context_;
};

}  // namespace wardline::server
