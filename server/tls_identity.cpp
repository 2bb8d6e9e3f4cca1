#include "server/tls_identity.hpp"

#include "protocol/crypto/crypto.hpp"
#include "server/private_files.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <stdexcept>

namespace wardline::server {
namespace {

constexpr std::size_t kPemBytesMax = 262'144;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kValidDays = 397;
constexpr std::int64_t kRenewDays = 60;

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;
using Bio = Handle<BIO, BIO_free>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Handle<X509, X509_free>;
using Number = Handle<BIGNUM, BN_free>;
using Extension = Handle<X509_EXTENSION, X509_EXTENSION_free>;

// OpenSSL failing at what it is always able to do is nobody's business nearby.
void must(bool done) {
    if (!done) throw std::runtime_error{"OpenSSL failed to make a TLS key or certificate"};
}

Bio reading(const std::string& text) {
    return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

Key parse_key(const std::string& pem) {
    const Bio bio = reading(pem);
    // Without this a key with a passphrase would ask for it on the terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return key;
}

Certificate parse_certificate(const std::string& pem) {
    const Bio bio = reading(pem);
    Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    ERR_clear_error();
    return certificate;
}

Hash pin_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    must(size > 0);
    const Hash pin = crypto::sha256(BytesView{der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return pin;
}

std::string make_key_pem() {
    const Key key{EVP_EC_gen("P-256")};
    must(key != nullptr);
    const Bio out{BIO_new(BIO_s_secmem())};
    must(
        PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1
    );
    return content_of(out.get());
}

void add_extension(X509* certificate, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value)};
    must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::string make_certificate_pem(EVP_PKEY* key, Instant now) {
    const Certificate certificate{X509_new()};
    must(certificate != nullptr);
    X509* const x509 = certificate.get();
    const Number serial{BN_new()};
    must(BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
    must(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509)) != nullptr);
    must(X509_set_version(x509, X509_VERSION_3) == 1);
    auto* const name = X509_get_subject_name(x509);
    const auto* const common_name = reinterpret_cast<const unsigned char*>("Wardline server");
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1);
    must(X509_set_issuer_name(x509, name) == 1);
    const auto seconds = static_cast<std::time_t>(now.ms / 1'000);
    must(ASN1_TIME_set(X509_getm_notBefore(x509), seconds - kDay) != nullptr);
    must(ASN1_TIME_set(X509_getm_notAfter(x509), seconds + kValidDays * kDay) != nullptr);
    must(X509_set_pubkey(x509, key) == 1);
    add_extension(x509, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x509, NID_key_usage, "critical,digitalSignature");
    add_extension(x509, NID_ext_key_usage, "serverAuth");
    add_extension(x509, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
    must(X509_sign(x509, key, EVP_sha256()) > 0);
    const Bio out{BIO_new(BIO_s_mem())};
    must(PEM_write_bio_X509(out.get(), x509) == 1);
    return content_of(out.get());
}

// The key's own, and valid for long enough.
bool still_good(const std::string& certificate_pem, EVP_PKEY* key, Instant now) {
    const Certificate certificate = parse_certificate(certificate_pem);
    if (!certificate || X509_check_private_key(certificate.get(), key) != 1) {
        ERR_clear_error();
        return false;
    }
    std::time_t renew_at = static_cast<std::time_t>(now.ms / 1'000) + kRenewDays * kDay;
    return X509_cmp_time(X509_get0_notAfter(certificate.get()), &renew_at) > 0;
}

// The file's content, or what `make` gives, which is then kept in it.
template <class Make>
Result<std::string> read_or_make(const std::string& file, Make make) {
    auto content = read_file(file, kPemBytesMax);
    if (content.has_value() || content.error().code != Code::not_found) return content;
    std::string made = make();
    WARDLINE_TRY(write_private_file(file, made));
    return made;
}

}  // namespace

Result<TlsIdentity> load_or_make_tls_identity(const std::string& folder, Instant now) {
    const std::string key_file = folder + "/key.pem";
    const std::string certificate_file = folder + "/certificate.pem";
    WARDLINE_TRY(ensure_private_folder(folder));
    WARDLINE_TRY(auto key_pem, read_or_make(key_file, make_key_pem));
    const Key key = parse_key(key_pem);
    if (!key) return Error{Code::io, key_file + " does not hold a private key in PEM"};
    WARDLINE_TRY(auto certificate_pem, read_or_make(certificate_file, [&] {
                     return make_certificate_pem(key.get(), now);
                 }));
    if (!still_good(certificate_pem, key.get(), now)) {
        certificate_pem = make_certificate_pem(key.get(), now);
        WARDLINE_TRY(write_private_file(certificate_file, certificate_pem));
    }
    const Hash pin = pin_of(key.get());
    return TlsIdentity{std::move(certificate_pem), std::move(key_pem), pin};
}

Result<TlsIdentity> load_tls_identity(
    const std::string& certificate_file, const std::string& key_file
) {
    auto certificate_pem = read_file(certificate_file, kPemBytesMax);
    if (!certificate_pem) return Error{Code::usage, certificate_pem.error().detail};
    auto key_pem = read_file(key_file, kPemBytesMax);
    if (!key_pem) return Error{Code::usage, key_pem.error().detail};
    const Certificate certificate = parse_certificate(certificate_pem.value());
    if (!certificate)
        return Error{Code::usage, certificate_file + " does not begin with a certificate in PEM"};
    const Key key = parse_key(key_pem.value());
    if (!key)
        return Error{
            Code::usage, key_file + " does not hold a private key in PEM without a passphrase"
        };
    if (X509_check_private_key(certificate.get(), key.get()) != 1) {
        ERR_clear_error();
        return Error{
            Code::usage, key_file + " is not the key of the certificate in " + certificate_file
        };
    }
    const Hash pin = pin_of(key.get());
    return TlsIdentity{std::move(certificate_pem.value()), std::move(key_pem.value()), pin};
}

}  // namespace wardline::server
