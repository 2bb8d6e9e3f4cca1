#include "protocol/crypto/crypto.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <new>
#include <sodium.h>
#include <stdexcept>

namespace wardline::crypto {
namespace {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

// OpenSSL and libsodium fail only where memory is out or a call is wrong: nobody can act on it.
void require(bool worked, const char* what) {
    if (!worked) throw std::runtime_error{what};
}

// libsodium chooses its implementations here; calls before it would work, slowly and unsafely.
void require_sodium() {
    static const bool kReady = sodium_init() >= 0;
    require(kReady, "libsodium does not start");
}

// Fetched once: a fetch for every call costs more than hashing a short message.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(kAlgorithm != nullptr, "OpenSSL has no SHA-256");
    return kAlgorithm;
}
const EVP_CIPHER* aes_256_gcm() {
    static const EVP_CIPHER* const kAlgorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    require(kAlgorithm != nullptr, "OpenSSL has no AES-256-GCM");
    return kAlgorithm;
}

class Sha256 {
public:
    Sha256() {
        require(EVP_DigestInit_ex2(context(), sha256_algorithm(), nullptr) == 1, "SHA-256");
    }
    void update(BytesView data) {
        require(EVP_DigestUpdate(context(), data.data(), data.size()) == 1, "SHA-256");
    }
    void update_domain(std::string_view domain) {
        static constexpr std::array<std::uint8_t, 1> kZero{};
        update(as_bytes(domain));
        update(kZero);
    }
    Hash finish() {
        std::array<std::uint8_t, Hash::kSize> out{};
        require(EVP_DigestFinal_ex(context(), out.data(), nullptr) == 1, "SHA-256");
        return Hash{out};
    }

private:
    // One per thread: a computation is never interrupted by another of the same thread.
    static EVP_MD_CTX* context() {
        thread_local const DigestContext kContext{EVP_MD_CTX_new()};
        return kContext.get();
    }
};

// RFC 5869 with no salt and one block of output, which is all that is ever asked for.
void hkdf_block(
    BytesView key, std::string_view domain, BytesView info, std::span<std::uint8_t, 32> out
) {
    static constexpr std::array<std::uint8_t, 32> kNoSalt{};
    static constexpr std::array<std::uint8_t, 1> kZero{0};
    static constexpr std::array<std::uint8_t, 1> kFirstBlock{1};
    std::array<std::uint8_t, 32> extracted{};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, kNoSalt.data(), kNoSalt.size());
    crypto_auth_hmacsha256_update(&state, key.data(), key.size());
    crypto_auth_hmacsha256_final(&state, extracted.data());
    crypto_auth_hmacsha256_init(&state, extracted.data(), extracted.size());
    const auto domain_bytes = as_bytes(domain);
    for (const BytesView part : {domain_bytes, BytesView{kZero}, info, BytesView{kFirstBlock}}) {
        crypto_auth_hmacsha256_update(&state, part.data(), part.size());
    }
    crypto_auth_hmacsha256_final(&state, out.data());
    wipe(extracted);
    sodium_memzero(&state, sizeof state);
}

Bytes domain_message(std::string_view domain, BytesView message) {
    static constexpr std::array<std::uint8_t, 1> kZero{};
    return concat({as_bytes(domain), kZero, message});
}

// libsodium's form of an Ed25519 secret: seed, then public key.
class ExpandedSigningSecret {
public:
    explicit ExpandedSigningSecret(const SigningSecret& seed) {
        require_sodium();
        crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.reveal().data());
    }
    ExpandedSigningSecret(const ExpandedSigningSecret&) = delete;
    ExpandedSigningSecret& operator=(const ExpandedSigningSecret&) = delete;
    ~ExpandedSigningSecret() { wipe(secret_); }

    SigningKey key() const { return SigningKey{public_}; }
    const std::uint8_t* secret() const { return secret_.data(); }

private:
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_{};
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_{};
};

class SystemRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        require_sodium();
        randombytes_buf(out.data(), out.size());
    }
};

constexpr std::uint8_t kBoxSuite = 1;
constexpr std::size_t kBoxTagBytes = 16;
constexpr std::size_t kBoxSecretBytes = 32;
constexpr std::size_t kBoxPlainBytes = kBoxTagBytes + kBoxSecretBytes;
static_assert(1 + crypto_box_SEALBYTES + kBoxPlainBytes == kBoxBytes);

std::array<std::uint8_t, kBoxTagBytes> box_tag(const BoxContext& context) {
    const auto full = hash(context.domain, context.context);
    std::array<std::uint8_t, kBoxTagBytes> tag{};
    std::copy_n(full.view().begin(), tag.size(), tag.begin());
    return tag;
}

Result<Box> seal_with_tag(
    BytesView secret, const BoxKey& recipient, const std::array<std::uint8_t, kBoxTagBytes>& tag
) {
    require_sodium();
    const auto ephemeral = derive(secret, "wardline/1 box", concat({recipient.view(), tag}));
    std::array<std::uint8_t, kBoxBytes> out{};
    out[0] = kBoxSuite;
    std::uint8_t* const ephemeral_key = out.data() + 1;
    crypto_scalarmult_base(ephemeral_key, ephemeral.reveal().data());

    std::array<std::uint8_t, crypto_box_NONCEBYTES> nonce{};
    const auto nonce_input = concat({BytesView{ephemeral_key, 32}, recipient.view()});
    crypto_generichash(
        nonce.data(), nonce.size(), nonce_input.data(), nonce_input.size(), nullptr, 0
    );
    std::array<std::uint8_t, kBoxPlainBytes> plain{};
    std::copy(tag.begin(), tag.end(), plain.begin());
    std::copy(secret.begin(), secret.end(), plain.begin() + kBoxTagBytes);
    const int refused = crypto_box_easy(
        out.data() + 1 + 32,
        plain.data(),
        plain.size(),
        nonce.data(),
        recipient.view().data(),
        ephemeral.reveal().data()
    );
    wipe(plain);
    if (refused != 0) return Error{Code::bad_frame, "a public key of low order"};
    return Box{out};
}

}  // namespace

Random& system_random() {
    static SystemRandom random;
    return random;
}

Hash sha256(BytesView data) {
    Sha256 state;
    state.update(data);
    return state.finish();
}

Hash hash(std::string_view domain, BytesView data) {
    Sha256 state;
    state.update_domain(domain);
    state.update(data);
    return state.finish();
}

Hash hash(std::string_view domain, std::initializer_list<BytesView> parts) {
    Sha256 state;
    state.update_domain(domain);
    for (const auto part : parts) state.update(part);
    return state.finish();
}

SymmetricKey derive(BytesView key, std::string_view domain, BytesView info) {
    require_sodium();
    SymmetricKey out;
    hkdf_block(key, domain, info, out.writable().first<32>());
    return out;
}

Hash derive_public(BytesView key, std::string_view domain, BytesView info) {
    require_sodium();
    std::array<std::uint8_t, Hash::kSize> out{};
    hkdf_block(key, domain, info, out);
    return Hash{out};
}

Hash hmac(BytesView key, BytesView data) {
    require_sodium();
    std::array<std::uint8_t, Hash::kSize> out{};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data(), key.size());
    crypto_auth_hmacsha256_update(&state, data.data(), data.size());
    crypto_auth_hmacsha256_final(&state, out.data());
    sodium_memzero(&state, sizeof state);
    return Hash{out};
}

SigningKey signing_key_of(const SigningSecret& secret) {
    return ExpandedSigningSecret{secret}.key();
}

Signature sign(const SigningSecret& secret, std::string_view domain, BytesView message) {
    const ExpandedSigningSecret expanded{secret};
    const auto input = domain_message(domain, message);
    std::array<std::uint8_t, Signature::kSize> out{};
    crypto_sign_detached(out.data(), nullptr, input.data(), input.size(), expanded.secret());
    return Signature{out};
}

bool verify(
    const SigningKey& key, std::string_view domain, BytesView message, const Signature& signature
) {
    require_sodium();
    const auto input = domain_message(domain, message);
    return crypto_sign_verify_detached(
               signature.view().data(), input.data(), input.size(), key.view().data()
           ) == 0;
}

BoxKey box_key_of(const BoxSecret& secret) {
    require_sodium();
    std::array<std::uint8_t, BoxKey::kSize> out{};
    crypto_scalarmult_base(out.data(), secret.reveal().data());
    return BoxKey{out};
}

bool is_usable(const BoxKey& key) {
    require_sodium();
    // The scalar does not matter: libsodium refuses an all-zero result, which is what every key of
    // low order gives with every scalar.
    static constexpr std::array<std::uint8_t, crypto_scalarmult_SCALARBYTES> kScalar{1};
    std::array<std::uint8_t, crypto_scalarmult_BYTES> shared{};
    return crypto_scalarmult(shared.data(), kScalar.data(), key.view().data()) == 0;
}

namespace {

EVP_CIPHER_CTX* cipher_context() {
    thread_local const CipherContext kContext{EVP_CIPHER_CTX_new()};
    require(kContext != nullptr, "AES-256-GCM");
    return kContext.get();
}

int gcm_length(std::size_t size) {
    // Everything that is encrypted has a limit far below this; OpenSSL counts in int.
    require(size <= std::size_t{1} << 30, "AES-256-GCM: too long");
    return static_cast<int>(size);
}

// The context keeps the expanded key until it is cleared.
struct ClearedCipher {
    explicit ClearedCipher(EVP_CIPHER_CTX* cipher) : context{cipher} {}
    ~ClearedCipher() { EVP_CIPHER_CTX_reset(context); }
    ClearedCipher(const ClearedCipher&) = delete;
    ClearedCipher& operator=(const ClearedCipher&) = delete;
    EVP_CIPHER_CTX* context;
};

}  // namespace

Bytes aead_seal(
    const SymmetricKey& key, const GcmNonce& nonce, BytesView associated, BytesView plaintext
) {
    const ClearedCipher cipher{cipher_context()};
    auto* const context = cipher.context;
    Bytes out(plaintext.size() + kGcmTagBytes);
    int written = 0;
    bool good =
        EVP_EncryptInit_ex2(context, aes_256_gcm(), key.reveal().data(), nonce.data(), nullptr) ==
        1;
    if (good && !associated.empty()) {
        good = EVP_EncryptUpdate(
                   context, nullptr, &written, associated.data(), gcm_length(associated.size())
               ) == 1;
    }
    if (good && !plaintext.empty()) {
        good = EVP_EncryptUpdate(
                   context, out.data(), &written, plaintext.data(), gcm_length(plaintext.size())
               ) == 1;
    }
    std::uint8_t* const tag = out.data() + plaintext.size();
    good = good && EVP_EncryptFinal_ex(context, tag, &written) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1;
    require(good, "AES-256-GCM");
    return out;
}

Result<Bytes> aead_open(
    const SymmetricKey& key, const GcmNonce& nonce, BytesView associated, BytesView ciphertext
) {
    if (ciphertext.size() < kGcmTagBytes) {
        return Error{Code::undecryptable, "a ciphertext that is shorter than its tag"};
    }
    const ClearedCipher cipher{cipher_context()};
    auto* const context = cipher.context;
    const auto body = ciphertext.first(ciphertext.size() - kGcmTagBytes);
    std::array<std::uint8_t, kGcmTagBytes> tag{};
    std::copy(ciphertext.end() - kGcmTagBytes, ciphertext.end(), tag.begin());
    Bytes out(body.size());
    int written = 0;
    bool good =
        EVP_DecryptInit_ex2(context, aes_256_gcm(), key.reveal().data(), nonce.data(), nullptr) ==
        1;
    if (good && !associated.empty()) {
        good = EVP_DecryptUpdate(
                   context, nullptr, &written, associated.data(), gcm_length(associated.size())
               ) == 1;
    }
    if (good && !body.empty()) {
        good = EVP_DecryptUpdate(
                   context, out.data(), &written, body.data(), gcm_length(body.size())
               ) == 1;
    }
    require(
        good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1,
        "AES-256-GCM"
    );
    std::array<std::uint8_t, kGcmTagBytes> nothing_more{};
    if (EVP_DecryptFinal_ex(context, nothing_more.data(), &written) != 1) {
        wipe(out);
        return Error{Code::undecryptable, "the ciphertext does not belong to this key and header"};
    }
    return out;
}

Result<Box> seal_box(BytesView secret32, const BoxKey& recipient, const BoxContext& context) {
    if (secret32.size() != kBoxSecretBytes) {
        throw std::logic_error{"seal_box() of a secret that is not 32 bytes"};
    }
    return seal_with_tag(secret32, recipient, box_tag(context));
}

Result<SymmetricKey> open_box(
    const Box& box, const BoxSecret& recipient, const BoxContext& context
) {
    const auto refusal = [] {
        return Error{Code::undecryptable, "a box that is not for this key in this context"};
    };
    if (box.view()[0] != kBoxSuite) return refusal();
    const auto public_key = box_key_of(recipient);
    std::array<std::uint8_t, kBoxPlainBytes> plain{};
    const int refused = crypto_box_seal_open(
        plain.data(),
        box.view().data() + 1,
        kBoxBytes - 1,
        public_key.view().data(),
        recipient.reveal().data()
    );
    if (refused != 0) return refusal();
    const auto tag = box_tag(context);
    const auto parts = BytesView{plain};
    auto secret = SymmetricKey::from(parts.subspan(kBoxTagBytes));
    const bool same_tag = equal_constant_time(parts.first(kBoxTagBytes), tag);
    wipe(plain);
    if (!same_tag) return refusal();
    const auto again = seal_with_tag(secret.value().reveal(), public_key, tag);
    if (!again || again.value() != box) return refusal();
    return secret;
}

SymmetricKey password_key(
    BytesView password,
    const std::array<std::uint8_t, 16>& salt,
    std::uint32_t passes,
    std::uint32_t memory_kib
) {
    static_assert(crypto_pwhash_argon2id_SALTBYTES == 16);
    require_sodium();
    SymmetricKey out;
    const auto memory_bytes = std::size_t{memory_kib} * 1024;
    const int failed = crypto_pwhash_argon2id(
        out.writable().data(),
        out.writable().size(),
        reinterpret_cast<const char*>(password.data()),
        password.size(),
        salt.data(),
        passes,
        memory_bytes,
        crypto_pwhash_argon2id_ALG_ARGON2ID13
    );
    if (failed != 0) throw std::bad_alloc{};
    return out;
}

}  // namespace wardline::crypto
