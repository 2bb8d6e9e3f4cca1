#include "protocol/message/header.hpp"

#include "protocol/base/cbor.hpp"

namespace wardline::message {

namespace {

using cbor::Json;

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kIncarnation = 1;
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kClassBytesMax = 16;

Json position_json(const trust::ChainPosition& position) {
    return {{"pos", position.pos}, {"hash", cbor::binary(position.hash.view())}};
}

Result<void> must_be(cbor::MapReader& reader, std::string_view key, std::uint64_t value) {
    WARDLINE_TRY(const auto found, reader.uint(key));
    if (found != value) {
        return Error{Code::bad_frame, "a header with another " + std::string{key} + " than 1"};
    }
    return success();
}

// A signed object has no other keys than the ones that were read.
Result<void> finish(const cbor::MapReader& reader) {
    if (!reader.finish()) return Error{Code::bad_frame, "a header with an unknown key"};
    return success();
}

Result<trust::ChainPosition> parse_position(cbor::MapReader& outer, std::string_view key) {
    WARDLINE_TRY(const auto* map, outer.map(key));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(*map));
    trust::ChainPosition position;
    WARDLINE_TRY(position.pos, reader.uint("pos"));
    WARDLINE_TRY(position.hash, reader.fixed<Hash>("hash"));
    WARDLINE_TRY(finish(reader));
    return position;
}

Result<TreeRef> parse_tree(cbor::MapReader& outer) {
    WARDLINE_TRY(const auto* map, outer.map("tree"));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(*map));
    TreeRef tree;
    WARDLINE_TRY(tree.size, reader.uint("size"));
    WARDLINE_TRY(tree.root, reader.fixed<Hash>("root"));
    WARDLINE_TRY(finish(reader));
    return tree;
}

Result<PatientId> parse_patient(cbor::MapReader& reader) {
    WARDLINE_TRY(const auto text, reader.text("patient", kNameBytesMax));
    auto patient = PatientId::parse(text);
    if (!patient) return Error{Code::bad_frame, "a header's patient is no patient id"};
    return patient;
}

}  // namespace

Bytes encode(const Header& header) {
    return cbor::encode({
        {"v", kVersion},
        {"clinic", cbor::binary(header.clinic.view())},
        {"incarnation", kIncarnation},
        {"thread", cbor::binary(header.thread.view())},
        {"patient", header.patient.text()},
        {"id", cbor::binary(header.id.view())},
        {"device", cbor::binary(header.device.view())},
        {"counter", header.counter},
        {"class", trust::name_of(header.message_class)},
        {"sent", header.sent.ms},
        {"commit", cbor::binary(header.commit.view())},
        {"prev", cbor::binary(header.prev.view())},
        {"clinic_head", position_json(header.clinic_head)},
        {"patient_head", position_json(header.patient_head)},
        {"tree", {{"size", header.tree.size}, {"root", cbor::binary(header.tree.root.view())}}},
    });
}

Result<Header> parse_header(BytesView bytes) {
    WARDLINE_TRY(const auto json, cbor::decode(bytes, kHeaderBytesMax));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(json));
    WARDLINE_TRY(must_be(reader, "v", kVersion));
    WARDLINE_TRY(must_be(reader, "incarnation", kIncarnation));
    WARDLINE_TRY(const auto clinic, reader.fixed<ClinicId>("clinic"));
    WARDLINE_TRY(const auto thread, reader.fixed<ThreadId>("thread"));
    WARDLINE_TRY(auto patient, parse_patient(reader));
    WARDLINE_TRY(const auto id, reader.fixed<MessageId>("id"));
    WARDLINE_TRY(const auto device, reader.fixed<DeviceId>("device"));
    WARDLINE_TRY(const auto counter, reader.uint("counter"));
    if (counter == 0) return Error{Code::bad_frame, "a header whose counter is 0"};
    WARDLINE_TRY(const auto class_name, reader.text("class", kClassBytesMax));
    WARDLINE_TRY(const auto message_class, trust::parse_class(class_name));
    WARDLINE_TRY(const auto sent, reader.uint("sent"));
    WARDLINE_TRY(const auto commit, reader.fixed<Hash>("commit"));
    WARDLINE_TRY(const auto prev, reader.fixed<Hash>("prev"));
    WARDLINE_TRY(const auto clinic_head, parse_position(reader, "clinic_head"));
    WARDLINE_TRY(const auto patient_head, parse_position(reader, "patient_head"));
    WARDLINE_TRY(const auto tree, parse_tree(reader));
    WARDLINE_TRY(finish(reader));
    return Header{
        .clinic = clinic,
        .thread = thread,
        .patient = std::move(patient),
        .id = id,
        .device = device,
        .counter = counter,
        .message_class = message_class,
        .sent = Instant{sent},
        .commit = commit,
        .prev = prev,
        .clinic_head = clinic_head,
        .patient_head = patient_head,
        .tree = tree,
    };
}

Hash header_hash(BytesView header) {
    return crypto::hash("wardline/1 header", header);
}

MessageId make_message_id(Instant now, crypto::Random& random) {
    std::array<std::uint8_t, MessageId::kSize> id{};
    random.fill(id);
    for (std::size_t i = 0; i < 6; ++i) {
        id[i] = static_cast<std::uint8_t>(now.ms >> (8 * (5 - i)));
    }
    id[6] = static_cast<std::uint8_t>(0x70 | (id[6] & 0x0f));  // Version 7,
    id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3f));  // variant of RFC 9562.
    return MessageId{id};
}

}  // namespace wardline::message
