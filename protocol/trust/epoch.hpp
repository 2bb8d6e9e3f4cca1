#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/chain_name.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

// The private key of an epoch and its boxes: one for each device, one for the vault, one from the
// key before. docs/protocol.md section 6. Pure; any thread. The key (BoxSecret) is the caller's.
namespace wardline::trust {

// Which epoch of which reader: part of the context of each of its boxes.
struct EpochName {
    std::string reader;  // "team:NAME" or "patient/PATIENT-ID".
    std::uint64_t number{1};
    BoxKey key;
};
std::string team_reader(const TeamName& team);          // "team:NAME"
std::string device_reader(const DeviceId& device);      // "device:" + 32 hex digits
std::string patient_context(const PatientId& patient);  // "patient/PATIENT-ID"

// Devices in the order of the statement, then the vault, then (if `previous`) the previous key.
struct EpochBoxes {
    std::vector<crypto::Box> boxes;
    bool previous{false};
    bool operator==(const EpochBoxes&) const = default;
};

// Whom an epoch is for.
struct EpochReaders {
    std::vector<BoxKey> devices;  // In the order of the statement's `devices`.
    BoxKey vault;
    // The private key of the epoch before; null for the first, or where its maker cannot know it.
    const BoxSecret* previous{nullptr};
};

// `bad_frame` if a reader's key is of low order, which no chain lets in.
Result<EpochBoxes> make_epoch_boxes(
    const BoxSecret& epoch, const EpochName& name, const EpochReaders& readers
);
// The statement's `boxes`; for an admission, its `box`.
Hash hash_of_boxes(std::span<const crypto::Box> boxes);

// What the server can check of boxes that come with an epoch statement: number and hash.
// `bad_statement`.
Result<void> check_epoch_boxes(
    const EpochBoxes& boxes, std::size_t devices, std::uint64_t number, const Hash& expected
);

// The epoch's private key from this device's box: `undecryptable` when it does not open, or is not
// the key that the statement names.
Result<BoxSecret> open_epoch_box(
    const crypto::Box& box, const BoxSecret& device, const EpochName& name
);
// What a member that has the key checks: that every box opens for whom it should. `previous_key`:
// the public key of the epoch before, or null for the first. `undecryptable` if one is wrong: the
// member then makes the next epoch at once.
Result<void> verify_epoch_boxes(
    const EpochBoxes& boxes,
    const BoxSecret& epoch,
    const EpochName& name,
    const std::vector<BoxKey>& devices,
    const BoxKey& vault,
    const BoxKey* previous_key
);
// The private key of the epoch before from the last box. `not_found` if there is none,
// `undecryptable` if it is not the key `previous_key`.
Result<BoxSecret> open_previous_box(
    const EpochBoxes& boxes,
    const BoxSecret& epoch,
    const EpochName& name,
    const BoxKey& previous_key
);

// The box of a device that is admitted into an epoch; open_epoch_box() opens it.
Result<crypto::Box> make_admit_box(
    const BoxSecret& epoch, const EpochName& name, const BoxKey& device
);

// The list as frames carry it.
cbor::Json boxes_to_json(std::span<const crypto::Box> boxes);
// `bad_frame` for anything but a list of at most `boxes_max` byte strings of 97 bytes.
Result<std::vector<crypto::Box>> parse_boxes(const cbor::Json& list, std::size_t boxes_max);

}  // namespace wardline::trust
