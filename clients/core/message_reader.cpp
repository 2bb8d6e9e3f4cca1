#include "clients/core/message_reader.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/message/live_slots.hpp"
#include "protocol/message/sealed_message.hpp"
#include "protocol/trust/readers.hpp"
#include "retention/decide.hpp"

namespace wardline::client {
namespace {

constexpr std::string_view kUnknownContent{"a kind of message that this version does not know"};

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

void fill(Message& message, const message::Content& content) {
    std::visit(
        Overloaded{
            [&](const message::Text& text) { message.text = text.text; },
            [&](const message::Correction& correction) {
                message.text = correction.text;
                message.corrects = correction.of;
            },
            [&](const message::UnknownContent&) { message.text = kUnknownContent; }
        },
        content
    );
}

Message& refuse(Message& message, std::string_view reason) {
    message.state = MessageState::refused;
    message.text.clear();
    message.reason = reason;
    return message;
}

Error alarm(std::string_view what) {
    return Error{Code::trust_alarm, std::string{what}};
}

// What the journal says of a message is what its author signed: a server files nothing under
// another name, class or size.
Result<void> require_same(const Message& filed, const message::Header& head) {
    if (head.patient != filed.patient_id || head.thread != filed.thread) {
        return Error{
            Code::trust_alarm,
            "the server filed a message under another patient than its author wrote"
        };
    }
    if (head.device != filed.device || trust::name_of(head.message_class) != filed.message_class) {
        return alarm("the server filed a message under another author or class than its own");
    }
    return success();
}

// Whether the server alone can be the cause: an error that ends reading rather than a message to be
// shown.
bool ends_reading(const Error& error) {
    return error.code == Code::trust_alarm || error.code == Code::unreachable ||
           error.code == Code::local_store || error.code == Code::unavailable;
}

}  // namespace

Instant kept_until(
    const trust::ClinicChain& clinic, trust::MessageClass message_class, Instant received
) {
    std::map<trust::MessageClass, std::uint32_t> days;
    for (const auto each : trust::kAllClasses)
        days[each] = trust::days_for(clinic.genesis().retention, each);
    const auto policy = retention::Policy::from(days);
    return policy ? retention::kept_until(policy.value(), message_class, received) : received;
}

Result<Message> MessageReader::describe(const wire::Entry& entry) {
    WARDLINE_TRY(const auto details, cbor::decode(entry.details));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(details));
    WARDLINE_TRY(const auto patient_text, reader.text("patient", 64));
    WARDLINE_TRY(const auto patient, PatientId::parse(patient_text));
    WARDLINE_TRY(const auto actor, reader.text("actor", 128));
    WARDLINE_TRY(const auto author, Account::parse(actor));
    WARDLINE_TRY(const auto thread, reader.fixed<ThreadId>("thread"));
    WARDLINE_TRY(const auto device, reader.fixed<DeviceId>("device"));
    WARDLINE_TRY(const auto class_text, reader.text("class", 32));
    WARDLINE_TRY(const auto message_class, trust::parse_class(class_text));
    return Message{
        .seq = entry.seq,
        .message_id = {},
        .patient_id = patient,
        .thread = thread,
        .author = author,
        .device = device,
        .message_class = class_text,
        .sent_at = entry.time,
        .received_at = entry.time,
        .expires_at = kept_until(chains_.clinic(), message_class, entry.time),
        .state = entry.expired ? MessageState::expired : MessageState::notice,
        .text = {},
        .reason = {},
        .own = author == self_.account
    };
}

Result<Place> MessageReader::place_of(const wire::Entry& entry, const Message& described) {
    WARDLINE_TRY(const auto details, cbor::decode(entry.details));
    WARDLINE_TRY(auto facts, cbor::MapReader::over(details));
    WARDLINE_TRY(const auto message_class, trust::parse_class(described.message_class));
    Place out{
        .seq = entry.seq,
        .device = described.device,
        .audience = trust::audience_of(message_class),
        .hash = {}
    };
    WARDLINE_TRY(out.hash, facts.fixed<Hash>("hash"));
    return out;
}

Result<Message> MessageReader::base(
    const wire::Entry& entry, const message::Header& header, const trust::DeviceRecord& author
) const {
    return Message{
        .seq = entry.seq,
        .message_id = header.id,
        .patient_id = header.patient,
        .thread = header.thread,
        .author = author.account,
        .device = header.device,
        .message_class = std::string{trust::name_of(header.message_class)},
        .sent_at = header.sent,
        .received_at = entry.time,
        .expires_at = kept_until(chains_.clinic(), header.message_class, entry.time),
        .state = author.account == self_.account ? MessageState::sent : MessageState::received,
        .text = {},
        .reason = {},
        .own = author.account == self_.account
    };
}

Result<MessageKey> MessageReader::live_key(
    const wire::Entry& entry,
    const trust::DeviceRecord& author,
    const Hash& header_hash,
    signal::SignalTransaction& signal
) {
    WARDLINE_TRY(const auto pair, cbor::decode(entry.live));
    WARDLINE_TRY(const auto slot, message::parse_live_pair(pair, self_.device()));
    if (slot.bytes.size() == 1)
        return Error{Code::undecryptable, "the author had no prekeys of this device"};
    const signal::Peer peer{.device = author.id, .identity = author.keys.identity};
    WARDLINE_TRY(
        const auto opened, signal.decrypt(peer, slot.kind, slot.bytes, environment_.clock.now())
    );
    return message::open_live_plaintext(opened.plaintext.reveal(), header_hash);
}

Result<ReadMessage> MessageReader::read(
    const wire::Entry& entry,
    signal::SignalTransaction* signal,
    std::span<const message::Slot> added
) {
    WARDLINE_TRY(auto described, describe(entry));
    ReadMessage out{.message = std::move(described), .hash = {}, .tree = {}};
    const auto refused = [&](std::string_view reason) {
        refuse(out.message, reason);
        return out;
    };
    if (self_.is_patient() && out.message.patient_id != self_.account.patient_id())
        return alarm("the server shows this device a message of another patient");
    WARDLINE_TRY(out.place, place_of(entry, out.message));
    if (entry.expired || entry.message.empty()) return out;
    const auto parsed = message::decode_message(entry.message);
    if (!parsed) return refused("it is malformed");
    const message::Message& sealed = parsed.value();
    out.hash = message::message_hash(sealed);
    if (out.place->hash != out.hash)
        return alarm("the server put another message in the place of one in its journal");
    const auto header = message::parse_header(sealed.header);
    if (!header) return refused(message::refusal_sentence(message::Refusal::malformed_header));
    const message::Header& head = header.value();
    out.place->counter = head.counter;
    out.place->prev = head.prev;
    if (head.clinic != self_.clinic) return alarm("the server shows a message of another clinic");
    WARDLINE_TRY(require_same(out.message, head));
    // The author signed what they had seen of the chains: that has to be what we see.
    const auto patient_chain = trust::ChainName::patient(head.patient);
    WARDLINE_TRY(const auto* chain, chains_.patient(head.patient));
    if (chain->thread() != head.thread)
        return alarm("the server shows a message of a thread that this patient does not have");
    const trust::ChainPosition clinic_head{
        .pos = head.clinic_head.pos, .hash = head.clinic_head.hash
    };
    const trust::ChainPosition patient_head{
        .pos = head.patient_head.pos, .hash = head.patient_head.hash
    };
    const auto* author = trust::find_device(chains_.clinic(), *chain, head.device);
    if (!author) {
        WARDLINE_TRY(chains_.update_clinic());
        WARDLINE_TRY(chain, chains_.update_patient(head.patient));
        author = trust::find_device(chains_.clinic(), *chain, head.device);
    }
    if (!author) return alarm("the server shows a message of a device that nobody granted");
    if (author->account != out.message.author)
        return alarm("the server filed a message under another author than its own");
    const auto authentic = message::authenticate(sealed, author->keys.signing);
    if (!authentic) {
        out.alarm = true;
        return refused(message::refusal_sentence(authentic.error()));
    }
    WARDLINE_TRY(
        const bool same_clinic, chains_.agrees(trust::ChainName::clinic(), clinic_head, entry.seq)
    );
    WARDLINE_TRY(const bool same_patient, chains_.agrees(patient_chain, patient_head, entry.seq));
    // A server that is honest takes no message with a head that is not in its chains.
    if (!same_clinic || !same_patient) {
        return alarm(
            "the server shows this device another record of who belongs to the clinic than it "
            "shows to the author of message " +
            std::to_string(entry.seq)
        );
    }
    WARDLINE_TRY(chain, chains_.patient(head.patient));
    author = trust::find_device(chains_.clinic(), *chain, head.device);
    WARDLINE_TRY(out.message, base(entry, head, *author));
    out.tree = head.tree;
    if (!trust::may_write(chains_.clinic(), *chain, head.device, head.message_class, entry.seq)) {
        // A server that is honest takes no such message.
        return alarm("the server shows a message of a device that was not entitled to write it");
    }

    const Hash header_hash = authentic.value().hashes.header;
    Result<MessageKey> key =
        Error{Code::undecryptable, "no slot of the message is for this device"};
    if (signal && !entry.live.empty()) {
        key = live_key(entry, *author, header_hash, *signal);
        if (!key && (key.error().code == Code::local_store)) return key.error();
    }
    const auto readers = trust::expected_slots(
        chains_.clinic(), *chain, trust::audience_of(head.message_class), entry.seq
    );
    const auto try_open = [&](const MessageKey& with) {
        return message::open(sealed, authentic.value(), with, readers);
    };
    if (key) {
        const auto content = try_open(key.value());
        if (content) {
            fill(out.message, content.value());
            return out;
        }
        // A live slot is outside the signature: what it carried may be wrong without the message
        // being so.
    }
    const auto slots = message::parse_slots(sealed.slots);
    if (!slots) return refused(message::refusal_sentence(message::Refusal::wrong_slots));
    key = keys_.open(head.patient, header_hash, slots.value());
    if (!key && !ends_reading(key.error())) key = keys_.open(head.patient, header_hash, added);
    if (!key) {
        if (ends_reading(key.error())) return key.error();
        out.missing_key = true;
        return refused("this device has no key for it yet");
    }
    const auto content = try_open(key.value());
    if (!content) return refused(message::refusal_sentence(content.error()));
    fill(out.message, content.value());
    return out;
}

}  // namespace wardline::client
