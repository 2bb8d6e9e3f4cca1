#include "protocol/signal/keys.hpp"

#include "protocol/signal/crypto_provider.hpp"
#include "protocol/signal/handles.hpp"

#include <curve.h>
#include <key_helper.h>
#include <ratchet.h>
#include <session_pre_key.h>
#include <sodium.h>

namespace wardline::signal {

namespace {

using PrekeyList =
    Handle<signal_protocol_key_helper_pre_key_list_node, signal_protocol_key_helper_key_list_free>;

constexpr std::uint8_t kCurve25519 = 0x05;

Error library_failed(const char* what) {
    return Error{Code::internal, std::string{"libsignal-protocol-c could not "} + what};
}

// `point` is borrowed from its owner.
template <class Key>
Result<Key> public_bytes(const ec_public_key* point) {
    signal_buffer* raw = nullptr;
    if (ec_public_key_serialize(&raw, point) < 0) return library_failed("write a public key");
    const SecretBuffer buffer{raw};
    return Key::from(view_of(raw));
}

Result<SignalRef<ec_public_key>> point_of(BytesView key) {
    SignalRef<ec_public_key> point;
    // The context serves only to log, which we do not want.
    if (curve_decode_point(point.out(), key.data(), key.size(), nullptr) < 0) {
        return Error{Code::bad_frame, "a Signal key is not 05 and 32 bytes"};
    }
    return point;
}

Result<PrekeyPublic> parse_key(cbor::MapReader& reader) {
    WARDLINE_TRY(const auto key, reader.fixed<PrekeyPublic>("key"));
    if (key.array().front() != kCurve25519) {
        return Error{Code::bad_frame, "a prekey does not begin with 05"};
    }
    return key;
}

Result<std::uint32_t> parse_id(cbor::MapReader& reader) {
    WARDLINE_TRY(const auto id, reader.uint("id", kPrekeyIdMax));
    if (id < kPrekeyIdMin) return Error{Code::bad_frame, "a prekey's id is 0"};
    return static_cast<std::uint32_t>(id);
}

Result<OwnOneTimePrekey> own_prekey(const session_pre_key* prekey) {
    OwnOneTimePrekey own;
    own.key.id = session_pre_key_get_id(prekey);
    const auto* const point = ec_key_pair_get_public(session_pre_key_get_key_pair(prekey));
    WARDLINE_TRY(own.key.key, public_bytes<PrekeyPublic>(point));
    signal_buffer* raw = nullptr;
    if (session_pre_key_serialize(&raw, prekey) < 0) return library_failed("write a prekey");
    const SecretBuffer buffer{raw};
    own.record = SecretBytes{view_of(raw)};
    return own;
}

}  // namespace

Result<SignalIdentity> generate_identity() {
    WARDLINE_TRY(const auto context, Context::create());
    SignalIdentity identity;
    SignalRef<ratchet_identity_key_pair> pair;
    if (signal_protocol_key_helper_generate_identity_key_pair(pair.out(), context.get()) < 0 ||
        signal_protocol_key_helper_generate_registration_id(
            &identity.registration, 0, context.get()
        ) < 0) {
        return library_failed("make an identity");
    }
    WARDLINE_TRY(
        identity.public_key,
        public_bytes<IdentityKey>(ratchet_identity_key_pair_get_public(pair.get()))
    );
    signal_buffer* raw = nullptr;
    if (ec_private_key_serialize(&raw, ratchet_identity_key_pair_get_private(pair.get())) < 0) {
        return library_failed("write a private key");
    }
    const SecretBuffer buffer{raw};
    WARDLINE_TRY(identity.secret, IdentitySecret::from(view_of(raw)));
    return identity;
}

Result<std::vector<OwnOneTimePrekey>> generate_prekeys(
    std::uint32_t first_id, std::uint32_t count
) {
    if (first_id < kPrekeyIdMin || count > kOneTimePrekeysMax || first_id > kPrekeyIdMax ||
        kPrekeyIdMax - first_id + 1 < count) {
        return Error{Code::usage, "prekeys have ids from 1 to 16777213 and are made 100 at a time"};
    }
    std::vector<OwnOneTimePrekey> prekeys;
    if (count == 0) return prekeys;
    WARDLINE_TRY(const auto context, Context::create());
    signal_protocol_key_helper_pre_key_list_node* raw = nullptr;
    if (signal_protocol_key_helper_generate_pre_keys(&raw, first_id, count, context.get()) < 0) {
        return library_failed("make prekeys");
    }
    const PrekeyList list{raw};
    prekeys.reserve(count);
    for (const auto* node = list.get(); node;
         node = signal_protocol_key_helper_key_list_next(node)) {
        WARDLINE_TRY(auto own, own_prekey(signal_protocol_key_helper_key_list_element(node)));
        prekeys.push_back(std::move(own));
    }
    return prekeys;
}

Result<OwnSignedPrekey> generate_signed_prekey(
    const SignalIdentity& identity, std::uint32_t id, Instant now
) {
    if (id < kPrekeyIdMin || id > kPrekeyIdMax) {
        return Error{Code::usage, "a signed prekey has an id from 1 to 16777213"};
    }
    WARDLINE_TRY(const auto context, Context::create());
    WARDLINE_TRY(const auto point, point_of(identity.public_key.view()));
    SignalRef<ec_private_key> secret;
    SignalRef<ratchet_identity_key_pair> pair;
    SignalRef<session_signed_pre_key> prekey;
    const auto raw_secret = identity.secret.reveal();
    if (curve_decode_private_point(
            secret.out(), raw_secret.data(), raw_secret.size(), context.get()
        ) < 0 ||
        ratchet_identity_key_pair_create(pair.out(), point.get(), secret.get()) < 0 ||
        signal_protocol_key_helper_generate_signed_pre_key(
            prekey.out(), pair.get(), id, now.ms, context.get()
        ) < 0) {
        return library_failed("make a signed prekey");
    }
    OwnSignedPrekey own;
    own.key.id = id;
    const auto* const key =
        ec_key_pair_get_public(session_signed_pre_key_get_key_pair(prekey.get()));
    WARDLINE_TRY(own.key.key, public_bytes<PrekeyPublic>(key));
    const BytesView signature{
        session_signed_pre_key_get_signature(prekey.get()),
        session_signed_pre_key_get_signature_len(prekey.get())
    };
    WARDLINE_TRY(own.key.signature, PrekeySignature::from(signature));
    signal_buffer* raw = nullptr;
    if (session_signed_pre_key_serialize(&raw, prekey.get()) < 0) {
        return library_failed("write a signed prekey");
    }
    const SecretBuffer buffer{raw};
    own.record = SecretBytes{view_of(raw)};
    return own;
}

cbor::Json to_json(const OneTimePrekey& key) {
    return {{"id", key.id}, {"key", cbor::binary(key.key.view())}};
}

cbor::Json to_json(const SignedPrekey& key) {
    return {
        {"id", key.id},
        {"key", cbor::binary(key.key.view())},
        {"sig", cbor::binary(key.signature.view())}
    };
}

Result<OneTimePrekey> parse_one_time_prekey(const cbor::Json& map) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    OneTimePrekey prekey;
    WARDLINE_TRY(prekey.id, parse_id(reader));
    WARDLINE_TRY(prekey.key, parse_key(reader));
    return prekey;
}

Result<SignedPrekey> parse_signed_prekey(const cbor::Json& map) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    SignedPrekey prekey;
    WARDLINE_TRY(prekey.id, parse_id(reader));
    WARDLINE_TRY(prekey.key, parse_key(reader));
    WARDLINE_TRY(prekey.signature, reader.fixed<PrekeySignature>("sig"));
    return prekey;
}

cbor::Json to_json(const DeviceBundle& bundle) {
    const auto& one_time = bundle.bundle.one_time;
    return {
        {"device", cbor::binary(bundle.device.view())},
        {"registration", bundle.bundle.registration},
        {"signed", to_json(bundle.bundle.signed_prekey)},
        {"one_time", one_time ? to_json(*one_time) : cbor::Json(nullptr)}
    };
}

Result<DeviceBundle> parse_bundle(const cbor::Json& map) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    DeviceBundle out;
    WARDLINE_TRY(out.device, reader.fixed<DeviceId>("device"));
    WARDLINE_TRY(const auto registration, reader.uint("registration", kRegistrationMax));
    if (registration == 0) return Error{Code::bad_frame, "a registration id is 0"};
    out.bundle.registration = static_cast<std::uint32_t>(registration);
    WARDLINE_TRY(const auto* signed_prekey, reader.map("signed"));
    WARDLINE_TRY(out.bundle.signed_prekey, parse_signed_prekey(*signed_prekey));
    const auto one_time = map.find("one_time");
    if (one_time != map.end() && !one_time->is_null()) {
        WARDLINE_TRY(out.bundle.one_time, parse_one_time_prekey(*one_time));
    }
    return out;
}

bool is_sound_key(BytesView key) noexcept {
    if (key.size() != PrekeyPublic::kSize || key.front() != kCurve25519) return false;
    // Every clamped scalar is a multiple of 8, so it takes a point of low order, and no other, to
    // zero.
    std::array<std::uint8_t, crypto_scalarmult_BYTES> product{};
    const std::array<std::uint8_t, crypto_scalarmult_SCALARBYTES> scalar{};
    return crypto_scalarmult(product.data(), scalar.data(), key.data() + 1) == 0;
}

bool is_signed_by(const SignedPrekey& key, const IdentityKey& identity) {
    const auto point = point_of(identity.view());
    if (!point) return false;
    return curve_verify_signature(
               point.value().get(),
               key.key.array().data(),
               PrekeyPublic::kSize,
               key.signature.array().data(),
               PrekeySignature::kSize
           ) == 1;
}

}  // namespace wardline::signal
