#include "clients/core/signal_store.hpp"

namespace wardline::client {
namespace {

constexpr Space kSessions{"session"};
constexpr Space kPrekeys{"prekey"};
constexpr Space kSigned{"signed prekey"};
constexpr Space kBegun{"begun"};
constexpr Space kDevice{"device"};
constexpr std::string_view kNextPrekey{"next prekey"};
// A server that asks for more at every login gets more, and only the newest are kept.
constexpr std::uint64_t kPrekeysMax = 1'000;

Bytes number_key(std::uint64_t number) {
    Bytes key;
    append_u64(key, number);
    return key;
}
std::uint64_t number_of(BytesView bytes) {
    std::uint64_t out{0};
    for (const auto byte : bytes) out = out << 8 | byte;
    return out;
}

}  // namespace

Result<std::optional<SecretBytes>> SignalStore::load_session(const DeviceId& peer) {
    return store_.get(kSessions, peer.view());
}

Result<std::optional<SecretBytes>> SignalStore::load_prekey(std::uint32_t id) {
    return store_.get(kPrekeys, number_key(id));
}

Result<std::optional<SecretBytes>> SignalStore::load_signed_prekey(std::uint32_t id) {
    return store_.get(kSigned, number_key(id));
}

Result<bool> SignalStore::has_begun(const DeviceId& peer, const signal::BaseKeyHash& base_key) {
    WARDLINE_TRY(const auto found, store_.get(kBegun, concat({peer.view(), base_key.view()})));
    return found.has_value();
}

Result<void> SignalStore::write(const signal::StoreChanges& changes) {
    StoreTransaction transaction{store_};
    for (const auto& [peer, record] : changes.sessions) {
        if (record) {
            WARDLINE_TRY(store_.put(kSessions, peer.view(), record->reveal()));
        } else {
            WARDLINE_TRY(store_.erase(kSessions, peer.view()));
        }
    }
    for (const auto id : changes.used_prekeys) {
        WARDLINE_TRY(store_.erase(kPrekeys, number_key(id)));
    }
    for (const auto& begun : changes.begun) {
        const Bytes key = concat({begun.peer.view(), begun.base_key.view()});
        WARDLINE_TRY(store_.put(kBegun, key, number_key(begun.signed_prekey), begun.signed_prekey));
    }
    return transaction.commit();
}

Result<void> SignalStore::keep(std::span<const signal::OwnOneTimePrekey> prekeys) {
    StoreTransaction transaction{store_};
    for (const auto& prekey : prekeys) {
        WARDLINE_TRY(
            store_.put(kPrekeys, number_key(prekey.key.id), prekey.record.reveal(), prekey.key.id)
        );
    }
    WARDLINE_TRY(const auto kept, store_.count(kPrekeys));
    if (kept > kPrekeysMax) {
        WARDLINE_TRY(const auto oldest, store_.from(kPrekeys, 0, kept - kPrekeysMax));
        for (const auto& record : oldest) {
            WARDLINE_TRY(store_.erase(kPrekeys, record.key));
        }
    }
    return transaction.commit();
}

Result<void> SignalStore::keep(const signal::OwnSignedPrekey& prekey, Instant now) {
    return store_.put(kSigned, number_key(prekey.key.id), prekey.record.reveal(), now.ms);
}

Result<std::optional<SignalStore::SignedPrekeyFacts>> SignalStore::newest_signed() {
    WARDLINE_TRY(const auto newest, store_.below(kSigned, UINT64_MAX, 1));
    if (newest.empty()) return std::optional<SignedPrekeyFacts>{};
    const auto id = static_cast<std::uint32_t>(number_of(newest.front().key));
    return std::optional{SignedPrekeyFacts{.id = id, .made = Instant{newest.front().ordinal}}};
}

Result<void> SignalStore::forget_signed_before(Instant before) {
    WARDLINE_TRY(const auto old, store_.below(kSigned, before.ms, 1'000));
    StoreTransaction transaction{store_};
    for (const auto& record : old) {
        WARDLINE_TRY(store_.erase(kSigned, record.key));
        const auto id = number_of(record.key);
        WARDLINE_TRY(const auto begun, store_.from(kBegun, id, SIZE_MAX));
        for (const auto& first : begun) {
            if (first.ordinal != id) continue;
            WARDLINE_TRY(store_.erase(kBegun, first.key));
        }
    }
    return transaction.commit();
}

Result<std::uint32_t> SignalStore::reserve_prekey_ids(std::uint32_t count) {
    WARDLINE_TRY(const auto stored, store_.get(kDevice, as_bytes(kNextPrekey)));
    std::uint64_t next = stored ? number_of(stored->reveal()) : signal::kPrekeyIdMin;
    if (next + count > signal::kPrekeyIdMax) next = signal::kPrekeyIdMin;
    WARDLINE_TRY(store_.put(kDevice, as_bytes(kNextPrekey), number_key(next + count)));
    return static_cast<std::uint32_t>(next);
}

}  // namespace wardline::client
