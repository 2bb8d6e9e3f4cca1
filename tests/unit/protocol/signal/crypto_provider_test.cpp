#include "protocol/signal/crypto_provider.hpp"

#include "protocol/signal/handles.hpp"
#include "protocol/signal/staged_store.hpp"
#include "tests/support/memory_signal_records.hpp"

#include <gtest/gtest.h>

#include <array>

namespace wardline::signal {
namespace {

class CryptoProviderTest : public ::testing::Test {
protected:
    std::string hmac(BytesView key, BytesView data) {
        void* context = nullptr;
        EXPECT_EQ(
            calls.hmac_sha256_init_func(&context, key.data(), key.size(), calls.user_data), 0
        );
        EXPECT_EQ(
            calls.hmac_sha256_update_func(context, data.data(), data.size(), calls.user_data), 0
        );
        signal_buffer* raw = nullptr;
        EXPECT_EQ(calls.hmac_sha256_final_func(context, &raw, calls.user_data), 0);
        calls.hmac_sha256_cleanup_func(context, calls.user_data);
        const SecretBuffer buffer{raw};
        return to_hex(view_of(raw));
    }
    using CipherFunction = decltype(signal_crypto_provider::encrypt_func);
    int run(CipherFunction function, int cipher, std::size_t key, std::size_t iv, BytesView text) {
        const std::array<std::uint8_t, 64> zeros{};
        signal_buffer* raw = nullptr;
        const int result = function(
            &raw,
            cipher,
            zeros.data(),
            key,
            zeros.data(),
            iv,
            text.data(),
            text.size(),
            calls.user_data
        );
        const SecretBuffer buffer{raw};
        if (raw) out.assign(view_of(raw).begin(), view_of(raw).end());
        return result;
    }

    std::unique_ptr<CryptoProvider> provider{CryptoProvider::create().value()};
    signal_crypto_provider calls{provider->callbacks()};
    Bytes out;
};

TEST_F(CryptoProviderTest, Trap08EveryCallbackIsSet) {
    EXPECT_TRUE(calls.random_func);
    EXPECT_TRUE(calls.hmac_sha256_init_func);
    EXPECT_TRUE(calls.hmac_sha256_update_func);
    EXPECT_TRUE(calls.hmac_sha256_final_func);
    EXPECT_TRUE(calls.hmac_sha256_cleanup_func);
    EXPECT_TRUE(calls.sha512_digest_init_func);
    EXPECT_TRUE(calls.sha512_digest_update_func);
    EXPECT_TRUE(calls.sha512_digest_final_func);
    EXPECT_TRUE(calls.sha512_digest_cleanup_func);
    EXPECT_TRUE(calls.encrypt_func);
    EXPECT_TRUE(calls.decrypt_func);
}

TEST_F(CryptoProviderTest, Trap18OnlyTheCipherOfVersion3IsThere) {
    const Bytes text(20);
    EXPECT_EQ(run(calls.encrypt_func, SG_CIPHER_AES_CTR_NOPADDING, 32, 16, text), SG_ERR_INVAL);
    EXPECT_EQ(run(calls.encrypt_func, SG_CIPHER_AES_CBC_PKCS5, 16, 16, text), SG_ERR_INVAL);
    EXPECT_EQ(run(calls.encrypt_func, SG_CIPHER_AES_CBC_PKCS5, 32, 12, text), SG_ERR_INVAL);
    EXPECT_EQ(run(calls.decrypt_func, SG_CIPHER_AES_CTR_NOPADDING, 32, 16, text), SG_ERR_INVAL);
}

TEST_F(CryptoProviderTest, EncryptsAndDecryptsEveryLength) {
    for (std::size_t size = 0; size < 50; ++size) {
        const Bytes text(size, 7);
        ASSERT_EQ(run(calls.encrypt_func, SG_CIPHER_AES_CBC_PKCS5, 32, 16, text), 0);
        const auto ciphertext = out;
        ASSERT_EQ(ciphertext.size(), (size / 16 + 1) * 16);
        ASSERT_EQ(run(calls.decrypt_func, SG_CIPHER_AES_CBC_PKCS5, 32, 16, ciphertext), 0);
        ASSERT_EQ(out, text);
    }
}

TEST_F(CryptoProviderTest, Trap19AnEmptyKeyIsAKey) {
    constexpr auto kEmpty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    EXPECT_EQ(hmac({}, {}), kEmpty);
    EXPECT_NE(hmac(as_bytes("another"), {}), kEmpty);
    EXPECT_EQ(hmac({}, {}), kEmpty);
}

TEST_F(CryptoProviderTest, MakesTheMacOfRfc4231) {
    EXPECT_EQ(
        hmac(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

TEST_F(CryptoProviderTest, Trap20ADigestContextIsReadyForMoreOnceItIsFinished) {
    void* context = nullptr;
    ASSERT_EQ(calls.sha512_digest_init_func(&context, calls.user_data), 0);
    for (int i = 0; i < 3; ++i) {
        const auto text = as_bytes("abc");
        ASSERT_EQ(calls.sha512_digest_update_func(context, text.data(), 3, calls.user_data), 0);
        signal_buffer* raw = nullptr;
        ASSERT_EQ(calls.sha512_digest_final_func(context, &raw, calls.user_data), 0);
        const SecretBuffer buffer{raw};
        EXPECT_TRUE(to_hex(view_of(raw)).starts_with("ddaf35a193617abacc417349ae204131"));
    }
    calls.sha512_digest_cleanup_func(context, calls.user_data);
}

TEST_F(CryptoProviderTest, Trap21WrongPaddingIsAnInvalidMessage) {
    const Bytes noise(32, 9);
    EXPECT_EQ(
        run(calls.decrypt_func, SG_CIPHER_AES_CBC_PKCS5, 32, 16, noise), SG_ERR_INVALID_MESSAGE
    );
    EXPECT_EQ(run(calls.decrypt_func, SG_CIPHER_AES_CBC_PKCS5, 32, 16, {}), SG_ERR_INVALID_MESSAGE);
    EXPECT_EQ(
        run(calls.decrypt_func, SG_CIPHER_AES_CBC_PKCS5, 32, 16, BytesView{noise}.first(31)),
        SG_ERR_INVALID_MESSAGE
    );
}

// A callback that is missing would abort the process; these are the ones that sessions do not
// reach.
TEST(StagedStoreTest, Trap08EveryStoreCallbackIsSetAndRefusesWhatItIsNotFor) {
    const auto identity = generate_identity().value();
    MemoryRecords records;
    const auto context = Context::create().value();
    StagedStore store{identity, records};
    const auto connection = store.connect(context.get());
    ASSERT_TRUE(connection);
    auto* const stores = connection.get();
    const signal_protocol_address nobody{"nobody", 6, 1};
    const signal_protocol_sender_key_name group{"group", 5, nobody};

    signal_int_list* devices = nullptr;
    EXPECT_EQ(signal_protocol_session_get_sub_device_sessions(stores, &devices, "x", 1), 0);
    EXPECT_EQ(signal_int_list_size(devices), 0u);
    signal_int_list_free(devices);
    EXPECT_LT(signal_protocol_session_contains_session(stores, &nobody), 0);
    EXPECT_LT(signal_protocol_session_delete_session(stores, &nobody), 0);
    EXPECT_LT(signal_protocol_session_delete_all_sessions(stores, "x", 1), 0);
    EXPECT_LT(signal_protocol_pre_key_contains_key(stores, 1), 0);
    EXPECT_EQ(signal_protocol_signed_pre_key_contains_key(stores, 1), 0);
    EXPECT_LT(signal_protocol_signed_pre_key_remove_key(stores, 1), 0);
    SignalRef<sender_key_record> sender_key;
    EXPECT_LT(signal_protocol_sender_key_load_key(stores, sender_key.out(), &group), 0);
    std::uint32_t registration = 0;
    EXPECT_EQ(signal_protocol_identity_get_local_registration_id(stores, &registration), 0);
    EXPECT_EQ(registration, identity.registration);
}

// All five stores share one object, which the library must not free.
TEST(StagedStoreTest, Trap12DestroyingTheStoresDestroysNothingOfOurs) {
    MemoryRecords records;
    const auto identity = generate_identity().value();
    const auto context = Context::create().value();
    StagedStore store{identity, records};
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(store.connect(context.get()));
}

}  // namespace
}  // namespace wardline::signal
