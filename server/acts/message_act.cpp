#include "server/acts/message_act.hpp"

#include "protocol/message/sealed_message.hpp"
#include "server/message_payload.hpp"

#include <string>
#include <utility>

namespace wardline::server {
namespace {

// What stands around a message in the frame that carries its entry to a device.
constexpr std::size_t kEntryBytesAround = 4'096;
constexpr std::size_t kMessageBytesMax = cbor::kItemBytesMax - kEntryBytesAround;

}  // namespace

Result<std::unique_ptr<MessageAct>> MessageAct::parse(
    const DeviceId& sender, const cbor::Json& request
) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(request));
    WARDLINE_TRY(const auto* map, fields.map("message"));
    WARDLINE_TRY(const auto* live, fields.array("live", message::kLiveSlotsMax));
    WARDLINE_TRY(const auto sealed, message::parse_message(*map));
    WARDLINE_TRY(auto header, message::parse_header(sealed.header));
    WARDLINE_TRY(auto slots, message::parse_slots(sealed.slots));
    WARDLINE_TRY(auto live_slots, message::parse_live_slots(*live));

    auto bytes = message::encode(sealed);
    if (bytes.size() > kMessageBytesMax) {
        return Error{Code::too_large, "the message does not fit into a frame with its entry"};
    }
    auto act = std::make_unique<MessageAct>(sender, std::move(header));
    act->hash = message::message_hash(sealed);
    act->ciphertext_bytes = sealed.ciphertext.size();
    act->slots = std::move(slots);
    act->payload = pack_message_payload(bytes, live_slots);
    act->live = std::move(live_slots);
    act->message = storage::MessageAsk{
        .device = sender,
        .id = act->header.id,
        .hash = act->hash,
        .thread = act->header.thread,
        .message_class = act->header.message_class
    };
    return act;
}

Result<const trust::PatientChain*> MessageAct::check_header(
    const ClinicRecord& record, const storage::JudgeFacts& facts
) const {
    if (!record.founded() || header.clinic != record.clinic().clinic()) {
        return Error{Code::forbidden, "the header names another clinic"};
    }
    const auto* thread = record.patient_of(header.thread);
    if (thread == nullptr || thread->patient() != header.patient) {
        return Error{Code::forbidden, "the header names no thread of that patient"};
    }
    if (header.device != sender) {
        return Error{Code::forbidden, "the header names another device"};
    }
    WARDLINE_TRY(require_live(record, sender, facts));
    WARDLINE_TRY(trust::may_write(record.clinic(), *thread, sender, header.message_class, facts.seq)
    );
    // Readers take heads that they cannot find for a server with two histories: nobody can make one
    // look like that by naming heads that never were.
    if (!record.clinic().contains(header.clinic_head, facts.seq) ||
        !thread->contains(header.patient_head, facts.seq) || header.tree.size >= facts.seq) {
        return Error{Code::forbidden, "the header names a head that is not in the journal"};
    }
    return thread;
}

Result<std::vector<storage::Draft>> MessageAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    const auto& record = ground.record;
    WARDLINE_TRY(const auto* thread, check_header(record, facts));
    const auto audience = trust::audience_of(header.message_class);
    if (header.counter != facts.last_counter + 1) {
        return Error{
            Code::out_of_order,
            "the counter has a gap or stands twice",
            {{"expected", facts.last_counter + 1}}
        };
    }
    const auto& expected = ground.book.of(*thread, audience, facts.seq, facts.time);
    WARDLINE_TRY(ground.book.check(*thread, expected, sender, slots, live));
    return one(draft(*thread, record.device(sender)->account()));
}

storage::Draft MessageAct::draft(const trust::PatientChain& thread, const Account& author) const {
    const auto actor = author.text();
    Details details;
    details.actor = actor;
    details.device = sender;
    details.thread = header.thread;
    details.patient = thread.patient().text();
    details.message_class = trust::name_of(header.message_class);
    details.hash = hash;
    details.size = ciphertext_bytes;

    storage::Draft out;
    out.kind = audit::EntryKind::message;
    out.details = details.encode();
    out.thread = header.thread;
    out.message_class = header.message_class;
    out.payloads.push_back({payload, std::nullopt});
    out.counter = header.counter;
    return out;
}

Asker MessageAct::asker() const {
    return {
        .act = "send",
        .device = sender,
        .thread = header.thread,
        .message_class = trust::name_of(header.message_class),
        .hash = std::nullopt
    };
}

}  // namespace wardline::server
