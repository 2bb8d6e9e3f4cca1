#include "protocol/crypto/crypto.hpp"

#include "protocol/base/encoding.hpp"
#include "tests/support/results.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sodium.h>
#include <thread>

namespace wardline::testing {
namespace {

using namespace wardline::crypto;

Bytes hex(std::string_view digits) {
    return from_hex(digits).value();
}

// ---- Hashes ----

TEST(Sha256Test, FollowsFips180) {
    EXPECT_EQ(
        sha256(as_bytes("abc")).hex(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, TheDomainIsSetApartByAZeroByte) {
    const auto joined = concat({as_bytes("domain"), Bytes{0}, as_bytes("data")});

    EXPECT_EQ(hash("domain", as_bytes("data")), sha256(joined));
    EXPECT_EQ(hash("domain", {as_bytes("da"), as_bytes("ta")}), sha256(joined));
    EXPECT_NE(hash("domaind", as_bytes("ata")), sha256(joined));
}

TEST(HmacTest, FollowsRfc4231) {
    EXPECT_EQ(
        hmac(Bytes(20, 0x0b), as_bytes("Hi There")).hex(),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    EXPECT_EQ(
        hmac(Bytes(131, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
            .hex(),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

// RFC 5869 appendix A.3 has no salt and no info; our info is never empty, so the block is made here
// from HMAC, which the vectors above and this first step pin.
TEST(DeriveTest, IsHkdfOfRfc5869) {
    const auto prk = hmac(Bytes(32, 0), Bytes(22, 0x0b));
    EXPECT_EQ(prk.hex(), "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
    EXPECT_EQ(
        hmac(prk.view(), Bytes{1}).hex(),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    );
    const auto info = concat({as_bytes("domain"), Bytes{0}, as_bytes("info"), Bytes{1}});

    const auto derived = derive(Bytes(22, 0x0b), "domain", as_bytes("info"));

    EXPECT_EQ(to_hex(derived.reveal()), hmac(prk.view(), info).hex());
    EXPECT_EQ(
        derive_public(Bytes(22, 0x0b), "domain", as_bytes("info")).hex(), to_hex(derived.reveal())
    );
}

// ---- Signatures ----

TEST(SignTest, MakesTheKeysOfRfc8032) {
    const auto secret =
        SigningSecret::from(hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        );
    EXPECT_EQ(
        signing_key_of(secret.value()).hex(),
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    );
    // Test 2: the message is 72; with an empty domain we would sign 0072, so the library is asked.
    const auto second = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    const auto key = signing_key_of(SigningSecret::from(second).value());
    EXPECT_EQ(key.hex(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const auto signature =
        hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    const Bytes message{0x72};
    EXPECT_EQ(
        crypto_sign_verify_detached(
            signature.data(), message.data(), message.size(), key.view().data()
        ),
        0
    );
}

TEST(SignTest, ASignatureIsForItsKeyDomainAndMessage) {
    SeededRandom random;
    const auto secret = random_secret<SigningSecret>(random);
    const auto key = signing_key_of(secret);
    const auto signature = sign(secret, "domain", as_bytes("message"));
    Bytes input = concat({as_bytes("domain"), Bytes{0}, as_bytes("message")});

    EXPECT_TRUE(verify(key, "domain", as_bytes("message"), signature));
    EXPECT_FALSE(verify(key, "other", as_bytes("message"), signature));
    EXPECT_FALSE(verify(key, "domain", as_bytes("massage"), signature));
    EXPECT_FALSE(verify(signing_key_of(SigningSecret{}), "domain", as_bytes("message"), signature));
    EXPECT_EQ(
        crypto_sign_verify_detached(
            signature.view().data(), input.data(), input.size(), key.view().data()
        ),
        0
    );
}

TEST(SignTest, RefusesAPublicKeyOfLowOrder) {
    // With the neutral element as key, R = neutral and S = 0 would fit every message.
    auto neutral = std::array<std::uint8_t, 32>{1};
    std::array<std::uint8_t, 64> signature{1};

    EXPECT_FALSE(verify(SigningKey{neutral}, "d", as_bytes("m"), Signature{signature}));
}

// ---- AES-256-GCM ----

TEST(AeadTest, FollowsTheVectorsOfTheGcmSpecification) {
    // Test cases 13, 14 and 16 of McGrew and Viega.
    EXPECT_EQ(
        to_hex(aead_seal(SymmetricKey{}, GcmNonce{}, {}, {})), "530f8afbc74536b9a963b4f1c4cb738b"
    );
    EXPECT_EQ(
        to_hex(aead_seal(SymmetricKey{}, GcmNonce{}, {}, Bytes(16))),
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    );
    const auto key =
        SymmetricKey::from(hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
    GcmNonce nonce{};
    const auto raw_nonce = hex("cafebabefacedbaddecaf888");
    std::copy(raw_nonce.begin(), raw_nonce.end(), nonce.begin());
    const auto plain =
        hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const auto associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const auto sealed = aead_seal(key.value(), nonce, associated, plain);
    EXPECT_EQ(
        to_hex(sealed),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    );
    EXPECT_EQ(aead_open(key.value(), nonce, associated, sealed).value(), plain);
}

RC_GTEST_PROP(AeadProperty, AnyChangeIsRefused, (const Bytes& plain, const Bytes& associated)) {
    SeededRandom random;
    const auto key = random_secret<SymmetricKey>(random);
    const auto sealed = aead_seal(key, GcmNonce{}, associated, plain);
    RC_ASSERT(aead_open(key, GcmNonce{}, associated, sealed).value() == plain);
    auto changed = sealed;
    const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 1);
    auto more = associated;
    more.push_back(0);

    RC_ASSERT(!aead_open(key, GcmNonce{}, associated, changed));
    RC_ASSERT(!aead_open(key, GcmNonce{}, more, sealed));
    RC_ASSERT(!aead_open(key, GcmNonce{1}, associated, sealed));
    RC_ASSERT(!aead_open(SymmetricKey{}, GcmNonce{}, associated, sealed));
}

TEST(AeadTest, RefusesLessThanATag) {
    EXPECT_EQ(outcome_of(aead_open(SymmetricKey{}, GcmNonce{}, {}, Bytes(15))), "undecryptable");
}

// ---- Boxes ----

// The two key pairs of section 6.1.
TEST(BoxKeyTest, FollowsRfc7748) {
    const auto alice =
        BoxSecret::from(hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
    const auto bob =
        BoxSecret::from(hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    EXPECT_EQ(
        box_key_of(alice.value()).hex(),
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    );
    EXPECT_EQ(
        box_key_of(bob.value()).hex(),
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    );
}

class BoxTest : public ::testing::Test {
protected:
    SeededRandom random_{"boxes"};
    BoxSecret reader_ = random_secret<BoxSecret>(random_);
    BoxKey key_ = box_key_of(reader_);
    MessageKey secret_ = random_secret<MessageKey>(random_);
    BoxContext context_{"wardline/1 reader slot", Bytes(32, 5)};
    Box box_ = seal_box(secret_.reveal(), key_, context_).value();
};

TEST_F(BoxTest, OpensForItsReader) {
    const auto opened = open_box(box_, reader_, context_);

    EXPECT_TRUE(equal_constant_time(opened.value().reveal(), secret_.reveal()));
    EXPECT_EQ(seal_box(secret_.reveal(), key_, context_).value(), box_);
}

TEST_F(BoxTest, IsLibsodiumsSealedBoxBehindTheSuite) {
    std::array<std::uint8_t, 48> plain{};

    EXPECT_EQ(box_.view()[0], 1);
    ASSERT_EQ(
        crypto_box_seal_open(
            plain.data(), box_.view().data() + 1, 96, key_.view().data(), reader_.reveal().data()
        ),
        0
    );
    const auto tag = hash(context_.domain, context_.context).hex().substr(0, 32);
    EXPECT_EQ(to_hex(BytesView{plain}.first(16)), tag);
    EXPECT_EQ(to_hex(BytesView{plain}.subspan(16)), to_hex(secret_.reveal()));
}

TEST_F(BoxTest, OpensForNobodyElseAndInNoOtherContext) {
    const auto other = random_secret<BoxSecret>(random_);
    const BoxContext other_context{context_.domain, Bytes(32, 6)};
    const BoxContext other_domain{"wardline/1 vault slot", context_.context};

    EXPECT_EQ(outcome_of(open_box(box_, other, context_)), "undecryptable");
    EXPECT_EQ(outcome_of(open_box(box_, reader_, other_context)), "undecryptable");
    EXPECT_EQ(outcome_of(open_box(box_, reader_, other_domain)), "undecryptable");
}

TEST_F(BoxTest, AnyFlippedByteIsRefused) {
    for (std::size_t i = 0; i < kBoxBytes; ++i) {
        auto bytes = box_.array();
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ 1);
        EXPECT_EQ(outcome_of(open_box(Box{bytes}, reader_, context_)), "undecryptable") << i;
    }
}

TEST_F(BoxTest, ABoxFromARandomEphemeralKeyIsRefused) {
    const auto tag = hash(context_.domain, context_.context);
    const auto plain = concat({tag.view().first(16), secret_.reveal()});
    std::array<std::uint8_t, kBoxBytes> bytes{1};
    ASSERT_EQ(crypto_box_seal(bytes.data() + 1, plain.data(), plain.size(), key_.view().data()), 0);

    EXPECT_EQ(outcome_of(open_box(Box{bytes}, reader_, context_)), "undecryptable");
}

TEST_F(BoxTest, RefusesKeysOfLowOrder) {
    for (const char* low :
         {"0000000000000000000000000000000000000000000000000000000000000000",
          "0100000000000000000000000000000000000000000000000000000000000000",
          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
        const auto key = BoxKey::from_hex(low).value();
        EXPECT_EQ(outcome_of(seal_box(secret_.reveal(), key, context_)), "bad_frame") << low;
        EXPECT_FALSE(is_usable(key)) << low;
    }
    EXPECT_TRUE(is_usable(key_));
}

// ---- Passwords and randomness ----

TEST(PasswordKeyTest, IsArgon2idOfLibsodium) {
    std::array<std::uint8_t, 16> salt{1};
    std::array<std::uint8_t, 32> expected{};
    ASSERT_EQ(
        crypto_pwhash(
            expected.data(),
            expected.size(),
            "password",
            8,
            salt.data(),
            2,
            8 * 1024 * 1024,
            crypto_pwhash_ALG_ARGON2ID13
        ),
        0
    );

    const auto key = password_key(as_bytes("password"), salt, 2, 8 * 1024);

    EXPECT_EQ(to_hex(key.reveal()), to_hex(expected));
}

TEST(RandomTest, IsNotTheSameTwice) {
    EXPECT_NE(random_fixed<Hash>(system_random()), random_fixed<Hash>(system_random()));
}

TEST(ThreadTest, EveryThreadHasContextsOfItsOwn) {
    const auto expected = sha256(as_bytes("abc"));
    std::vector<std::thread> threads;
    std::array<int, 4> right{};
    for (auto& count : right) {
        threads.emplace_back([&count, &expected] {
            for (int i = 0; i < 200; ++i) count += sha256(as_bytes("abc")) == expected ? 1 : 0;
        });
    }
    for (auto& thread : threads) thread.join();

    for (const int count : right) EXPECT_EQ(count, 200);
}

}  // namespace
}  // namespace wardline::testing
