#include "clients/core/queued_codec.hpp"

#include "protocol/base/cbor.hpp"

namespace wardline::client {

Bytes encode(const Queued& queued, const Bytes& content) {
    cbor::Json attempts = cbor::Json::array();
    for (const auto& hash : queued.attempts) attempts.push_back(cbor::binary(hash.view()));
    return cbor::encode(cbor::Json{
        {"id", cbor::binary(queued.id.view())},
        {"patient", queued.patient.text()},
        {"thread", cbor::binary(queued.thread.view())},
        {"class", trust::name_of(queued.message_class)},
        {"content", cbor::binary(content)},
        {"created", queued.created.ms},
        {"attempts", std::move(attempts)}
    });
}

Result<Queued> decode_queued(std::uint64_t order, BytesView bytes) {
    WARDLINE_TRY(const auto map, cbor::decode(bytes));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    WARDLINE_TRY(const auto patient_text, reader.text("patient", 64));
    WARDLINE_TRY(const auto patient, PatientId::parse(patient_text));
    Queued out{
        .order = order,
        .id = {},
        .patient = patient,
        .thread = {},
        .content = {},
        .created = {},
        .attempts = {},
        .sealed = {},
        .live = {}
    };
    WARDLINE_TRY(out.id, reader.fixed<MessageId>("id"));
    WARDLINE_TRY(out.thread, reader.fixed<ThreadId>("thread"));
    WARDLINE_TRY(const auto class_text, reader.text("class", 32));
    WARDLINE_TRY(out.message_class, trust::parse_class(class_text));
    WARDLINE_TRY(const auto content, reader.bytes("content", message::kContentBytesMax));
    WARDLINE_TRY(out.content, message::parse_content(content));
    WARDLINE_TRY(out.created.ms, reader.uint("created"));
    WARDLINE_TRY(const auto* attempts, reader.array("attempts", 1'024));
    for (const auto& item : *attempts) {
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item, Hash::kSize));
        WARDLINE_TRY(const auto hash, Hash::from(raw));
        out.attempts.push_back(hash);
    }
    return out;
}

}  // namespace wardline::client
