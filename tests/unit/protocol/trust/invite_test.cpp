#include "protocol/trust/invite.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"
#include "tests/support/results.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;

InviteUri an_invite() {
    SeededRandom random{"invites"};
    return {
        "clinic.example:8443",
        crypto::random_secret<InviteSecret>(random),
        crypto::random_fixed<InviteHandle>(random),
        crypto::random_fixed<Hash>(random)
    };
}

std::string uri_of(const cbor::Json& map) {
    return "wardline:" + to_base64url(cbor::encode(map));
}

cbor::Json a_map() {
    return {
        {"s", "clinic.example:8443"},
        {"k", cbor::binary(Bytes(16, 1))},
        {"h", cbor::binary(Bytes(16, 2))},
        {"p", cbor::binary(Bytes(32, 3))}
    };
}

TEST(InviteUriTest, CarriesServerSecretHandleAndPin) {
    const auto invite = an_invite();

    const auto uri = make_invite_uri(invite).value();
    const auto again = parse_invite_uri(uri).value();

    EXPECT_TRUE(uri.starts_with("wardline:"));
    EXPECT_LT(uri.size(), 180U);
    EXPECT_EQ(again.server, invite.server);
    EXPECT_TRUE(again.secret.equals(invite.secret));
    EXPECT_EQ(again.handle, invite.handle);
    EXPECT_EQ(again.pin, invite.pin);
}

TEST(InviteUriTest, ThePinIsAbsentWhereTheCertificateIsPublic) {
    auto invite = an_invite();
    invite.pin.reset();

    EXPECT_EQ(parse_invite_uri(make_invite_uri(invite).value()).value().pin, std::nullopt);
}

TEST(InviteUriTest, RefusesWhatIsNoInvite) {
    const auto good = uri_of(a_map());
    EXPECT_EQ(outcome_of(parse_invite_uri(good)), "ok");
    for (const auto& uri :
         {std::string{},
          std::string{"wardline:"},
          std::string{"https://clinic.example"},
          good.substr(0, good.size() - 1),
          good + "=",
          good + " ",
          " " + good,
          "WARDLINE:" + good.substr(9),
          "wardline:" + std::string(1'000, 'A')}) {
        EXPECT_EQ(outcome_of(parse_invite_uri(uri)), "usage") << uri;
    }
}

TEST(InviteUriTest, RefusesAMapWithOtherKeysOrSizes) {
    const auto with = [](const char* key, const cbor::Json& value) {
        auto map = a_map();
        map[key] = value;
        return outcome_of(parse_invite_uri(uri_of(map)));
    };
    EXPECT_EQ(with("more", 1), "usage");
    EXPECT_EQ(with("k", cbor::binary(Bytes(15))), "usage");
    EXPECT_EQ(with("k", cbor::binary(Bytes(17))), "usage");
    EXPECT_EQ(with("h", cbor::binary(Bytes(32))), "usage");
    EXPECT_EQ(with("p", cbor::binary(Bytes(16))), "usage");
    EXPECT_EQ(with("p", nullptr), "usage");
    EXPECT_EQ(with("s", "clinic.example"), "usage");
    EXPECT_EQ(with("s", 1), "usage");
    auto no_server = a_map();
    no_server.erase("s");
    EXPECT_EQ(outcome_of(parse_invite_uri(uri_of(no_server))), "usage");
}

TEST(InviteUriTest, AnAddressIsHostAndPort) {
    for (const char* good :
         {"localhost:1", "clinic.example:8443", "127.0.0.1:65535", "[::1]:8443", "[fe80::1]:443"}) {
        EXPECT_TRUE(is_host_and_port(good)) << good;
    }
    for (const char* bad :
         {"",
          ":",
          "localhost",
          "localhost:",
          ":8443",
          "localhost:0",
          "localhost:65536",
          "localhost:08443",
          "localhost:84x3",
          "local host:8443",
          "::1:8443",
          "[::1:8443",
          "[]:8443",
          "[::g]:8443",
          "a/b:8443",
          "user@host:8443",
          "localhost:+1",
          "h\n:1"}) {
        EXPECT_FALSE(is_host_and_port(bad)) << bad;
    }
    EXPECT_FALSE(is_host_and_port(std::string(255, 'a') + ":8443"));
    auto invite = an_invite();
    invite.server = "nowhere";
    EXPECT_EQ(outcome_of(make_invite_uri(invite)), "usage");
}

TEST(InviteKeyTest, ComesFromTheSecretAlone) {
    const auto secret = InviteSecret::from(Bytes(16, 1)).value();
    const auto seed = crypto::derive(Bytes(16, 1), "wardline/1 invite key", {});

    EXPECT_TRUE(equal_constant_time(invite_signing_secret(secret).reveal(), seed.reveal()));
    EXPECT_EQ(invite_key(secret), crypto::signing_key_of(invite_signing_secret(secret)));
}

TEST(InviteKeyTest, TheHandleIsTheFirstHalfOfTheStatementsHash) {
    const auto hash = crypto::sha256(as_bytes("a statement"));

    EXPECT_EQ(invite_handle(hash).hex(), hash.hex().substr(0, 32));
}

RC_GTEST_PROP(InviteUriProperty, NoTextMakesTheParserFailOtherwiseThanByRefusing, ()) {
    const auto text = *rc::gen::string<std::string>();

    RC_ASSERT(!parse_invite_uri("wardline:" + text));
}

}  // namespace
}  // namespace wardline::testing
