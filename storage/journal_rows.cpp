#include "storage/journal_rows.hpp"

#include "storage/columns.hpp"
#include "storage/measurement.hpp"
#include "storage/queries.hpp"

#include <algorithm>
#include <string_view>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;
using pg::Statement;

constexpr Query kCommit{"commit", "commit"};
constexpr Query kInsertEntries{"insert_entries", R"sql(
    insert into entries (clinic, seq, time, kind, leaf)
    select $1::int, * from unnest($2::int8[], $3::int8[], $4::int4[], $5::bytea[])
)sql"};
constexpr Query kInsertDetails{"insert_details", R"sql(
    insert into entry_details (clinic, seq, salt, details, thread, about, class)
    select $1::int, *
    from unnest($2::int8[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::int4[])
)sql"};
constexpr Query kInsertStatements{"insert_statements", R"sql(
    insert into statements (clinic, seq, chain, pos, hash, statement)
    select $1::int, * from unnest($2::int8[], $3::text[], $4::int8[], $5::bytea[], $6::bytea[])
)sql"};
constexpr Query kInsertPayloads{"insert_payloads", R"sql(
    insert into payloads (clinic, seq, unit, kind, wrapped)
    select $1::int, * from unnest($2::int8[], $3::int8[], $4::int4[], $5::bytea[])
)sql"};
constexpr Query kInsertMessages{"insert_messages", R"sql(
    insert into message_ids (clinic, device, id, seq, time, hash)
    select $1::int, * from unnest($2::bytea[], $3::bytea[], $4::int8[], $5::int8[], $6::bytea[])
)sql"};
constexpr Query kUpsertCounters{"upsert_counters", R"sql(
    insert into counters (clinic, device, thread, audience, counter)
    select $1::int, * from unnest($2::bytea[], $3::bytea[], $4::int4[], $5::int8[])
    on conflict (clinic, device, thread, audience) do update set counter = excluded.counter
)sql"};
constexpr Query kInsertUnits{"insert_units", R"sql(
    insert into units (clinic, unit, thread, class, day, key_number)
    select $1::int, * from unnest($2::int8[], $3::bytea[], $4::int4[], $5::int4[], $6::int8[])
)sql"};
constexpr Query kCondemn{"condemn_units", R"sql(
    update units set state = 1 where clinic = $1::int and unit = any($2::int8[])
)sql"};
constexpr Query kInsertEpochBoxes{"insert_epoch_boxes", R"sql(
    insert into epoch_boxes (clinic, epoch, previous, boxes)
    values ($1::int, $2::bytea, $3::boolean, $4::bytea[])
)sql"};
constexpr Query kInsertAdmitBox{"insert_admit_box", R"sql(
    insert into admit_boxes (clinic, epoch, device, seq, box)
    values ($1::int, $2::bytea, $3::bytea, $4::int8, $5::bytea)
)sql"};
constexpr Query kUpsertGenerations{"upsert_generations", R"sql(
    insert into devices (clinic, device, generation)
    select $1::int, * from unnest($2::bytea[], $3::int8[])
    on conflict (clinic, device) do update set generation = excluded.generation
)sql"};
constexpr Query kInsertAddresses{"insert_addresses", R"sql(
    insert into addresses (clinic, seq, time, address)
    select $1::int, * from unnest($2::int8[], $3::int8[], $4::text[])
)sql"};
constexpr Query kKeepHead{"keep_head", R"sql(
    insert into tree_heads (clinic, size, time, body, sig)
    values ($1::int, $2::int8, $3::int8, $4::bytea, $5::bytea)
)sql"};
constexpr Query kFound{
    "found_clinic", "update clinics set id = $2::bytea where clinic = $1::int and id is null"
};
constexpr Query kInsertTiles{"insert_tiles", R"sql(
    insert into tiles (clinic, level, index, root, hashes)
    select $1::int, * from unnest($2::int4[], $3::int8[], $4::bytea[], $5::bytea[])
)sql"};
constexpr Query kUpsertCursors{"upsert_cursors", R"sql(
    insert into cursors (clinic, device, thread, delivered, read)
    select $1::int, * from unnest($2::bytea[], $3::bytea[], $4::int8[], $5::int8[])
    on conflict (clinic, thread, device) do update set
        delivered = greatest(cursors.delivered, excluded.delivered),
        read = greatest(cursors.read, excluded.read)
)sql"};
constexpr Query kUpsertSeen{"upsert_seen", R"sql(
    insert into devices (clinic, device, last_seen)
    select $1::int, * from unnest($2::bytea[], $3::int8[])
    on conflict (clinic, device) do update set
        last_seen = greatest(devices.last_seen, excluded.last_seen)
)sql"};
constexpr Query kMoveHead{"move_head", R"sql(
    update heads set seq = $2::int8, time = $3::int8, body = $4::bytea, sig = $5::bytea,
        fence = fence + 1
    where clinic = $1::int
)sql"};
// A batch that only repeats answers is a committed write all the same, so that it waits for what
// the first answer waited for.
constexpr Query kTouchHead{
    "touch_head", "update heads set fence = fence + 1 where clinic = $1::int"
};
// With the newest number, so that nobody looks for what they have already.
constexpr Query kNotify{
    "notify_nodes", "select pg_notify('wardline_journal', ($1::int8)::text)::text is null"
};

Statement entry_rows(int clinic, const BatchWrites& writes) {
    // Entries, with the leaf of each.
    struct Row {
        const StoredEntry& entry;
        const Hash& leaf;
    };
    std::vector<Row> rows;
    rows.reserve(writes.entries.size());
    for (std::size_t i = 0; i < writes.entries.size(); ++i) {
        rows.push_back({writes.entries[i], writes.leaves[i]});
    }
    return Columns{clinic, rows}
        .int8([](const auto& r) { return r.entry.seq; })
        .int8([](const auto& r) { return r.entry.time.ms; })
        .int4([](const auto& r) { return r.entry.kind; })
        .bytes([](const auto& r) { return r.leaf.view(); })
        .into(kInsertEntries);
}

Statement detail_rows(int clinic, const std::vector<StoredEntry>& entries) {
    return Columns{clinic, entries}
        .int8([](const auto& e) { return e.seq; })
        .bytes([](const auto& e) { return e.salt.view(); })
        .bytes([](const auto& e) { return BytesView{e.details}; })
        .optional_bytes([](const auto& e) { return e.thread; })
        .optional_bytes([](const auto& e) { return e.about; })
        .optional_int4([](const auto& e) { return e.message_class; })
        .into(kInsertDetails);
}

Statement statement_rows(int clinic, const std::vector<StoredEntry>& entries) {
    std::vector<const StoredEntry*> rows;
    for (const auto& entry : entries) {
        if (entry.statement) rows.push_back(&entry);
    }
    return Columns{clinic, rows}
        .int8([](const auto* e) { return e->seq; })
        .text([](const auto* e) { return std::string_view{e->statement->chain}; })
        .int8([](const auto* e) { return e->statement->pos; })
        .bytes([](const auto* e) { return e->statement->hash.view(); })
        .bytes([](const auto* e) { return BytesView{e->statement->bytes}; })
        .into(kInsertStatements);
}

Statement payload_rows(int clinic, const std::vector<WrappedPayload>& payloads) {
    return Columns{clinic, payloads}
        .int8([](const auto& p) { return p.seq; })
        .int8([](const auto& p) { return p.unit; })
        .int4([](const auto& p) { return p.kind; })
        .bytes([](const auto& p) { return BytesView{p.bytes}; })
        .into(kInsertPayloads);
}

Statement message_rows(int clinic, const std::vector<MessageRow>& messages) {
    return Columns{clinic, messages}
        .bytes([](const auto& m) { return m.name.first.view(); })
        .bytes([](const auto& m) { return m.name.second.view(); })
        .int8([](const auto& m) { return m.answer.seq; })
        .int8([](const auto& m) { return m.answer.time.ms; })
        .bytes([](const auto& m) { return m.answer.hash.view(); })
        .into(kInsertMessages);
}

Statement counter_rows(int clinic, const std::map<CounterName, std::uint64_t>& counters) {
    return Columns{clinic, counters}
        .bytes([](const auto& c) { return std::get<0>(c.first).view(); })
        .bytes([](const auto& c) { return std::get<1>(c.first).view(); })
        .int4([](const auto& c) { return std::get<2>(c.first); })
        .int8([](const auto& c) { return c.second; })
        .into(kUpsertCounters);
}

Statement unit_rows(int clinic, const std::vector<std::pair<UnitPlace, UnitSlot>>& units) {
    return Columns{clinic, units}
        .int8([](const auto& u) { return u.second.unit; })
        .bytes([](const auto& u) { return u.first.thread.view(); })
        .int4([](const auto& u) { return u.first.message_class; })
        .int4([](const auto& u) { return u.first.day; })
        .int8([](const auto& u) { return u.second.key; })
        .into(kInsertUnits);
}

Statement tile_rows(int clinic, const std::vector<audit::Tile>& tiles) {
    return Columns{clinic, tiles}
        .int4([](const auto& t) { return t.id.level; })
        .int8([](const auto& t) { return t.id.index; })
        .bytes([](const auto& t) { return t.root.view(); })
        .bytes([](const auto& t) {
            Bytes joined;
            for (const auto& hash : t.hashes) append(joined, hash.view());
            return joined;
        })
        .into(kInsertTiles);
}

Statement generation_rows(int clinic, const std::vector<LoginGeneration>& logins) {
    // The last of one device is the highest; a row may be written once only by one statement.
    std::map<DeviceId, std::uint64_t> rows;
    for (const auto& login : logins) rows[login.device] = login.generation;
    return Columns{clinic, rows}.bytes([](const auto& r) { return r.first.view(); }
    ).int8([](const auto& r) {
         return r.second;
     }).into(kUpsertGenerations);
}

Statement address_rows(int clinic, const BatchWrites& writes) {
    const auto time = writes.entries.back().time.ms;
    return Columns{clinic, writes.addresses}
        .int8([](const auto& a) { return a.first; })
        .int8([time](const auto&) { return time; })
        .text([](const auto& a) { return std::string_view{a.second}; })
        .into(kInsertAddresses);
}

void add_box_rows(int clinic, const BatchWrites& writes, std::vector<Statement>& out) {
    for (const auto& epoch : writes.epoch_boxes) {
        auto params = std::move(Params{}.int4(clinic));
        params.bytea(epoch.epoch.view()).boolean(epoch.previous).byteas(epoch.boxes.size());
        for (const auto& box : epoch.boxes) params.add_bytes(box);
        out.push_back({&kInsertEpochBoxes, std::move(params)});
    }
    for (const auto& [seq, admit] : writes.admit_boxes) {
        auto params = std::move(Params{}.int4(clinic));
        params.bytea(admit.epoch.view()).bytea(admit.device.view()).int8(seq).bytea(admit.box);
        out.push_back({&kInsertAdmitBox, std::move(params)});
    }
}

void add_side_rows(int clinic, const SideWrites& side, std::vector<Statement>& out) {
    if (!side.cursors.empty()) {
        out.push_back(Columns{clinic, side.cursors}
                          .bytes([](const auto& c) { return c.first.first.view(); })
                          .bytes([](const auto& c) { return c.first.second.view(); })
                          .int8([](const auto& c) { return c.second.first; })
                          .int8([](const auto& c) { return c.second.second; })
                          .into(kUpsertCursors));
    }
    if (!side.seen.empty()) {
        out.push_back(Columns{clinic, side.seen}.bytes([](const auto& s) { return s.first.view(); }
        ).int8([](const auto& s) {
             return s.second.ms;
         }).into(kUpsertSeen));
    }
}

}  // namespace

std::vector<pg::Query> journal_rows_queries() {
    return {kCommit,          kInsertEntries,    kInsertDetails,  kInsertStatements,
            kInsertPayloads,  kInsertMessages,   kUpsertCounters, kInsertUnits,
            kCondemn,         kInsertEpochBoxes, kInsertAdmitBox, kUpsertGenerations,
            kInsertAddresses, kKeepHead,         kFound,          kInsertTiles,
            kUpsertCursors,   kUpsertSeen,       kMoveHead,       kTouchHead,
            kNotify};
}

std::vector<pg::Statement> writes_of(int clinic, const BatchWrites& writes) {
    std::vector<Statement> out;
    if (writes.founds) out.push_back({&kFound, Params{}.int4(clinic).bytea(writes.founds->view())});
    if (!writes.entries.empty()) {
        out.push_back(entry_rows(clinic, writes));
        if (kKeepsTrail) out.push_back(detail_rows(clinic, writes.entries));
        const auto has_statement = [](const auto& entry) { return entry.statement.has_value(); };
        if (std::ranges::any_of(writes.entries, has_statement)) {
            out.push_back(statement_rows(clinic, writes.entries));
        }
    }
    // First, because a new unit may take the place of a condemned one.
    if (!writes.condemn.empty()) {
        out.push_back({&kCondemn, Params{}.int4(clinic).int8s(writes.condemn)});
    }
    if (!writes.units.empty()) out.push_back(unit_rows(clinic, writes.units));
    if (!writes.payloads.empty()) out.push_back(payload_rows(clinic, writes.payloads));
    if (!writes.messages.empty()) out.push_back(message_rows(clinic, writes.messages));
    if (!writes.counters.empty()) out.push_back(counter_rows(clinic, writes.counters));
    if (!writes.generations.empty()) out.push_back(generation_rows(clinic, writes.generations));
    if (!writes.addresses.empty()) out.push_back(address_rows(clinic, writes));
    if (!writes.tiles.empty()) out.push_back(tile_rows(clinic, writes.tiles));
    add_box_rows(clinic, writes, out);
    add_side_rows(clinic, writes.side, out);
    if (writes.entries.empty()) {
        out.push_back({&kTouchHead, Params{}.int4(clinic)});
    } else {
        const auto& last = writes.entries.back();
        auto params = std::move(Params{}.int4(clinic));
        params.int8(last.seq).int8(last.time.ms);
        params.bytea(writes.head.body).bytea(writes.head.sig.view());
        if (writes.keep_head) out.push_back({&kKeepHead, params});
        out.push_back({&kMoveHead, std::move(params)});
        out.push_back({&kNotify, std::move(Params{}.int8(last.seq))});
    }
    out.push_back({&kCommit, {}});
    return out;
}

}  // namespace wardline::storage
