#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/statement_data.hpp"

#include <cstdint>
#include <optional>
#include <vector>

// The epochs of one reader (a team, or a patient's account), with what was so when.
// docs/protocol.md section 6. Owned by the chains; a value.
namespace wardline::trust {

// A device that was admitted into an epoch after it was made, and the box that it got.
struct AdmittedDevice {
    DeviceId device;
    Seq seq{0};
    Hash statement;
    Hash box;
};

struct EpochRecord {
    Hash hash;  // Of the epoch statement.
    Seq seq{0};
    std::uint64_t number{0};
    BoxKey key;
    Hash prev;
    std::vector<DeviceId> devices;  // For which it was made, sorted.
    Hash boxes;
    std::vector<AdmittedDevice> admitted;
    std::optional<Seq> voided;  // A later epoch replaces this one whether it was voided or not.

    bool live_at(Seq at) const noexcept { return seq < at && !(voided && *voided < at); }
};

enum class EpochState : std::uint8_t { none, live, voided };

class EpochHistory {
public:
    bool empty() const noexcept { return epochs_.empty(); }
    const std::vector<EpochRecord>& all() const noexcept { return epochs_; }

    // The newest epoch whose statement is before `at`, live or void; null if there is none.
    // Pointers are good until the chain applies the next statement.
    const EpochRecord* newest(Seq at = kNow) const noexcept;
    // newest(), if it is live at that seq.
    const EpochRecord* live(Seq at = kNow) const noexcept;
    EpochState state(Seq at = kNow) const noexcept;
    const EpochRecord* find(const Hash& hash) const noexcept;

    // Whether `next` may follow, for these devices (sorted). `bad_statement`.
    Result<void> check_next(const Epoch& next, const std::vector<DeviceId>& devices) const;

    void add(const Epoch& epoch, const Hash& statement, Seq seq);
    void admit(const Admit& admit, const Hash& statement, Seq seq);
    void void_newest(Seq seq);

private:
    std::vector<EpochRecord> epochs_;
};

}  // namespace wardline::trust
