#include "clients/core/message_store.hpp"

#include "protocol/base/cbor.hpp"

#include <algorithm>

namespace wardline::client {
namespace {

constexpr Space kSpace{"message"};
constexpr Space kMissing{"message without key"};
constexpr std::size_t kTextMax = 131'072;

Bytes seq_key(Seq seq) {
    Bytes key;
    append_u64(key, seq);
    return key;
}

// What was refused before its id could be believed has its place by its entry.
Bytes key_of(const Message& message) {
    if (message.message_id.is_zero()) return concat({message.device.view(), seq_key(message.seq)});
    return concat({message.device.view(), message.message_id.view()});
}

Bytes encode(const Message& message) {
    cbor::Json map{
        {"seq", message.seq},
        {"id", cbor::binary(message.message_id.view())},
        {"patient", message.patient_id.text()},
        {"thread", cbor::binary(message.thread.view())},
        {"author", message.author.text()},
        {"device", cbor::binary(message.device.view())},
        {"class", message.message_class},
        {"sent", message.sent_at.ms},
        {"state", static_cast<std::uint64_t>(message.state)},
        {"text", message.text},
        {"reason", message.reason},
        {"own", message.own}
    };
    if (message.received_at) map["received"] = message.received_at->ms;
    if (message.expires_at) map["expires"] = message.expires_at->ms;
    if (message.corrects) map["corrects"] = cbor::binary(message.corrects->view());
    return cbor::encode(map);
}

Result<Message> decode(BytesView bytes) {
    WARDLINE_TRY(const auto map, cbor::decode(bytes));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    WARDLINE_TRY(const auto patient_text, reader.text("patient", 64));
    WARDLINE_TRY(const auto patient, PatientId::parse(patient_text));
    WARDLINE_TRY(const auto author_text, reader.text("author", 128));
    WARDLINE_TRY(const auto author, Account::parse(author_text));
    Message out{
        .seq = 0,
        .message_id = {},
        .patient_id = patient,
        .thread = {},
        .author = author,
        .device = {},
        .message_class = {},
        .sent_at = {},
        .received_at = {},
        .expires_at = {},
        .state = MessageState::received,
        .text = {},
        .reason = {}
    };
    WARDLINE_TRY(out.seq, reader.uint("seq"));
    WARDLINE_TRY(out.message_id, reader.fixed<MessageId>("id"));
    WARDLINE_TRY(out.thread, reader.fixed<ThreadId>("thread"));
    WARDLINE_TRY(out.device, reader.fixed<DeviceId>("device"));
    WARDLINE_TRY(out.message_class, reader.text("class", 32));
    WARDLINE_TRY(out.sent_at.ms, reader.uint("sent"));
    WARDLINE_TRY(
        const auto state, reader.uint("state", static_cast<std::uint64_t>(MessageState::notice))
    );
    out.state = static_cast<MessageState>(state);
    WARDLINE_TRY(out.text, reader.text("text", kTextMax));
    WARDLINE_TRY(out.reason, reader.text("reason", 1'024));
    WARDLINE_TRY(out.own, reader.boolean("own"));
    if (reader.has("received")) {
        WARDLINE_TRY(const auto ms, reader.uint("received"));
        out.received_at = Instant{ms};
    }
    if (reader.has("expires")) {
        WARDLINE_TRY(const auto ms, reader.uint("expires"));
        out.expires_at = Instant{ms};
    }
    if (reader.has("corrects")) {
        WARDLINE_TRY(out.corrects, reader.fixed<MessageId>("corrects"));
    }
    return out;
}

}  // namespace

Result<void> MessageStore::put(const Message& message, bool missing_key) {
    StoreTransaction transaction{store_};
    Bytes encoded = encode(message);
    const auto stored = store_.put(kSpace, key_of(message), encoded, message.seq);
    wipe(encoded);
    WARDLINE_TRY(stored);
    if (missing_key) {
        WARDLINE_TRY(store_.put(kMissing, seq_key(message.seq), {}, message.seq));
    } else {
        WARDLINE_TRY(store_.erase(kMissing, seq_key(message.seq)));
    }
    return transaction.commit();
}

Result<bool> MessageStore::has_readable(const Message& message) {
    WARDLINE_TRY(const auto found, store_.get(kSpace, key_of(message)));
    if (!found) return false;
    WARDLINE_TRY(const auto known, decode(found->reveal()));
    return known.state != MessageState::refused;
}

Result<std::vector<Message>> MessageStore::page(Seq before, std::size_t limit) {
    WARDLINE_TRY(
        const auto records, store_.below(kSpace, before == 0 ? UINT64_MAX : before, limit)
    );
    std::vector<Message> out;
    for (const auto& record : records) {
        WARDLINE_TRY(auto message, decode(record.value.reveal()));
        out.push_back(std::move(message));
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Result<std::vector<Seq>> MessageStore::missing() {
    WARDLINE_TRY(const auto records, store_.from(kMissing, 0, SIZE_MAX));
    std::vector<Seq> out;
    for (const auto& record : records) out.push_back(record.ordinal);
    return out;
}

Result<std::size_t> MessageStore::expire(Instant now) {
    WARDLINE_TRY(const auto records, store_.from(kSpace, 0, SIZE_MAX));
    std::size_t expired{0};
    StoreTransaction transaction{store_};
    for (const auto& record : records) {
        WARDLINE_TRY(auto message, decode(record.value.reveal()));
        if (!message.expires_at || *message.expires_at > now ||
            message.state == MessageState::expired)
            continue;
        message.state = MessageState::expired;
        message.text.clear();
        message.reason.clear();
        WARDLINE_TRY(put(message));
        ++expired;
    }
    WARDLINE_TRY(transaction.commit());
    return expired;
}

}  // namespace wardline::client
