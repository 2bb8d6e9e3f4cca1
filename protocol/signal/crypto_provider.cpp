#include "protocol/signal/crypto_provider.hpp"

#include "protocol/signal/handles.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <climits>

namespace wardline::signal {

namespace {

using Mac = Handle<EVP_MAC, EVP_MAC_free>;
using MacContext = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using Digest = Handle<EVP_MD, EVP_MD_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using Cipher = Handle<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr std::size_t kAesKeyBytes = 32;
constexpr std::size_t kAesBlockBytes = 16;
constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kSha512Bytes = 64;

}  // namespace

struct CryptoProvider::Algorithms {
    Mac hmac;
    MacContext hmac_template;  // HMAC-SHA256 under some key; each use copies it and sets its own.
    Digest sha512;
    Cipher aes_cbc;
};

namespace {

using Algorithms = CryptoProvider::Algorithms;

Algorithms& algorithms_of(void* user_data) noexcept {
    return *static_cast<Algorithms*>(user_data);
}

int random_bytes(std::uint8_t* data, std::size_t size, void*) {
    if (size > INT_MAX) return SG_ERR_INVAL;
    return RAND_priv_bytes(data, static_cast<int>(size)) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

int hmac_init(void** out, const std::uint8_t* key, std::size_t size, void* user_data) {
    MacContext context{EVP_MAC_CTX_dup(algorithms_of(user_data).hmac_template.get())};
    if (!context) return SG_ERR_NOMEM;
    // To OpenSSL a null pointer means "keep the key you have", so an empty key needs a real one.
    const std::uint8_t nothing = 0;
    if (EVP_MAC_init(context.get(), size == 0 ? &nothing : key, size, nullptr) != 1) {
        return SG_ERR_UNKNOWN;
    }
    *out = context.release();
    return SG_SUCCESS;
}

int hmac_update(void* context, const std::uint8_t* data, std::size_t size, void*) {
    return EVP_MAC_update(static_cast<EVP_MAC_CTX*>(context), data, size) == 1 ? SG_SUCCESS
                                                                               : SG_ERR_UNKNOWN;
}

int hmac_final(void* context, signal_buffer** out, void*) {
    std::array<std::uint8_t, kSha256Bytes> mac{};
    std::size_t size = 0;
    if (EVP_MAC_final(static_cast<EVP_MAC_CTX*>(context), mac.data(), &size, mac.size()) != 1) {
        return SG_ERR_UNKNOWN;
    }
    const int result = hand_over({mac.data(), size}, out);
    wipe(mac);
    return result;
}

void hmac_cleanup(void* context, void*) {
    EVP_MAC_CTX_free(static_cast<EVP_MAC_CTX*>(context));
}

int sha512_init(void** out, void* user_data) {
    DigestContext context{EVP_MD_CTX_new()};
    if (!context) return SG_ERR_NOMEM;
    if (EVP_DigestInit_ex2(context.get(), algorithms_of(user_data).sha512.get(), nullptr) != 1) {
        return SG_ERR_UNKNOWN;
    }
    *out = context.release();
    return SG_SUCCESS;
}

int sha512_update(void* context, const std::uint8_t* data, std::size_t size, void*) {
    return EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context), data, size) == 1 ? SG_SUCCESS
                                                                                : SG_ERR_UNKNOWN;
}

int sha512_final(void* context, signal_buffer** out, void* user_data) {
    auto* const digest = static_cast<EVP_MD_CTX*>(context);
    std::array<std::uint8_t, kSha512Bytes> sum{};
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(digest, sum.data(), &size) != 1) return SG_ERR_UNKNOWN;
    // Safety numbers go on with the same context 5,200 times.
    if (EVP_DigestInit_ex2(digest, algorithms_of(user_data).sha512.get(), nullptr) != 1) {
        return SG_ERR_UNKNOWN;
    }
    const int result = hand_over({sum.data(), size}, out);
    wipe(sum);
    return result;
}

void sha512_cleanup(void* context, void*) {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

struct CipherInput {
    int cipher;
    BytesView key;
    BytesView iv;
    BytesView text;
};

// Sessions of version 3 use AES-256-CBC alone; the counter mode is only for those of version 2,
// which we never speak.
bool is_supported(const CipherInput& in) noexcept {
    return in.cipher == SG_CIPHER_AES_CBC_PKCS5 && in.key.size() == kAesKeyBytes &&
           in.iv.size() == kAesBlockBytes && in.text.size() <= INT_MAX - kAesBlockBytes;
}

int aes_cbc(
    const Algorithms& algorithms, const CipherInput& in, bool encrypt, signal_buffer** out
) {
    if (!is_supported(in)) return SG_ERR_INVAL;
    const CipherContext context{EVP_CIPHER_CTX_new()};
    if (!context) return SG_ERR_NOMEM;
    if (EVP_CipherInit_ex2(
            context.get(),
            algorithms.aes_cbc.get(),
            in.key.data(),
            in.iv.data(),
            encrypt ? 1 : 0,
            nullptr
        ) != 1) {
        return SG_ERR_UNKNOWN;
    }
    Bytes text(in.text.size() + kAesBlockBytes);
    int head = 0;
    int tail = 0;
    const bool done =
        EVP_CipherUpdate(
            context.get(), text.data(), &head, in.text.data(), static_cast<int>(in.text.size())
        ) == 1 &&
        EVP_CipherFinal_ex(context.get(), text.data() + head, &tail) == 1;
    // Of all errors only this one lets the library go on to older sessions, so bad padding must be
    // this one.
    int result = SG_ERR_INVALID_MESSAGE;
    if (done) result = hand_over({text.data(), static_cast<std::size_t>(head + tail)}, out);
    wipe(text);
    return result;
}

template <bool kEncrypting>
int run_cipher(
    signal_buffer** out,
    int cipher,
    const std::uint8_t* key,
    std::size_t key_size,
    const std::uint8_t* iv,
    std::size_t iv_size,
    const std::uint8_t* text,
    std::size_t text_size,
    void* user_data
) {
    return guarded([&] {
        const CipherInput in{cipher, {key, key_size}, {iv, iv_size}, {text, text_size}};
        return aes_cbc(algorithms_of(user_data), in, kEncrypting, out);
    });
}

// The library's messages name addresses and counters, which belong in no log.
void log_nothing(int, const char*, std::size_t, void*) {}

bool prepare_hmac(Algorithms& algorithms) {
    algorithms.hmac.reset(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    if (!algorithms.hmac) return false;
    algorithms.hmac_template.reset(EVP_MAC_CTX_new(algorithms.hmac.get()));
    if (!algorithms.hmac_template) return false;
    char digest[] = OSSL_DIGEST_NAME_SHA2_256;
    const std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()
    };
    // Under some key, since a context that was never initialised cannot be copied.
    const std::array<std::uint8_t, kSha256Bytes> key{};
    return EVP_MAC_init(
               algorithms.hmac_template.get(), key.data(), key.size(), parameters.data()
           ) == 1;
}

}  // namespace

CryptoProvider::CryptoProvider(std::unique_ptr<Algorithms> algorithms)
    : algorithms_{std::move(algorithms)} {}
CryptoProvider::~CryptoProvider() = default;

Result<std::unique_ptr<CryptoProvider>> CryptoProvider::create() {
    auto algorithms = std::make_unique<Algorithms>();
    algorithms->sha512.reset(EVP_MD_fetch(nullptr, "SHA2-512", nullptr));
    algorithms->aes_cbc.reset(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr));
    if (!algorithms->sha512 || !algorithms->aes_cbc || !prepare_hmac(*algorithms)) {
        return Error{Code::internal, "OpenSSL lacks SHA-512, AES-256-CBC or HMAC-SHA256"};
    }
    return std::unique_ptr<CryptoProvider>{new CryptoProvider{std::move(algorithms)}};
}

signal_crypto_provider CryptoProvider::callbacks() noexcept {
    return signal_crypto_provider{
        .random_func = random_bytes,
        .hmac_sha256_init_func = hmac_init,
        .hmac_sha256_update_func = hmac_update,
        .hmac_sha256_final_func = hmac_final,
        .hmac_sha256_cleanup_func = hmac_cleanup,
        .sha512_digest_init_func = sha512_init,
        .sha512_digest_update_func = sha512_update,
        .sha512_digest_final_func = sha512_final,
        .sha512_digest_cleanup_func = sha512_cleanup,
        .encrypt_func = run_cipher<true>,
        .decrypt_func = run_cipher<false>,
        .user_data = algorithms_.get(),
    };
}

Result<Context> Context::create(const Locking& locking) {
    WARDLINE_TRY(auto provider, CryptoProvider::create());
    signal_context* raw = nullptr;
    if (signal_context_create(&raw, locking.user_data) < 0) {
        return Error{Code::internal, "no context of libsignal-protocol-c"};
    }
    Context context{std::move(provider), raw};
    const auto callbacks = context.provider_->callbacks();
    if (signal_context_set_crypto_provider(raw, &callbacks) < 0 ||
        signal_context_set_locking_functions(raw, locking.lock, locking.unlock) < 0 ||
        signal_context_set_log_function(raw, log_nothing) < 0) {
        return Error{Code::internal, "libsignal-protocol-c refused its provider"};
    }
    return context;
}

Result<Context> Context::create() {
    return create(Locking{});
}

}  // namespace wardline::signal
