#include "clients/core/device_identity.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"

namespace wardline::client {
namespace {

constexpr Space kSpace{"device"};
constexpr std::string_view kKey{"identity"};

}  // namespace

trust::DeviceKeys DeviceIdentity::keys() const {
    return {
        .signing = crypto::signing_key_of(signing),
        .identity = identity.public_key,
        .box = crypto::box_key_of(box)
    };
}

Result<DeviceIdentity> make_device_identity(
    const ClinicId& clinic,
    const Account& account,
    const Endpoint& server,
    const Anchor& anchor,
    crypto::Random& random
) {
    WARDLINE_TRY(auto identity, signal::generate_identity());
    const auto signing = crypto::random_secret<SigningSecret>(random);
    return DeviceIdentity{
        .clinic = clinic,
        .account = account,
        .id = trust::device_id_of(crypto::signing_key_of(signing)),
        .server = server,
        .anchor = anchor,
        .signing = signing,
        .box = crypto::random_secret<BoxSecret>(random),
        .identity = std::move(identity)
    };
}

Result<void> save(Store& store, const DeviceIdentity& identity) {
    cbor::Json map{
        {"v", 1},
        {"clinic", cbor::binary(identity.clinic.view())},
        {"account", identity.account.text()},
        {"host", identity.server.host},
        {"port", identity.server.port},
        {"anchor_chain", identity.anchor.chain.text()},
        {"anchor", cbor::binary(identity.anchor.statement.view())},
        {"genesis", cbor::binary(identity.anchor.genesis.view())},
        {"audit", cbor::binary(identity.anchor.audit.view())},
        {"signing", cbor::binary(identity.signing.reveal())},
        {"box", cbor::binary(identity.box.reveal())},
        {"identity", cbor::binary(identity.identity.secret.reveal())},
        {"identity_public", cbor::binary(identity.identity.public_key.view())},
        {"registration", identity.identity.registration}
    };
    if (identity.server.pin) map["pin"] = cbor::binary(identity.server.pin->view());
    Bytes encoded = cbor::encode(map);
    auto stored = store.put(kSpace, as_bytes(kKey), encoded);
    wipe(encoded);
    return stored;
}

Result<DeviceIdentity> load_device_identity(Store& store) {
    WARDLINE_TRY(const auto stored, store.get(kSpace, as_bytes(kKey)));
    if (!stored)
        return Error{
            Code::local_store, "this store belongs to no device yet: enrol with an invite first"
        };
    WARDLINE_TRY(const auto map, cbor::decode(stored->reveal()));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    WARDLINE_TRY(const auto clinic, reader.fixed<ClinicId>("clinic"));
    WARDLINE_TRY(const auto account_text, reader.text("account", 128));
    WARDLINE_TRY(const auto account, Account::parse(account_text));
    Endpoint server;
    WARDLINE_TRY(server.host, reader.text("host", 256));
    WARDLINE_TRY(const auto port, reader.uint("port", UINT16_MAX));
    server.port = static_cast<std::uint16_t>(port);
    if (reader.has("pin")) {
        WARDLINE_TRY(server.pin, reader.fixed<Hash>("pin"));
    }
    Anchor anchor;
    WARDLINE_TRY(const auto chain, reader.text("anchor_chain", 128));
    WARDLINE_TRY(anchor.chain, trust::ChainName::parse(chain));
    WARDLINE_TRY(anchor.statement, reader.fixed<Hash>("anchor"));
    WARDLINE_TRY(anchor.genesis, reader.fixed<Hash>("genesis"));
    WARDLINE_TRY(anchor.audit, reader.fixed<SigningKey>("audit"));
    WARDLINE_TRY(const auto signing, reader.fixed<SigningSecret>("signing"));
    WARDLINE_TRY(const auto box, reader.fixed<BoxSecret>("box"));
    signal::SignalIdentity identity;
    WARDLINE_TRY(identity.secret, reader.fixed<signal::IdentitySecret>("identity"));
    WARDLINE_TRY(identity.public_key, reader.fixed<IdentityKey>("identity_public"));
    WARDLINE_TRY(const auto registration, reader.uint("registration", UINT32_MAX));
    identity.registration = static_cast<std::uint32_t>(registration);
    return DeviceIdentity{
        .clinic = clinic,
        .account = account,
        .id = trust::device_id_of(crypto::signing_key_of(signing)),
        .server = server,
        .anchor = anchor,
        .signing = signing,
        .box = box,
        .identity = identity
    };
}

}  // namespace wardline::client
