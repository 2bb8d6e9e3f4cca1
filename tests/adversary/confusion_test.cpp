#include "audit/tree_head.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/trust/login.hpp"
#include "tests/support/chain_fixture.hpp"
#include "tests/unit/protocol/message/fixture.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

// Every kind of signed, hashed or sealed object in the place of every other. The domains are those
// of docs/protocol.md, read from there, so that a new one is tested from its first day.
namespace wardline::adversary {
namespace {

using cbor::Json;
using message::testing::a_header;
using message::testing::filled;
using wardline::testing::AClinic;

std::vector<std::string> domains_of_the_protocol() {
    std::ifstream file{WARDLINE_SOURCE_DIR "/docs/protocol.md"};
    std::vector<std::string> out;
    bool within = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("**Domains**")) within = true;
        if (within && line.starts_with("**Deterministic box**")) break;
        if (!within || !line.starts_with("| `wardline/1 ")) continue;
        const auto cell = line.substr(0, line.find('|', 1));
        for (auto at = cell.find('`'); at != std::string::npos;) {
            const auto end = cell.find('`', at + 1);
            out.push_back(cell.substr(at + 1, end - at - 1));
            at = cell.find('`', end + 1);
        }
    }
    return out;
}

class Confusion : public ::testing::Test {
protected:
    AClinic clinic{"confusion"};
    wardline::testing::TestDevice device{clinic.a_staff_device("anna")};
    SigningKey key{crypto::signing_key_of(device.signing)};
    std::vector<std::string> domains{domains_of_the_protocol()};
};

// Whether something is taken that was made under that domain and is right in everything else.
using Taker = std::function<bool(const std::string& domain)>;
using Takers = std::vector<std::pair<std::string, Taker>>;

void expect_each_takes_its_own(const Takers& takers, const std::vector<std::string>& domains) {
    for (const auto& [own, takes] : takers) {
        ASSERT_TRUE(std::find(domains.begin(), domains.end(), own) != domains.end()) << own;
        for (const auto& domain : domains)
            EXPECT_EQ(takes(domain), domain == own) << domain << " where " << own << " is expected";
    }
}

TEST_F(Confusion, TheListOfDomainsIsRead) {
    EXPECT_EQ(domains.size(), 21U);
    EXPECT_EQ(std::set<std::string>(domains.begin(), domains.end()).size(), domains.size());
}

TEST_F(Confusion, ASignatureOfOneKindIsNoneOfAnother) {
    const auto& secret = device.signing;
    const auto body = clinic.next(secret, trust::Revoke{device.id}).statement.body();
    const auto& keys = device.keys;
    const auto handle = filled<InviteHandle>(7);
    const trust::LoginChallenge login{
        clinic.id, device.id, filled<trust::LoginNonce>(1), filled<trust::TlsBinding>(2), 3
    };
    const audit::TreeHead head{.clinic = clinic.id, .size = 9, .root = {}, .time = clinic.now};
    auto counting = message::testing::CountingRandom{1};
    const auto composed =
        message::compose(a_header(), message::Text{"hello"}, {}, secret, counting).value();
    const auto hashes = message::hashes_of(composed.message);
    const auto u64 = [](std::uint64_t number) {
        Bytes out;
        append_u64(out, number);
        return out;
    };
    const Takers takers{
        {"wardline/1 statement",
         [&](const std::string& domain) {
             const auto made =
                 trust::Statement::from_parts(body, crypto::sign(secret, domain, body));
             return made.value().verify_signature();
         }},
        {"wardline/1 possession",
         [&](const std::string& domain) {
             const auto signed_part =
                 concat({clinic.id.view(), key.view(), keys.identity.view(), keys.box.view()});
             const auto pop = crypto::sign(secret, domain, signed_part);
             return trust::verify_possession(keys, clinic.id, key, pop);
         }},
        {"wardline/1 enrol begin",
         [&](const std::string& domain) {
             const auto sig =
                 crypto::sign(secret, domain, concat({handle.view(), u64(clinic.now.ms)}));
             return trust::verify_enrol_begin(key, handle, clinic.now, sig);
         }},
        {"wardline/1 login",
         [&](const std::string& domain) {
             const auto signed_part = concat(
                 {login.clinic.view(),
                  login.device.view(),
                  login.nonce.view(),
                  login.binding.view(),
                  u64(login.generation)}
             );
             return trust::verify_login(key, login, crypto::sign(secret, domain, signed_part));
         }},
        {"wardline/1 message",
         [&](const std::string& domain) {
             auto message = composed.message;
             const auto part =
                 concat({hashes.header.view(), hashes.ciphertext.view(), hashes.slots.view()});
             message.signature = crypto::sign(secret, domain, part);
             return message::authenticate(message, key).has_value();
         }},
        {"wardline/1 tree head",
         [&](const std::string& domain) {
             const auto encoded = audit::encode(head);
             const audit::SignedHead made{encoded, crypto::sign(secret, domain, encoded)};
             return audit::verify_head(made, key, clinic.id).has_value();
         }},
    };
    expect_each_takes_its_own(takers, domains);
}

TEST_F(Confusion, ASealedBoxOfOneKindIsNoneOfAnother) {
    const auto reader = crypto::random_secret<BoxSecret>(clinic.random);
    const auto reader_key = crypto::box_key_of(reader);
    const auto content = crypto::random_secret<BoxSecret>(clinic.random);
    const auto before = crypto::box_key_of(content);
    const auto header_hash = filled<Hash>(5);
    const Bytes hash_bytes = header_hash.bytes();
    const trust::EpochName epoch{.reader = "team:practice", .number = 2, .key = before};
    // The epoch whose previous key is sealed: the box is for its public key.
    const trust::EpochName next{.reader = "team:practice", .number = 3, .key = reader_key};
    const auto context_of = [](const trust::EpochName& name) {
        Bytes out = concat({as_bytes(name.reader), Bytes{0}});
        append_u64(out, name.number);
        return concat({out, name.key.view()});
    };
    const auto sealed = [&](const std::string& domain, const Bytes& context) {
        return crypto::seal_box(content.reveal(), reader_key, {domain, context}).value();
    };
    const auto opens_as_slot = [&](const std::string& to, const std::string& domain) {
        const message::Slot slot{.to = to, .epoch = {}, .box = sealed(domain, hash_bytes)};
        return message::open_slot(slot, header_hash, reader).has_value();
    };
    const Takers takers{
        {"wardline/1 reader slot",
         [&](const std::string& domain) { return opens_as_slot("patient", domain); }},
        {"wardline/1 vault slot",
         [&](const std::string& domain) { return opens_as_slot("vault", domain); }},
        {"wardline/1 epoch box",
         [&](const std::string& domain) {
             return trust::open_epoch_box(sealed(domain, context_of(epoch)), reader, epoch)
                 .has_value();
         }},
        {"wardline/1 previous epoch box",
         [&](const std::string& domain) {
             const auto box = sealed(domain, context_of(next));
             const trust::EpochBoxes boxes{{box}, true};
             return trust::open_previous_box(boxes, reader, next, before).has_value();
         }},
    };
    expect_each_takes_its_own(takers, domains);
}

TEST_F(Confusion, AHashOrKeyOfOneKindIsNoneOfAnother) {
    const auto secret = crypto::random_secret<MessageKey>(clinic.random);
    const auto header_hash = filled<Hash>(5);
    const auto header = message::encode(a_header());
    const auto body = clinic.next(device.signing, trust::Revoke{device.id}).statement.body();
    const auto statement =
        trust::Statement::from_parts(body, crypto::sign(device.signing, "any", body)).value();
    const auto invite = crypto::random_secret<InviteSecret>(clinic.random);
    const std::vector<crypto::Box> boxes{
        crypto::seal_box(secret.reveal(), crypto::box_key_of(device.box), {"any", {}}).value()
    };
    const message::Message sealed{header, Bytes(80, 1), Bytes(8, 2), {}};
    auto counting = message::testing::CountingRandom{1};
    const auto composed =
        message::compose(a_header(), message::Text{"hello"}, {}, device.signing, counting).value();
    const auto hashes = message::hashes_of(sealed);
    const auto parts =
        concat({hashes.header.view(), hashes.ciphertext.view(), hashes.slots.view()});
    const Takers takers{
        {"wardline/1 device id",
         [&](const std::string& domain) {
             const auto hash = crypto::hash(domain, key.view());
             return DeviceId::from(hash.view().first(16)).value() == trust::device_id_of(key);
         }},
        {"wardline/1 statement",
         [&](const std::string& domain) { return crypto::hash(domain, body) == statement.hash(); }},
        {"wardline/1 header",
         [&](const std::string& domain) {
             return crypto::hash(domain, header) == message::header_hash(header);
         }},
        {"wardline/1 ciphertext",
         [&](const std::string& domain) {
             return crypto::hash(domain, sealed.ciphertext) == hashes.ciphertext;
         }},
        {"wardline/1 slots",
         [&](const std::string& domain) {
             return crypto::hash(domain, sealed.slots) == hashes.slots;
         }},
        {"wardline/1 message",
         [&](const std::string& domain) {
             return crypto::hash(domain, parts) == message::message_hash(sealed);
         }},
        {"wardline/1 epoch boxes",
         [&](const std::string& domain) {
             return crypto::hash(domain, boxes[0].view()) == trust::hash_of_boxes(boxes);
         }},
        {"wardline/1 commitment",
         [&](const std::string& domain) {
             const auto made = crypto::derive_public(secret.reveal(), domain, {});
             return made == message::commitment_of(secret);
         }},
        {"wardline/1 message key",
         [&](const std::string& domain) {
             const auto made = crypto::derive(composed.key.reveal(), domain, {});
             const auto& [head, ciphertext, unused, signature] = composed.message;
             return crypto::aead_open(made, crypto::GcmNonce{}, head, ciphertext).has_value();
         }},
        {"wardline/1 invite key",
         [&](const std::string& domain) {
             const auto seed = crypto::derive(invite.reveal(), domain, {});
             const auto made = SigningSecret::from(seed.reveal()).value();
             return crypto::signing_key_of(made) == trust::invite_key(invite);
         }},
        {"wardline/1 live slot",
         [&](const std::string& domain) {
             const auto binding = crypto::hash(domain, header_hash.view());
             const auto plaintext = concat({binding.view().first(18), secret.reveal()});
             return message::open_live_plaintext(plaintext, header_hash).has_value();
         }},
    };
    expect_each_takes_its_own(takers, domains);
}

// Encoded objects, each well formed, read as each other.
TEST_F(Confusion, BytesOfOneKindParseAsNoOther) {
    const auto statement = clinic.next(device.signing, trust::Revoke{device.id}).statement;
    const audit::TreeHead head{.clinic = clinic.id, .size = 9, .root = {}, .time = clinic.now};
    const auto signed_head = audit::sign_head(head, device.signing);
    auto counting = message::testing::CountingRandom{1};
    const std::vector<trust::ExpectedSlot> readers{
        {"patient", filled<Hash>(3), crypto::box_key_of(device.box)},
        {"vault", std::nullopt, crypto::box_key_of(clinic.vault)}
    };
    const auto composed =
        message::compose(a_header(), message::Text{"hello"}, readers, device.signing, counting)
            .value();
    const auto slots = message::parse_slots(composed.message.slots).value();
    const std::vector<message::AddedSlot> added{{4, slots[0]}};
    const std::vector<message::LiveSlot> live{{device.id, message::LiveKind::message, Bytes(60, 1)}
    };
    struct Kind {
        std::string name;
        Bytes bytes;
        std::function<bool(BytesView)> parses;
    };
    const auto as_json = [](auto parse) {
        return [parse](BytesView bytes) {
            const auto map = cbor::decode(bytes);
            return map && parse(map.value()).has_value();
        };
    };
    const std::vector<Kind> kinds{
        {"statement",
         statement.encode(),
         [](BytesView bytes) { return trust::Statement::parse(bytes).has_value(); }},
        {"statement's body",
         statement.body(),
         [](BytesView bytes) {
             return trust::Statement::from_parts({bytes.begin(), bytes.end()}, {}).has_value();
         }},
        {"tree head's body",
         signed_head.body,
         [](BytesView bytes) { return audit::parse_head(bytes).has_value(); }},
        {"message",
         message::encode(composed.message),
         [](BytesView bytes) { return message::decode_message(bytes).has_value(); }},
        {"header",
         composed.message.header,
         [](BytesView bytes) { return message::parse_header(bytes).has_value(); }},
        {"slots",
         composed.message.slots,
         [](BytesView bytes) { return message::parse_slots(bytes).has_value(); }},
        {"added slots",
         message::encode_added_slots(added),
         [](BytesView bytes) { return message::decode_added_slots(bytes).has_value(); }},
        {"live slots", cbor::encode(message::to_json(live)), as_json([](const Json& list) {
             return message::parse_live_slots(list);
         })},
        {"boxes of an epoch",
         cbor::encode(trust::boxes_to_json(std::vector{slots[0].box})),
         as_json([](const Json& list) { return trust::parse_boxes(list, 8); })},
        {"content",
         message::encode(message::Content{message::Text{"hello"}}).value(),
         [](BytesView bytes) {
             // What a newer version would say is shown as that, and is nothing else.
             const auto content = message::parse_content(bytes);
             return content && !std::holds_alternative<message::UnknownContent>(content.value());
         }},
    };
    for (const auto& object : kinds) {
        for (const auto& expected : kinds) {
            EXPECT_EQ(expected.parses(object.bytes), object.name == expected.name)
                << object.name << " where " << expected.name << " is expected";
        }
    }
    // A tree head has the outer form of a statement, and is none.
    const Json outer{
        {"body", cbor::binary(signed_head.body)}, {"sig", cbor::binary(signed_head.sig.view())}
    };
    EXPECT_FALSE(trust::Statement::from_json(outer));
}

}  // namespace
}  // namespace wardline::adversary
