#include "clients/core/tls_client.hpp"

#include "protocol/crypto/crypto.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace wardline::client {
namespace {

// Called by OpenSSL in place of chain building: the key decides, whoever signed the certificate and
// until when.
int check_pin(X509_STORE_CTX* store, void* raw_check) {
    auto& check = *static_cast<ServerCheck*>(raw_check);
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    if (certificate == nullptr) return 0;
    unsigned char* encoded = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
    if (length <= 0) return 0;
    const Hash key = crypto::sha256(BytesView{encoded, static_cast<std::size_t>(length)});
    OPENSSL_free(encoded);
    if (key == *check.pin) return 1;
    check.wrong_key = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

}  // namespace

void configure_tls(boost::asio::ssl::context& context, ServerCheck& check) {
    SSL_CTX* raw = context.native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    if (check.pin) {
        SSL_CTX_set_cert_verify_callback(raw, check_pin, &check);
    } else {
        SSL_CTX_set_default_verify_paths(raw);
    }
}

bool expect_name(SSL* ssl, const Endpoint& endpoint) {
    const bool address = endpoint.host.find_first_not_of("0123456789.") == std::string::npos ||
                         endpoint.host.find(':') != std::string::npos;
    if (!address && SSL_set_tlsext_host_name(ssl, endpoint.host.c_str()) != 1) return false;
    if (endpoint.pin) return true;
    if (address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), endpoint.host.c_str()) == 1;
    return SSL_set1_host(ssl, endpoint.host.c_str()) == 1;
}

std::optional<std::array<std::uint8_t, 32>> channel_binding(SSL* ssl) {
    constexpr std::string_view kLabel{"EXPORTER-Channel-Binding"};
    std::array<std::uint8_t, 32> out{};
    const int done = SSL_export_keying_material(
        ssl, out.data(), out.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0
    );
    if (done != 1) return std::nullopt;
    return out;
}

}  // namespace wardline::client
