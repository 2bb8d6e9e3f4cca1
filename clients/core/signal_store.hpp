#pragma once

#include "clients/core/store.hpp"
#include "protocol/signal/keys.hpp"
#include "protocol/signal/records.hpp"

#include <span>

namespace wardline::client {

// The ratchets and prekeys of this device in its sealed store. Reads for libsignal's transactions;
// their writes come as StoreChanges and go into the caller's store transaction, together with what
// they were for.
class SignalStore final : public signal::SignalRecords {
public:
    explicit SignalStore(Store& store) : store_{store} {}

    Result<std::optional<SecretBytes>> load_session(const DeviceId& peer) override;
    Result<std::optional<SecretBytes>> load_prekey(std::uint32_t id) override;
    Result<std::optional<SecretBytes>> load_signed_prekey(std::uint32_t id) override;
    Result<bool> has_begun(const DeviceId& peer, const signal::BaseKeyHash& base_key) override;

    Result<void> write(const signal::StoreChanges& changes);

    // Prekeys of our own, kept before they are uploaded. Signed ones live for two of their terms.
    Result<void> keep(std::span<const signal::OwnOneTimePrekey> prekeys);
    Result<void> keep(const signal::OwnSignedPrekey& prekey, Instant now);
    struct SignedPrekeyFacts {
        std::uint32_t id{0};
        Instant made;
    };
    Result<std::optional<SignedPrekeyFacts>> newest_signed();
    Result<void> forget_signed_before(Instant before);
    // The next `count` ids for one-time prekeys; never given twice before they wrap.
    Result<std::uint32_t> reserve_prekey_ids(std::uint32_t count);

private:
    Store& store_;
};

}  // namespace wardline::client
