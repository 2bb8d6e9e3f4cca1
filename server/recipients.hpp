#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/message/slots.hpp"
#include "protocol/trust/readers.hpp"
#include "server/clinic_record.hpp"
#include "server/presence.hpp"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

// Whom a message has to reach: the slots and live slots that `send` demands, docs/protocol.md
// section 8, and the exact difference where they are others. Remembered for each thread until a
// statement, a login or the time changes it. One thread.
namespace wardline::server {

struct Recipients {
    std::vector<trust::ExpectedSlot> slots;
    std::vector<DeviceId> live;  // With the sender, where it is one of them; sorted.
};

class RecipientBook {
public:
    RecipientBook(const ClinicRecord& record, const Presence& presence)
        : record_{record}, presence_{presence} {}

    // Good until the next call.
    const Recipients& of(
        const trust::PatientChain& thread, trust::Audience audience, Seq at, Instant now
    );
    // The devices that need a live slot from this sender.
    std::vector<DeviceId> live_for(const Recipients& recipients, const DeviceId& sender) const;

    // `recipients_changed` with the difference, unless the slots are exactly the expected ones.
    Result<void> check(
        const trust::PatientChain& thread,
        const Recipients& expected,
        const DeviceId& sender,
        std::span<const message::Slot> slots,
        std::span<const message::LiveSlot> live
    ) const;

    void forget() {
        for (auto& audience : remembered_) audience.clear();
    }

private:
    struct Remembered {
        Recipients recipients;
        std::uint64_t record_version{0};
        std::uint64_t presence_version{0};
        Instant until;
    };

    const ClinicRecord& record_;
    const Presence& presence_;
    std::unordered_map<ThreadId, Remembered> remembered_[2];  // By audience.
};

}  // namespace wardline::server
