#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/message/header.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/message/slots.hpp"
#include "server/acts/act.hpp"

#include <memory>
#include <utility>

// A message to be stored. docs/protocol.md section 12.
namespace wardline::server {

struct MessageAct final : ServerAct {
    DeviceId sender;  // Of the connection.
    message::Header header;
    Hash hash;
    std::size_t ciphertext_bytes{0};
    std::vector<message::Slot> slots;
    std::vector<message::LiveSlot> live;
    Bytes payload;  // pack_message_payload().

    MessageAct(const DeviceId& device, message::Header parsed)
        : sender{device}, header{std::move(parsed)} {}

    // From the request `send`: `bad_frame` or `too_large`.
    static Result<std::unique_ptr<MessageAct>> parse(
        const DeviceId& sender, const cbor::Json& request
    );

    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override;

private:
    Result<const trust::PatientChain*> check_header(
        const ClinicRecord& record, const storage::JudgeFacts& facts
    ) const;
    storage::Draft draft(const trust::PatientChain& thread, const Account& author) const;
};

}  // namespace wardline::server
