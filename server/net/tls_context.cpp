#include "server/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <csignal>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace wardline::server {
namespace {

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeX509 {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeX509>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Bio reading(const std::string& text) {
    return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

Error refused(std::string_view what) {
    ERR_clear_error();
    return Error{Code::io, "TLS: OpenSSL refused " + std::string{what}};
}

// HTTP is all we speak; a client that offers nothing of it is let through without a choice.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned int offered_size, void*) {
    constexpr std::string_view kHttp{"http/1.1"};
    std::span<const unsigned char> rest{offered, offered_size};
    while (!rest.empty() && rest.front() < rest.size()) {
        const auto name = rest.subspan(1, rest.front());
        if (std::string_view{reinterpret_cast<const char*>(name.data()), name.size()} == kHttp) {
            *out = name.data();
            *out_size = static_cast<unsigned char>(name.size());
            return SSL_TLSEXT_ERR_OK;
        }
        rest = rest.subspan(1 + name.size());
    }
    return SSL_TLSEXT_ERR_NOACK;
}

Result<void> set_identity(SSL_CTX* context, const TlsIdentity& identity) {
    const Bio chain = reading(identity.certificate_pem);
    const Certificate leaf{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)};
    if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
        return refused("the certificate");
    SSL_CTX_clear_chain_certs(context);
    while (const Certificate next{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)}) {
        if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
            return refused("a certificate of the chain");
    }
    ERR_clear_error();  // The end of the chain leaves "no start line" behind.
    const Bio key_text = reading(identity.key_pem);
    const Key key{PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr)};
    if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return refused("the private key");
    if (SSL_CTX_check_private_key(context) != 1)
        return refused("a key that is not the certificate's");
    return success();
}

}  // namespace

Result<TlsContext> TlsContext::make(const TlsIdentity& identity) {
    std::signal(SIGPIPE, SIG_IGN);
    SslContext context{SSL_CTX_new(TLS_server_method())};
    if (!context) throw std::bad_alloc{};
    SSL_CTX* const raw = context.get();
    if (SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(raw, "X25519:P-256") != 1 ||
        SSL_CTX_set_ciphersuites(
            raw, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
        ) != 1 ||
        SSL_CTX_set_num_tickets(raw, 0) != 1 || SSL_CTX_set_max_early_data(raw, 0) != 1 ||
        SSL_CTX_set_recv_max_early_data(raw, 0) != 1) {
        return refused("the protocol settings");
    }
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    // Idle connections keep no buffer; a write may take part of what it is given, and be repeated
    // from another address.
    SSL_CTX_set_mode(
        raw,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    // One read(2) for all records that have arrived instead of two for each.
    SSL_CTX_set_read_ahead(raw, 1);
    SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
    WARDLINE_TRY(set_identity(raw, identity));
    return TlsContext{std::move(context)};
}

Result<void> TlsContext::replace(const TlsIdentity& identity) {
    return set_identity(context_.get(), identity);
}

Ssl TlsContext::new_connection() const {
    Ssl ssl{SSL_new(context_.get())};
    if (!ssl) throw std::bad_alloc{};
    SSL_set_accept_state(ssl.get());
    return ssl;
}

}  // namespace wardline::server
