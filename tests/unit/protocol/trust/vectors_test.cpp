#include "protocol/base/cbor.hpp"
#include "protocol/base/encoding.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/epoch.hpp"
#include "protocol/trust/fingerprint.hpp"
#include "protocol/trust/invite.hpp"
#include "protocol/trust/login.hpp"
#include "protocol/trust/patient_chain.hpp"
#include "protocol/trust/readers.hpp"
#include "protocol/trust/statement.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <set>

// tests/vectors/{cbor,statements,chains,boxes}.json, which an implementation of its own has written
// (tests/vectors/trust_vectors.py): what it makes we read, and what we make is what it made.
namespace wardline::testing {
namespace {

using namespace wardline::trust;
using Vectors = nlohmann::json;

Vectors read_vectors(const std::string& name) {
    std::ifstream file{std::string{WARDLINE_SOURCE_DIR} + "/tests/vectors/" + name + ".json"};
    EXPECT_TRUE(file) << name;
    return Vectors::parse(file);
}
std::string text_in(const Vectors& vector, const char* key) {
    return vector.at(key).get<std::string>();
}
std::uint64_t number_in(const Vectors& vector, const char* key) {
    return vector.at(key).get<std::uint64_t>();
}
Bytes bytes_in(const Vectors& vector, const char* key) {
    return from_hex(text_in(vector, key)).value();
}
template <class Fixed>
Fixed fixed_in(const Vectors& vector, const char* key) {
    return Fixed::from(bytes_in(vector, key)).value();
}
template <class Fixed>
std::vector<Fixed> list_in(const Vectors& vector, const char* key) {
    std::vector<Fixed> out;
    for (const auto& item : vector.at(key)) {
        out.push_back(Fixed::from(from_hex(item.get<std::string>()).value()).value());
    }
    return out;
}

// ---- CBOR ----

TEST(CborVectors, GoodOnesAreReadAndWrittenAgain) {
    const auto vectors = read_vectors("cbor");
    ASSERT_GE(vectors.at("good").size(), 15U);
    for (const auto& vector : vectors.at("good")) {
        const auto encoded = bytes_in(vector, "cbor");
        const auto value = cbor::decode(encoded);
        ASSERT_EQ(outcome_of(value), "ok") << vector.at("name");
        const bool sorted = vector.at("name") != "unsorted keys";
        EXPECT_EQ(cbor::encode(value.value()) == encoded, sorted) << vector.at("name");
    }
}

TEST(CborVectors, BadOnesAreRefused) {
    const auto vectors = read_vectors("cbor");
    ASSERT_GE(vectors.at("bad").size(), 30U);
    for (const auto& vector : vectors.at("bad")) {
        EXPECT_EQ(outcome_of(cbor::scan(bytes_in(vector, "cbor"))), "bad_frame")
            << vector.at("name");
    }
}

// ---- Statements ----

TEST(StatementVectors, EveryTypeIsReadAndSignedAlike) {
    const auto vectors = read_vectors("statements");
    std::set<std::size_t> types;
    for (const auto& vector : vectors.at("good")) {
        const auto parsed = Statement::parse(bytes_in(vector, "statement"));
        ASSERT_EQ(outcome_of(parsed), "ok") << vector.at("type");
        const auto& statement = parsed.value();
        EXPECT_EQ(statement.type(), text_in(vector, "type"));
        EXPECT_EQ(statement.chain().text(), text_in(vector, "chain"));
        EXPECT_EQ(statement.by(), fixed_in<SigningKey>(vector, "by"));
        EXPECT_EQ(statement.hash(), fixed_in<Hash>(vector, "hash"));
        EXPECT_EQ(statement.body(), bytes_in(vector, "body"));
        EXPECT_TRUE(statement.verify_signature());

        const auto secret = SigningSecret::from(bytes_in(vector, "secret")).value();
        const auto again = sign_statement(secret, statement.fields()).value();
        EXPECT_EQ(again.encode(), bytes_in(vector, "statement")) << vector.at("type");
        types.insert(statement.data().index());
    }
    EXPECT_EQ(types.size(), std::variant_size_v<StatementData>);
}

TEST(StatementVectors, MalformedOnesAreRefused) {
    const auto vectors = read_vectors("statements");
    ASSERT_GE(vectors.at("bad").size(), 15U);
    for (const auto& vector : vectors.at("bad")) {
        const auto parsed = Statement::from_parts(bytes_in(vector, "body"), Signature{});
        EXPECT_EQ(outcome_of(parsed), "bad_statement") << vector.at("name");
    }
}

// ---- Chains ----

class ChainVectors : public ::testing::Test {
protected:
    Result<void> apply(const Vectors& entry) {
        WARDLINE_TRY(auto statement, Statement::parse(bytes_in(entry, "statement")));
        const LocatedStatement located{
            number_in(entry, "seq"), Instant{number_in(entry, "time")}, std::move(statement)
        };
        const auto name = ChainName::parse(text_in(entry, "chain")).value();
        if (name.is_clinic()) return clinic_.apply(located);
        const auto& patient = *name.patient();
        return patients_.try_emplace(patient, patient).first->second.apply(located, clinic_);
    }
    void check_readers(const Vectors& readers, const std::string& name) {
        const auto patient = PatientId::parse(text_in(readers, "patient")).value();
        const auto slots = expected_slots(clinic_, patients_.at(patient), Audience::all);
        ASSERT_EQ(slots.size(), readers.at("all").size()) << name;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const auto& expected = readers.at("all").at(i);
            EXPECT_EQ(slots[i].to, text_in(expected, "to")) << name;
            ASSERT_EQ(slots[i].epoch.has_value(), expected.contains("epoch")) << name;
            if (slots[i].epoch) {
                EXPECT_EQ(slots[i].epoch->hex(), text_in(expected, "epoch")) << name;
            }
        }
    }
    void check_audit(const Vectors& audit, const std::string& name) {
        EXPECT_EQ(clinic_.audit_retention_days(), number_in(audit, "days")) << name;
        auto erased = Vectors::array();
        for (const auto* decision : clinic_.audit_erasures()) {
            const auto& what = std::get<AuditErase>(decision->what);
            erased.push_back({what.from, what.to});
        }
        EXPECT_EQ(erased, audit.at("erased")) << name;
    }
    void start(const Vectors& vectors) {
        clinic_ = ClinicChain{fixed_in<ClinicId>(vectors, "clinic")};
        patients_.clear();
        for (const auto& entry : vectors.at("base")) {
            const auto applied = apply(entry);
            ASSERT_EQ(outcome_of(applied), "ok")
                << entry.at("seq") << ": " << applied.error().detail;
        }
    }

    ClinicChain clinic_;
    std::map<PatientId, PatientChain> patients_;
};

TEST_F(ChainVectors, EveryEntryIsAcceptedButTheLastOfABadChain) {
    const auto vectors = read_vectors("chains");
    ASSERT_GE(vectors.at("cases").size(), 25U);
    for (const auto& vector : vectors.at("cases")) {
        const auto name = text_in(vector, "name");
        start(vectors);
        const auto& entries = vector.at("entries");
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const bool last = i + 1 == entries.size();
            EXPECT_EQ(outcome_of(apply(entries[i])), last ? text_in(vector, "last") : "ok") << name;
        }
        if (vector.contains("readers")) check_readers(vector.at("readers"), name);
        if (vector.contains("audit")) check_audit(vector.at("audit"), name);
    }
}

// ---- Boxes and the rest ----

TEST(BoxVectors, BoxesAreMadeAndOpenedAlike) {
    const auto vectors = read_vectors("boxes");
    for (const auto& vector : vectors.at("boxes")) {
        const auto domain = text_in(vector, "domain");
        const crypto::BoxContext context{domain, bytes_in(vector, "context")};
        const auto key = fixed_in<BoxKey>(vector, "reader_key");
        const auto reader = BoxSecret::from(bytes_in(vector, "reader_secret")).value();
        const auto secret = bytes_in(vector, "secret");
        const auto box = fixed_in<crypto::Box>(vector, "box");

        EXPECT_EQ(crypto::box_key_of(reader), key);
        EXPECT_EQ(crypto::seal_box(secret, key, context).value(), box);
        EXPECT_EQ(to_hex(crypto::open_box(box, reader, context).value().reveal()), to_hex(secret));
    }
}

TEST(BoxVectors, EpochsAreMadeVerifiedAndOpenedAlike) {
    const auto vectors = read_vectors("boxes");
    for (const auto& vector : vectors.at("epochs")) {
        const auto secret = BoxSecret::from(bytes_in(vector, "secret")).value();
        const EpochName name{
            text_in(vector, "reader"), number_in(vector, "number"), fixed_in<BoxKey>(vector, "key")
        };
        const auto devices = list_in<BoxKey>(vector, "device_keys");
        const auto vault = fixed_in<BoxKey>(vector, "vault_key");
        const bool has_previous = !vector.at("previous_secret").is_null();
        BoxSecret previous;
        if (has_previous) previous = BoxSecret::from(bytes_in(vector, "previous_secret")).value();
        const auto previous_key = crypto::box_key_of(previous);
        const EpochReaders readers{devices, vault, has_previous ? &previous : nullptr};

        const auto made = make_epoch_boxes(secret, name, readers).value();

        EXPECT_EQ(made.boxes, list_in<crypto::Box>(vector, "boxes"));
        EXPECT_EQ(made.previous, has_previous);
        EXPECT_EQ(hash_of_boxes(made.boxes), fixed_in<Hash>(vector, "hash"));
        EXPECT_EQ(
            outcome_of(verify_epoch_boxes(
                made, secret, name, devices, vault, has_previous ? &previous_key : nullptr
            )),
            "ok"
        );
        const auto secrets = list_in<Hash>(vector, "device_secrets");
        for (std::size_t i = 0; i < devices.size(); ++i) {
            const auto device = BoxSecret::from(secrets[i].view()).value();
            EXPECT_TRUE(open_epoch_box(made.boxes[i], device, name).value().equals(secret));
        }
    }
}

TEST(BoxVectors, InvitesAreReadAndWrittenAlike) {
    const auto vectors = read_vectors("boxes");
    for (const auto& vector : vectors.at("invites")) {
        const auto invite = parse_invite_uri(text_in(vector, "uri")).value();

        EXPECT_EQ(invite.server, text_in(vector, "server"));
        EXPECT_EQ(to_hex(invite.secret.reveal()), text_in(vector, "secret"));
        EXPECT_EQ(invite.handle, fixed_in<InviteHandle>(vector, "handle"));
        EXPECT_EQ(invite.pin.has_value(), !vector.at("pin").is_null());
        EXPECT_EQ(invite_key(invite.secret), fixed_in<SigningKey>(vector, "key"));
        EXPECT_EQ(make_invite_uri(invite).value(), text_in(vector, "uri"));
    }
}

TEST(BoxVectors, FingerprintsAndProofsOfPossessionAgree) {
    const auto vectors = read_vectors("boxes").at("fingerprints");
    const auto& device = vectors.at("device");
    const DeviceKeys keys{
        fixed_in<SigningKey>(device, "signing"),
        fixed_in<IdentityKey>(device, "identity"),
        fixed_in<BoxKey>(device, "box")
    };
    const auto clinic = fixed_in<ClinicId>(device, "clinic");
    const auto by = fixed_in<SigningKey>(device, "by");
    const auto secret = SigningSecret::from(bytes_in(device, "secret")).value();

    EXPECT_EQ(device_id_of(keys.signing), fixed_in<DeviceId>(device, "id"));
    EXPECT_EQ(device_fingerprint(keys), text_in(device, "fingerprint"));
    const auto pop = prove_possession(secret, clinic, by, keys.identity, keys.box);
    EXPECT_EQ(pop, fixed_in<Signature>(device, "pop"));
    EXPECT_TRUE(verify_possession(keys, clinic, by, pop));
    const auto& of_clinic = vectors.at("clinic");
    EXPECT_EQ(
        clinic_fingerprint(clinic, fixed_in<Hash>(of_clinic, "genesis")),
        text_in(of_clinic, "fingerprint")
    );
}

TEST(BoxVectors, LoginsAndEnrolmentsAreSignedAlike) {
    const auto vectors = read_vectors("boxes").at("logins");
    const auto& login = vectors.at("login");
    const LoginChallenge challenge{
        fixed_in<ClinicId>(login, "clinic"),
        fixed_in<DeviceId>(login, "device"),
        fixed_in<LoginNonce>(login, "nonce"),
        fixed_in<TlsBinding>(login, "binding"),
        number_in(login, "generation")
    };
    const auto& begin = vectors.at("enrol_begin");

    EXPECT_EQ(
        sign_login(SigningSecret::from(bytes_in(login, "secret")).value(), challenge),
        fixed_in<Signature>(login, "sig")
    );
    EXPECT_EQ(
        sign_enrol_begin(
            SigningSecret::from(bytes_in(begin, "secret")).value(),
            fixed_in<InviteHandle>(begin, "invite"),
            Instant{number_in(begin, "time")}
        ),
        fixed_in<Signature>(begin, "sig")
    );
}

}  // namespace
}  // namespace wardline::testing
