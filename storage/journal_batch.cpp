#include "storage/journal_batch.hpp"

#include "storage/queries.hpp"

#include <algorithm>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;
using pg::Statement;

constexpr Query kBegin{"begin", "begin"};
constexpr Query kCommit{"commit", "commit"};
constexpr Query kLockHead{
    "lock_head", "select seq, time from heads where clinic = $1::int for update"
};
// Each look-up goes through one unique index, one probe for each row asked for: "lateral … limit 1"
// leaves the planner no other order, whatever it believes of the sizes of tables.
constexpr Query kMessages{"find_messages", R"sql(
    select found.device, found.id, found.seq, found.time, found.hash
    from unnest($2::bytea[], $3::bytea[]) as asked (device, id) cross join lateral (
        select m.device, m.id, m.seq, m.time, m.hash from message_ids m
        where m.clinic = $1::int and m.device = asked.device and m.id = asked.id limit 1
    ) found
)sql"};
constexpr Query kCounters{"find_counters", R"sql(
    select found.device, found.thread, found.audience, found.counter
    from unnest($2::bytea[], $3::bytea[], $4::int4[]) as asked (device, thread, audience)
    cross join lateral (
        select c.device, c.thread, c.audience, c.counter from counters c
        where c.clinic = $1::int and c.device = asked.device and c.thread = asked.thread
            and c.audience = asked.audience
        limit 1
    ) found
)sql"};
constexpr Query kGenerations{"find_generations", R"sql(
    select found.device, found.generation
    from unnest($2::bytea[]) as asked (device) cross join lateral (
        select d.device, d.generation from devices d
        where d.clinic = $1::int and d.device = asked.device limit 1
    ) found
)sql"};
// Of messages only, which have one payload. The state is looked at afterwards, or the planner could
// take an index of the live units, of which there are many.
constexpr Query kUnitsOf{"find_units_of", R"sql(
    select message.seq, home.unit, home.key_number
    from unnest($2::int8[]) as asked (seq)
    cross join lateral (
        select p.seq, p.unit, p.kind from payloads p
        where p.clinic = $1::int and p.seq = asked.seq limit 1
    ) message
    cross join lateral (
        select u.unit, u.key_number, u.state from units u
        where u.clinic = $1::int and u.unit = message.unit limit 1
    ) home
    where message.kind = 2 and home.state = 0
)sql"};
constexpr Query kLiveUnits{"find_live_units", R"sql(
    select found.thread, found.class, found.day, found.unit, found.key_number
    from unnest($2::bytea[], $3::int4[], $4::int4[]) as asked (thread, class, day)
    cross join lateral (
        select u.thread, u.class, u.day, u.unit, u.key_number from units u
        where u.clinic = $1::int and u.thread = asked.thread and u.class = asked.class
            and u.day = asked.day and u.state = 0
        limit 1
    ) found
)sql"};
constexpr Query kCondemnable{"find_condemnable", R"sql(
    select found.unit from unnest($2::int8[]) as asked (unit) cross join lateral (
        select u.unit, u.state from units u
        where u.clinic = $1::int and u.unit = asked.unit limit 1
    ) found
    where found.state = 0
)sql"};

constexpr Query kInsertEntries{"insert_entries", R"sql(
    insert into entries (clinic, seq, time, kind, leaf)
    select $1::int, * from unnest($2::int8[], $3::int8[], $4::int4[], $5::bytea[])
)sql"};
constexpr Query kInsertDetails{"insert_details", R"sql(
    insert into entry_details (clinic, seq, salt, details, thread, class)
    select $1::int, * from unnest($2::int8[], $3::bytea[], $4::bytea[], $5::bytea[], $6::int4[])
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

Params with_clinic(int clinic) {
    return std::move(Params{}.int4(clinic));
}

template <class Range, class Add>
void int8_column(Params& params, const Range& rows, Add value) {
    params.int8s(rows.size());
    for (const auto& row : rows) params.add_int8(value(row));
}
template <class Range, class Add>
void int4_column(Params& params, const Range& rows, Add value) {
    params.int4s(rows.size());
    for (const auto& row : rows) params.add_int4(static_cast<std::int64_t>(value(row)));
}
template <class Range, class Add>
void bytes_column(Params& params, const Range& rows, Add value) {
    params.byteas(rows.size());
    for (const auto& row : rows) params.add_bytes(value(row));
}

Statement entry_rows(int clinic, const BatchWrites& writes) {
    auto params = with_clinic(clinic);
    int8_column(params, writes.entries, [](const auto& e) { return e.seq; });
    int8_column(params, writes.entries, [](const auto& e) { return e.time.ms; });
    int4_column(params, writes.entries, [](const auto& e) { return e.kind; });
    bytes_column(params, writes.leaves, [](const auto& leaf) { return leaf.view(); });
    return {&kInsertEntries, std::move(params)};
}

Statement detail_rows(int clinic, const std::vector<StoredEntry>& entries) {
    auto params = with_clinic(clinic);
    int8_column(params, entries, [](const auto& e) { return e.seq; });
    bytes_column(params, entries, [](const auto& e) { return e.salt.view(); });
    bytes_column(params, entries, [](const auto& e) { return BytesView{e.details}; });
    params.byteas(entries.size());
    for (const auto& entry : entries) {
        entry.thread ? params.add_bytes(entry.thread->view()) : params.add_null();
    }
    params.int4s(entries.size());
    for (const auto& entry : entries) {
        entry.message_class ? params.add_int4(static_cast<int>(*entry.message_class))
                            : params.add_null();
    }
    return {&kInsertDetails, std::move(params)};
}

Statement statement_rows(int clinic, const std::vector<StoredEntry>& entries) {
    std::vector<std::pair<Seq, const StoredStatement*>> rows;
    for (const auto& entry : entries) {
        if (entry.statement) rows.emplace_back(entry.seq, &*entry.statement);
    }
    auto params = with_clinic(clinic);
    int8_column(params, rows, [](const auto& r) { return r.first; });
    params.texts(rows.size());
    for (const auto& row : rows) params.add_bytes(as_bytes(row.second->chain));
    int8_column(params, rows, [](const auto& r) { return r.second->pos; });
    bytes_column(params, rows, [](const auto& r) { return r.second->hash.view(); });
    bytes_column(params, rows, [](const auto& r) { return BytesView{r.second->bytes}; });
    return {&kInsertStatements, std::move(params)};
}

Statement payload_rows(int clinic, const std::vector<WrappedPayload>& payloads) {
    auto params = with_clinic(clinic);
    int8_column(params, payloads, [](const auto& p) { return p.seq; });
    int8_column(params, payloads, [](const auto& p) { return p.unit; });
    int4_column(params, payloads, [](const auto& p) { return p.kind; });
    bytes_column(params, payloads, [](const auto& p) { return BytesView{p.bytes}; });
    return {&kInsertPayloads, std::move(params)};
}

Statement message_rows(int clinic, const std::vector<MessageRow>& messages) {
    auto params = with_clinic(clinic);
    bytes_column(params, messages, [](const auto& m) { return m.name.first.view(); });
    bytes_column(params, messages, [](const auto& m) { return m.name.second.view(); });
    int8_column(params, messages, [](const auto& m) { return m.answer.seq; });
    int8_column(params, messages, [](const auto& m) { return m.answer.time.ms; });
    bytes_column(params, messages, [](const auto& m) { return m.answer.hash.view(); });
    return {&kInsertMessages, std::move(params)};
}

Statement counter_rows(int clinic, const std::map<CounterName, std::uint64_t>& counters) {
    auto params = with_clinic(clinic);
    bytes_column(params, counters, [](const auto& c) { return std::get<0>(c.first).view(); });
    bytes_column(params, counters, [](const auto& c) { return std::get<1>(c.first).view(); });
    int4_column(params, counters, [](const auto& c) { return std::get<2>(c.first); });
    int8_column(params, counters, [](const auto& c) { return c.second; });
    return {&kUpsertCounters, std::move(params)};
}

Statement unit_rows(int clinic, const std::vector<std::pair<UnitPlace, UnitSlot>>& units) {
    auto params = with_clinic(clinic);
    int8_column(params, units, [](const auto& u) { return u.second.unit; });
    bytes_column(params, units, [](const auto& u) { return u.first.thread.view(); });
    int4_column(params, units, [](const auto& u) { return u.first.message_class; });
    int4_column(params, units, [](const auto& u) { return u.first.day; });
    int8_column(params, units, [](const auto& u) { return u.second.key; });
    return {&kInsertUnits, std::move(params)};
}

Statement tile_rows(int clinic, const std::vector<audit::Tile>& tiles) {
    auto params = with_clinic(clinic);
    int4_column(params, tiles, [](const auto& t) { return t.id.level; });
    int8_column(params, tiles, [](const auto& t) { return t.id.index; });
    bytes_column(params, tiles, [](const auto& t) { return t.root.view(); });
    params.byteas(tiles.size());
    Bytes joined;
    for (const auto& tile : tiles) {
        joined.clear();
        for (const auto& hash : tile.hashes) append(joined, hash.view());
        params.add_bytes(joined);
    }
    return {&kInsertTiles, std::move(params)};
}

Statement generation_rows(int clinic, const std::vector<LoginGeneration>& logins) {
    // The last of one device is the highest; a row may be written once only by one statement.
    std::map<DeviceId, std::uint64_t> rows;
    for (const auto& login : logins) rows[login.device] = login.generation;
    auto params = with_clinic(clinic);
    bytes_column(params, rows, [](const auto& r) { return r.first.view(); });
    int8_column(params, rows, [](const auto& r) { return r.second; });
    return {&kUpsertGenerations, std::move(params)};
}

void add_box_rows(int clinic, const BatchWrites& writes, std::vector<Statement>& out) {
    for (const auto& epoch : writes.epoch_boxes) {
        auto params = with_clinic(clinic);
        params.bytea(epoch.epoch.view()).boolean(epoch.previous);
        bytes_column(params, epoch.boxes, [](const auto& box) { return BytesView{box}; });
        out.push_back({&kInsertEpochBoxes, std::move(params)});
    }
    for (const auto& [seq, admit] : writes.admit_boxes) {
        auto params = with_clinic(clinic);
        params.bytea(admit.epoch.view()).bytea(admit.device.view()).int8(seq).bytea(admit.box);
        out.push_back({&kInsertAdmitBox, std::move(params)});
    }
}

void add_side_rows(int clinic, const SideWrites& side, std::vector<Statement>& out) {
    if (!side.cursors.empty()) {
        auto params = with_clinic(clinic);
        bytes_column(params, side.cursors, [](const auto& c) { return c.first.first.view(); });
        bytes_column(params, side.cursors, [](const auto& c) { return c.first.second.view(); });
        int8_column(params, side.cursors, [](const auto& c) { return c.second.first; });
        int8_column(params, side.cursors, [](const auto& c) { return c.second.second; });
        out.push_back({&kUpsertCursors, std::move(params)});
    }
    if (!side.seen.empty()) {
        auto params = with_clinic(clinic);
        bytes_column(params, side.seen, [](const auto& s) { return s.first.view(); });
        int8_column(params, side.seen, [](const auto& s) { return s.second.ms; });
        out.push_back({&kUpsertSeen, std::move(params)});
    }
}

void ask_messages(int clinic, const std::vector<const Act*>& acts, std::vector<Statement>& out) {
    std::vector<const MessageAsk*> asks;
    for (const auto* act : acts) {
        if (act->message) asks.push_back(&*act->message);
    }
    if (asks.empty()) return;
    auto names = with_clinic(clinic);
    bytes_column(names, asks, [](const auto* ask) { return ask->device.view(); });
    bytes_column(names, asks, [](const auto* ask) { return ask->id.view(); });
    out.push_back({&kMessages, std::move(names)});

    std::set<CounterName> wanted;
    for (const auto* ask : asks) {
        wanted.emplace(ask->device, ask->thread, trust::audience_of(ask->message_class));
    }
    auto counters = with_clinic(clinic);
    bytes_column(counters, wanted, [](const auto& c) { return std::get<0>(c).view(); });
    bytes_column(counters, wanted, [](const auto& c) { return std::get<1>(c).view(); });
    int4_column(counters, wanted, [](const auto& c) { return std::get<2>(c); });
    out.push_back({&kCounters, std::move(counters)});
}

// The rarer questions: of every act what it names, all in one.
struct Named {
    std::set<DeviceId> generations;
    std::set<Seq> units_of;
    std::set<UnitNumber> condemn;

    explicit Named(const std::vector<const Act*>& acts) {
        for (const auto* act : acts) {
            if (act->generation_of) generations.insert(*act->generation_of);
            units_of.insert(act->units_of.begin(), act->units_of.end());
            condemn.insert(act->condemn.begin(), act->condemn.end());
        }
    }
};

void read_messages(const pg::Rows& messages, const pg::Rows& counters, BatchFacts& facts) {
    for (int row = 0; row < messages.size(); ++row) {
        facts.messages.insert_or_assign(
            MessageName{messages.fixed<DeviceId>(row, 0), messages.fixed<MessageId>(row, 1)},
            FirstAnswer{
                messages.number(row, 2),
                Instant{messages.number(row, 3)},
                messages.fixed<Hash>(row, 4)
            }
        );
    }
    for (int row = 0; row < counters.size(); ++row) {
        const CounterName name{
            counters.fixed<DeviceId>(row, 0),
            counters.fixed<ThreadId>(row, 1),
            static_cast<trust::Audience>(counters.number(row, 2))
        };
        facts.counters[name] = counters.number(row, 3);
    }
}

}  // namespace

std::vector<pg::Query> journal_writer_queries() {
    return {kBegin,          kCommit,           kLockHead,       kMessages,
            kCounters,       kGenerations,      kUnitsOf,        kLiveUnits,
            kCondemnable,    kInsertEntries,    kInsertDetails,  kInsertStatements,
            kInsertPayloads, kInsertMessages,   kUpsertCounters, kInsertUnits,
            kCondemn,        kInsertEpochBoxes, kInsertAdmitBox, kUpsertGenerations,
            kFound,          kInsertTiles,      kUpsertCursors,  kUpsertSeen,
            kMoveHead,       kTouchHead,        kNotify};
}

JudgeFacts BatchFacts::for_act(const Act& act, Seq seq, Instant time) const {
    JudgeFacts out;
    out.seq = seq;
    out.time = time;
    if (act.message) {
        const CounterName name{
            act.message->device, act.message->thread, trust::audience_of(act.message->message_class)
        };
        if (const auto found = counters.find(name); found != counters.end()) {
            out.last_counter = found->second;
        }
    }
    if (act.generation_of) {
        const auto found = generations.find(*act.generation_of);
        if (found != generations.end()) out.generation = found->second;
    }
    for (const auto wanted : act.units_of) {
        const auto found = units_of.find(wanted);
        const bool known = found != units_of.end();
        out.units.push_back(known ? std::optional{found->second.unit} : std::nullopt);
    }
    std::ranges::copy_if(act.condemn, std::back_inserter(out.live), [this](UnitNumber unit) {
        return condemnable.contains(unit);
    });
    return out;
}

std::vector<UnitPlace> places_of(const std::vector<const Act*>& acts, std::uint32_t day) {
    std::set<UnitPlace> places;
    for (const auto* act : acts) {
        if (act->message) places.insert({act->message->thread, act->message->message_class, day});
    }
    return {places.begin(), places.end()};
}

pg::Statement look_up_units(int clinic, const std::vector<UnitPlace>& places) {
    auto params = with_clinic(clinic);
    bytes_column(params, places, [](const auto& p) { return p.thread.view(); });
    int4_column(params, places, [](const auto& p) { return p.message_class; });
    int4_column(params, places, [](const auto& p) { return p.day; });
    return {&kLiveUnits, std::move(params)};
}

void add_units(const pg::Rows& rows, std::map<UnitPlace, UnitSlot>& units) {
    for (int row = 0; row < rows.size(); ++row) {
        const UnitPlace place{
            rows.fixed<ThreadId>(row, 0),
            static_cast<trust::MessageClass>(rows.number(row, 1)),
            static_cast<std::uint32_t>(rows.number(row, 2))
        };
        units.insert_or_assign(place, UnitSlot{rows.number(row, 3), rows.number(row, 4)});
    }
}

std::vector<pg::Statement> lock_and_look_up(
    int clinic, const std::vector<const Act*>& acts, std::uint32_t day
) {
    std::vector<Statement> out;
    out.push_back({&kBegin, {}});
    out.push_back({&kLockHead, with_clinic(clinic)});
    ask_messages(clinic, acts, out);
    if (const auto places = places_of(acts, day); !places.empty()) {
        out.push_back(look_up_units(clinic, places));
    }
    const Named named{acts};
    if (!named.generations.empty()) {
        out.push_back({&kGenerations, with_clinic(clinic).fixed_array(named.generations)});
    }
    const auto ask_numbers = [&](const Query& query, const std::set<std::uint64_t>& numbers) {
        if (numbers.empty()) return;
        const std::vector<std::uint64_t> list{numbers.begin(), numbers.end()};
        out.push_back({&query, with_clinic(clinic).int8s(list)});
    };
    ask_numbers(kUnitsOf, named.units_of);
    ask_numbers(kCondemnable, named.condemn);
    return out;
}

BatchFacts facts_of(const std::vector<const Act*>& acts, const std::vector<pg::Rows>& answers) {
    BatchFacts facts;
    facts.head_seq = answers[1].number(0, 0);
    facts.head_time.ms = answers[1].number(0, 1);
    std::size_t next = 2;
    const bool messages =
        std::ranges::any_of(acts, [](const auto* act) { return act->message.has_value(); });
    if (messages) {
        read_messages(answers[next], answers[next + 1], facts);
        add_units(answers[next + 2], facts.live_units);
        next += 3;
    }
    const Named named{acts};
    if (!named.generations.empty()) {
        const auto& rows = answers[next++];
        for (int row = 0; row < rows.size(); ++row) {
            facts.generations[rows.fixed<DeviceId>(row, 0)] = rows.number(row, 1);
        }
    }
    if (!named.units_of.empty()) {
        const auto& rows = answers[next++];
        for (int row = 0; row < rows.size(); ++row) {
            facts.units_of[rows.number(row, 0)] = {rows.number(row, 1), rows.number(row, 2)};
        }
    }
    if (!named.condemn.empty()) {
        const auto& rows = answers[next++];
        for (int row = 0; row < rows.size(); ++row) facts.condemnable.insert(rows.number(row, 0));
    }
    return facts;
}

std::vector<pg::Statement> writes_of(int clinic, const BatchWrites& writes) {
    std::vector<Statement> out;
    if (writes.founds) out.push_back({&kFound, with_clinic(clinic).bytea(writes.founds->view())});
    if (!writes.entries.empty()) {
        out.push_back(entry_rows(clinic, writes));
        out.push_back(detail_rows(clinic, writes.entries));
        const auto has_statement = [](const auto& entry) { return entry.statement.has_value(); };
        if (std::ranges::any_of(writes.entries, has_statement)) {
            out.push_back(statement_rows(clinic, writes.entries));
        }
    }
    // First, because a new unit may take the place of a condemned one.
    if (!writes.condemn.empty()) {
        out.push_back({&kCondemn, with_clinic(clinic).int8s(writes.condemn)});
    }
    if (!writes.units.empty()) out.push_back(unit_rows(clinic, writes.units));
    if (!writes.payloads.empty()) out.push_back(payload_rows(clinic, writes.payloads));
    if (!writes.messages.empty()) out.push_back(message_rows(clinic, writes.messages));
    if (!writes.counters.empty()) out.push_back(counter_rows(clinic, writes.counters));
    if (!writes.generations.empty()) out.push_back(generation_rows(clinic, writes.generations));
    if (!writes.tiles.empty()) out.push_back(tile_rows(clinic, writes.tiles));
    add_box_rows(clinic, writes, out);
    add_side_rows(clinic, writes.side, out);
    if (writes.entries.empty()) {
        out.push_back({&kTouchHead, with_clinic(clinic)});
    } else {
        const auto& last = writes.entries.back();
        auto params = with_clinic(clinic);
        params.int8(last.seq).int8(last.time.ms);
        params.bytea(writes.head.body).bytea(writes.head.sig.view());
        out.push_back({&kMoveHead, std::move(params)});
        out.push_back({&kNotify, std::move(Params{}.int8(last.seq))});
    }
    out.push_back({&kCommit, {}});
    return out;
}

}  // namespace wardline::storage
