#pragma once

#include "clients/core/chains.hpp"
#include "protocol/trust/epoch.hpp"
#include "protocol/trust/epoch_history.hpp"

#include <optional>
#include <set>
#include <variant>

namespace wardline::client {

// Whose key: a team's, or a patient's account's.
using KeyReader = std::variant<TeamName, PatientId>;

// The private keys of epochs that this device may have. Sealed in the store once known; else from
// the device's own box at the server, or by walking back from a newer epoch. Which keys are right
// the chains say, never the server.
class EpochKeys {
public:
    EpochKeys(Store& store, Link& link, Chains& chains, const DeviceIdentity& self)
        : store_{store}, link_{link}, chains_{chains}, self_{self} {}

    // `not_found` for an epoch that is not the reader's, `undecryptable` where this device cannot
    // get the key.
    Result<BoxSecret> secret(const KeyReader& reader, const Hash& epoch);
    // Without asking the server.
    Result<std::optional<BoxSecret>> known(const Hash& epoch);
    Result<void> keep(const Hash& epoch, const BoxSecret& secret);

    // Whether the reader's newest epoch was found to have wrong boxes, so that a member has to make
    // the next one.
    bool found_wrong(const Hash& epoch) const { return wrong_.contains(epoch); }
    // After the chains have grown: what could not be opened may be openable now.
    void forget_failures() { failed_.clear(); }

    // Null when nothing is known of that reader.
    Result<const trust::EpochHistory*> history(const KeyReader& reader);
    Result<BoxKey> box_key(const KeyReader& reader, const DeviceId& device);
    static std::string context_of(const KeyReader& reader);

private:
    struct Fetched {
        trust::EpochBoxes boxes;
        std::vector<std::pair<DeviceId, crypto::Box>> admitted;
    };
    Result<Fetched> fetch(const trust::EpochRecord& epoch);
    Result<BoxSecret> from_own_box(const KeyReader& reader, const trust::EpochRecord& epoch);
    Result<void> check_boxes(
        const KeyReader& reader,
        const trust::EpochRecord& epoch,
        const Fetched& fetched,
        const BoxSecret& secret
    );

    Store& store_;
    Link& link_;
    Chains& chains_;
    const DeviceIdentity& self_;
    std::set<Hash> wrong_;
    std::set<Hash> failed_;
};

}  // namespace wardline::client
