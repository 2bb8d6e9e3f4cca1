#include "protocol/wire/entry.hpp"

#include "protocol/base/cbor_writer.hpp"

namespace wardline::wire {
namespace {

// Room for the keys and numbers around the byte strings.
constexpr std::size_t kEntryOverheadBytes = 160;
constexpr std::size_t kDetailsBytesMax = 16'384;
constexpr std::size_t kChainBytesMax = 80;

std::size_t size_estimate(const Entry& entry) {
    return kEntryOverheadBytes + entry.details.size() + entry.statement.size() +
           entry.message.size() + entry.live.size() + entry.added.size();
}

// Keys in the order of their bytes.
void write(cbor::Writer& writer, const Entry& entry) {
    if (entry.erased) {
        writer.map(4).text("erased").bytes(entry.erased->view());
        writer.text("kind").uint(static_cast<std::uint64_t>(entry.kind));
        writer.text("seq").uint(entry.seq).text("time").uint(entry.time.ms);
        return;
    }
    const auto pairs = 5U + (entry.added.empty() ? 0U : 1U) + (entry.chain ? 1U : 0U) +
                       (entry.expired ? 1U : 0U) + (entry.live.empty() ? 0U : 1U) +
                       (entry.message.empty() ? 0U : 1U) + (entry.statement.empty() ? 0U : 1U);
    writer.map(pairs);
    if (!entry.added.empty()) writer.text("added").item(entry.added);
    if (entry.chain) writer.text("chain").text(entry.chain->text());
    writer.text("details").bytes(entry.details);
    if (entry.expired) writer.text("expired").boolean(true);
    writer.text("kind").uint(static_cast<std::uint64_t>(entry.kind));
    if (!entry.live.empty()) writer.text("live").item(entry.live);
    if (!entry.message.empty()) writer.text("message").item(entry.message);
    writer.text("salt").bytes(entry.salt.view());
    writer.text("seq").uint(entry.seq);
    if (!entry.statement.empty()) writer.text("statement").item(entry.statement);
    writer.text("time").uint(entry.time.ms);
}

// A payload goes back to the bytes that it was spliced from: maps and arrays of byte strings have
// one encoding, and what was signed lies inside the byte strings.
Result<Bytes> payload(const cbor::Json& map, const char* key, cbor::Json::value_t kind) {
    const auto found = map.find(key);
    if (found == map.end()) return Bytes{};
    if (found->type() != kind) {
        return Error{Code::bad_frame, "an entry's payload is of the wrong kind"};
    }
    return cbor::encode(*found);
}

}  // namespace

Bytes encode(const Entry& entry) {
    cbor::Writer writer{size_estimate(entry)};
    write(writer, entry);
    return std::move(writer).take();
}

Result<Entry> parse_entry(const cbor::Json& map) {
    using Kind = cbor::Json::value_t;
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    Entry out;
    WARDLINE_TRY(out.seq, reader.uint("seq"));
    if (out.seq == 0) return Error{Code::bad_frame, "entries are numbered from 1"};
    WARDLINE_TRY(const auto time, reader.uint("time"));
    out.time = Instant{time};
    WARDLINE_TRY(const auto kind, reader.uint("kind"));
    WARDLINE_TRY(out.kind, parse_entry_kind(kind));
    if (reader.has("erased")) {
        WARDLINE_TRY(out.erased, reader.fixed<Hash>("erased"));
        if (reader.has("details") || reader.has("salt"))
            return Error{Code::bad_frame, "an erased entry has no details"};
        return out;
    }
    WARDLINE_TRY(out.details, reader.bytes("details", kDetailsBytesMax));
    WARDLINE_TRY(out.salt, reader.fixed<Salt>("salt"));
    if (reader.has("chain")) {
        WARDLINE_TRY(const auto text, reader.text("chain", kChainBytesMax));
        WARDLINE_TRY(out.chain, trust::ChainName::parse(text));
    }
    WARDLINE_TRY(out.statement, payload(map, "statement", Kind::object));
    WARDLINE_TRY(out.message, payload(map, "message", Kind::object));
    WARDLINE_TRY(out.live, payload(map, "live", Kind::array));
    WARDLINE_TRY(out.added, payload(map, "added", Kind::array));
    if (reader.has("expired")) {
        WARDLINE_TRY(out.expired, reader.boolean("expired"));
    }
    return out;
}

Result<std::vector<Entry>> parse_entries(const cbor::Json& array, std::size_t entries_max) {
    if (!array.is_array() || array.size() > entries_max) {
        return Error{Code::bad_frame, "not a list of entries"};
    }
    std::vector<Entry> out;
    out.reserve(array.size());
    for (const auto& item : array) {
        WARDLINE_TRY(auto entry, parse_entry(item));
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace wardline::wire
