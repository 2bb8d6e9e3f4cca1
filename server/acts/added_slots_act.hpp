#pragma once

#include "protocol/message/slots.hpp"
#include "protocol/trust/class.hpp"
#include "server/acts/act.hpp"

// Reader slots added to earlier messages of one thread and one audience. docs/protocol.md
// section 8. The asker has found out that the messages are of that thread and audience.
namespace wardline::server {

struct AddedSlotsAct final : ServerAct {
    DeviceId sender;
    ThreadId thread;
    trust::Audience audience{trust::Audience::all};
    std::vector<message::AddedSlot> added;

    AddedSlotsAct(
        const DeviceId& device,
        const ThreadId& of,
        trust::Audience readers,
        std::vector<message::AddedSlot> slots
    );
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override {
        return {.act = "add-slots", .device = sender, .thread = thread};
    }

private:
    Result<void> check_readers(const ClinicRecord& record, const trust::PatientChain& chain, Seq at)
        const;
};

}  // namespace wardline::server
