#pragma once

#include "clients/core/connection.hpp"
#include "clients/core/store.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/signal/keys.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/device_keys.hpp"

#include <optional>

// Who this device is: its account, its three key pairs, its server, and the statement that it was
// shown by its invite.
namespace wardline::client {

// The statement that an invite named, or genesis for the first administrator: whatever the server
// shows has to contain it.
struct Anchor {
    trust::ChainName chain{trust::ChainName::clinic()};
    Hash statement;
    Hash genesis;
    SigningKey audit;  // Whose signature tree heads carry, as genesis says.
};

struct DeviceIdentity {
    ClinicId clinic;
    Account account;
    DeviceId id;  // That of the signing key, which takes a while to derive.
    Endpoint server;
    Anchor anchor;
    SigningSecret signing;
    BoxSecret box;
    signal::SignalIdentity identity;

    trust::DeviceKeys keys() const;
    DeviceId device() const { return id; }
    bool is_patient() const noexcept { return !account.is_staff(); }
};

// Fresh keys. `internal` when randomness or libsignal fail.
Result<DeviceIdentity> make_device_identity(
    const ClinicId& clinic,
    const Account& account,
    const Endpoint& server,
    const Anchor& anchor,
    crypto::Random& random
);

Result<void> save(Store& store, const DeviceIdentity& identity);
// `local_store` when the store holds none.
Result<DeviceIdentity> load_device_identity(Store& store);

}  // namespace wardline::client
