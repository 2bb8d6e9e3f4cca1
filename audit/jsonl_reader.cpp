#include "audit/details.hpp"
#include "audit/json_line.hpp"
#include "audit/jsonl.hpp"
#include "audit/kind.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/cbor_writer.hpp"

#include <algorithm>

namespace wardline::audit {
namespace {

constexpr std::size_t kAddressMax = 64;
constexpr std::size_t kBeforeMax = 64;

Result<void> write_texts(const JsonValue& value, cbor::Writer& out) {
    WARDLINE_TRY(const auto items, value.array());
    out.array(items.size());
    for (const auto& item : items) {
        WARDLINE_TRY(const auto text, (JsonValue{value.key, item}).text());
        out.text(text);
    }
    return success();
}

Result<void> write_numbers(const JsonValue& value, cbor::Writer& out) {
    WARDLINE_TRY(const auto items, value.array());
    out.array(items.size());
    for (const auto& item : items) {
        WARDLINE_TRY(const auto number, (JsonValue{value.key, item}).number());
        out.uint(number);
    }
    return success();
}

Result<void> write_value(const JsonValue& value, FieldType type, cbor::Writer& out) {
    switch (type) {
        case FieldType::text: {
            WARDLINE_TRY(const auto text, value.text());
            out.text(text);
            break;
        }
        case FieldType::number: {
            WARDLINE_TRY(const auto number, value.number());
            out.uint(number);
            break;
        }
        case FieldType::time: {
            WARDLINE_TRY(const auto time, value.time());
            out.uint(time.ms);
            break;
        }
        case FieldType::id: {
            WARDLINE_TRY(const auto id, value.fixed<DeviceId>());
            out.bytes(id.view());
            break;
        }
        case FieldType::hash: {
            WARDLINE_TRY(const auto hash, value.fixed<Hash>());
            out.bytes(hash.view());
            break;
        }
        case FieldType::texts:
            return write_texts(value, out);
        case FieldType::numbers:
            return write_numbers(value, out);
    }
    return success();
}

// The one encoding of details: the registry's order of fields is that of their keys.
Result<Bytes> encode_details(const JsonValue& value, EntryKind kind) {
    WARDLINE_TRY(const auto object, value.object());
    const auto fields = info_of(kind).fields;
    std::array<std::optional<dom::element>, Details::kFieldsMax> values{};
    std::uint64_t count = 0;
    for (const auto& [key, element] : object) {
        std::size_t index = 0;
        while (index < fields.size() && fields[index].key != key) ++index;
        if (index == fields.size()) return bad_line("has details that its kind does not have");
        if (values[index]) return bad_line("has a key twice");
        values[index] = element;
        ++count;
    }
    cbor::Writer out{256};
    out.map(count);
    for (std::size_t index = 0; index < fields.size(); ++index) {
        if (!values[index]) continue;
        const auto& field = fields[index];
        out.text(field.key);
        WARDLINE_TRY(write_value({field.key, *values[index]}, field.type, out));
    }
    return std::move(out).take();
}

Result<ExportHeader> read_header(const dom::object& object) {
    static constexpr std::array<std::string_view, 8> kKeys{
        "wardline_audit", "clinic", "audit_key", "incarnation", "from", "to", "before", "complete"
    };
    WARDLINE_TRY(const auto fields, JsonFields<8>::read(object, kKeys));
    WARDLINE_TRY(const auto version_value, fields.at(0));
    WARDLINE_TRY(const auto version, version_value.number());
    if (version != 1) return bad_line("is of a version that is not known here");
    ExportHeader out;
    WARDLINE_TRY(const auto clinic, fields.at(1));
    WARDLINE_TRY(out.clinic, clinic.template fixed<ClinicId>());
    WARDLINE_TRY(const auto audit_key, fields.at(2));
    WARDLINE_TRY(out.audit_key, audit_key.template fixed<SigningKey>());
    WARDLINE_TRY(const auto incarnation, fields.at(3));
    WARDLINE_TRY(out.incarnation, incarnation.number());
    WARDLINE_TRY(const auto from, fields.at(4));
    WARDLINE_TRY(out.from, from.number());
    WARDLINE_TRY(const auto to, fields.at(5));
    WARDLINE_TRY(out.to, to.number());
    WARDLINE_TRY(const auto before, fields.at(6));
    WARDLINE_TRY(const auto hashes, before.array());
    if (hashes.size() > kBeforeMax) return improper("list of hashes", before.key);
    for (const auto& item : hashes) {
        WARDLINE_TRY(const auto hash, (JsonValue{before.key, item}).fixed<Hash>());
        out.before.push_back(hash);
    }
    WARDLINE_TRY(const auto complete, fields.at(7));
    WARDLINE_TRY(out.complete, complete.boolean());
    return out;
}

// Where the entry's details are: exactly one of three forms.
template <class Fields>
Result<void> read_content(const Fields& fields, TrailEntry& out) {
    constexpr std::size_t kSalt = 4;
    constexpr std::size_t kDetails = 5;
    constexpr std::size_t kRaw = 6;
    constexpr std::size_t kErased = 7;
    if (fields.has(kErased)) {
        if (fields.has(kSalt) || fields.has(kDetails) || fields.has(kRaw)) {
            return bad_line("has details and says that they are erased");
        }
        WARDLINE_TRY(const auto erased, fields.at(kErased));
        WARDLINE_TRY(out.erased, erased.template fixed<Hash>());
        return success();
    }
    WARDLINE_TRY(const auto salt, fields.at(kSalt));
    WARDLINE_TRY(out.salt, salt.template fixed<Salt>());
    if (fields.has(kDetails) == fields.has(kRaw)) {
        return bad_line("has to have either \"details\" or \"raw\"");
    }
    if (fields.has(kRaw)) {
        WARDLINE_TRY(const auto raw, fields.at(kRaw));
        WARDLINE_TRY(out.details, raw.bytes(cbor::kItemBytesMax));
        return success();
    }
    WARDLINE_TRY(const auto details, fields.at(kDetails));
    WARDLINE_TRY(out.details, encode_details(details, out.kind));
    return success();
}

Result<TrailEntry> read_entry(const dom::object& object) {
    static constexpr std::array<std::string_view, 9> kKeys{
        "seq", "time", "kind", "leaf", "salt", "details", "raw", "erased", "address"
    };
    WARDLINE_TRY(const auto fields, JsonFields<9>::read(object, kKeys));
    TrailEntry out;
    WARDLINE_TRY(const auto seq, fields.at(0));
    WARDLINE_TRY(out.seq, seq.number());
    WARDLINE_TRY(const auto time, fields.at(1));
    WARDLINE_TRY(out.time, time.time());
    WARDLINE_TRY(const auto kind, fields.at(2));
    WARDLINE_TRY(const auto kind_name, kind.text());
    const auto known = kind_named(kind_name);
    if (!known) return bad_line("has a kind of entry that is not known here");
    out.kind = *known;
    WARDLINE_TRY(const auto leaf, fields.at(3));
    WARDLINE_TRY(out.leaf, leaf.template fixed<Hash>());
    WARDLINE_TRY(read_content(fields, out));
    if (fields.has(8)) {
        WARDLINE_TRY(const auto address, fields.at(8));
        WARDLINE_TRY(const auto text, address.text());
        if (text.size() > kAddressMax) return improper("address", kKeys[8]);
        out.address = text;
    }
    return out;
}

Result<ExportLine> read_line(const dom::object& object) {
    // An object without keys is none of them.
    for (const auto& [key, element] : object) {
        if (key == "wardline_audit") {
            WARDLINE_TRY(auto header, read_header(object));
            return ExportLine{std::move(header)};
        }
        if (key == "head") {
            if (object.size() != 1) return bad_line("has a key that does not belong there");
            WARDLINE_TRY(auto head, read_signed_head({key, element}));
            return ExportLine{std::move(head)};
        }
    }
    WARDLINE_TRY(auto entry, read_entry(object));
    return ExportLine{std::move(entry)};
}

}  // namespace

Result<SignedHead> read_signed_head(const JsonValue& value) {
    static constexpr std::array<std::string_view, 2> kKeys{"body", "sig"};
    WARDLINE_TRY(const auto object, value.object());
    WARDLINE_TRY(const auto fields, JsonFields<2>::read(object, kKeys));
    SignedHead out;
    WARDLINE_TRY(const auto body, fields.at(0));
    WARDLINE_TRY(out.body, body.bytes(kHeadBytesMax));
    WARDLINE_TRY(const auto sig, fields.at(1));
    WARDLINE_TRY(out.sig, sig.template fixed<Signature>());
    return out;
}

struct JsonlReader::State {
    dom::parser parser{kExportLineMax};
    std::string padded;
};

JsonlReader::JsonlReader() : state_{std::make_unique<State>()} {}
JsonlReader::JsonlReader(JsonlReader&&) noexcept = default;
JsonlReader& JsonlReader::operator=(JsonlReader&&) noexcept = default;
JsonlReader::~JsonlReader() = default;

Result<ExportLine> JsonlReader::read(std::string_view line) {
    if (line.size() > kExportLineMax) return bad_line("is too long");
    auto& padded = state_->padded;
    padded.reserve(line.size() + kPadding);
    padded = line;
    return read_padded(padded);
}

Result<ExportLine> JsonlReader::read_padded(std::string_view line) {
    static_assert(kPadding >= simdjson::SIMDJSON_PADDING);
    if (line.size() > kExportLineMax) return bad_line("is too long");
    constexpr bool kCopyFirst = false;
    dom::object object;
    const auto parsed = state_->parser.parse(line.data(), line.size(), kCopyFirst).get(object);
    if (parsed != simdjson::SUCCESS) return bad_line("is not one JSON object");
    return read_line(object);
}

}  // namespace wardline::audit
