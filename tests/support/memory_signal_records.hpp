#pragma once

#include "protocol/signal/keys.hpp"
#include "protocol/signal/records.hpp"

#include <map>
#include <optional>
#include <set>

namespace wardline::signal {

// A device's Signal store in memory. Call apply() within the life of the transaction whose changes
// it applies.
class MemoryRecords : public SignalRecords {
public:
    void add(const OwnOneTimePrekey& prekey) {
        prekeys_.insert_or_assign(prekey.key.id, prekey.record);
    }
    void add(const OwnSignedPrekey& prekey) {
        signed_prekeys_.insert_or_assign(prekey.key.id, prekey.record);
    }
    // With what is remembered about first messages to it.
    void remove_signed_prekey(std::uint32_t id) {
        signed_prekeys_.erase(id);
        std::erase_if(begun_, [&](const auto& begun) { return begun.signed_prekey == id; });
    }

    void apply(const StoreChanges& changes) {
        for (const auto& [peer, record] : changes.sessions) {
            if (record) {
                sessions_.insert_or_assign(peer, *record);
            } else {
                sessions_.erase(peer);
            }
        }
        for (const auto id : changes.used_prekeys) prekeys_.erase(id);
        begun_.insert(changes.begun.begin(), changes.begun.end());
    }

    Result<std::optional<SecretBytes>> load_session(const DeviceId& peer) override {
        return find(sessions_, peer);
    }
    Result<std::optional<SecretBytes>> load_prekey(std::uint32_t id) override {
        return find(prekeys_, id);
    }
    Result<std::optional<SecretBytes>> load_signed_prekey(std::uint32_t id) override {
        return find(signed_prekeys_, id);
    }
    Result<bool> has_begun(const DeviceId& peer, const BaseKeyHash& base_key) override {
        for (const auto& begun : begun_) {
            if (begun.peer == peer && begun.base_key == base_key) return true;
        }
        return false;
    }

    std::size_t sessions() const noexcept { return sessions_.size(); }
    std::size_t prekeys() const noexcept { return prekeys_.size(); }

private:
    template <class Key>
    static std::optional<SecretBytes> find(
        const std::map<Key, SecretBytes>& records, const Key& key
    ) {
        const auto found = records.find(key);
        if (found == records.end()) return std::nullopt;
        return found->second;
    }

    std::map<DeviceId, SecretBytes> sessions_;
    std::map<std::uint32_t, SecretBytes> prekeys_;
    std::map<std::uint32_t, SecretBytes> signed_prekeys_;
    std::set<StoreChanges::Begun> begun_;
};

}  // namespace wardline::signal
