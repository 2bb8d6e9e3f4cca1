#include "storage/journal_look_up.hpp"

#include "storage/columns.hpp"
#include "storage/queries.hpp"

#include <algorithm>
#include <iterator>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;
using pg::Statement;

constexpr Query kBegin{"begin", "begin"};
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

void ask_messages(int clinic, const std::vector<const Act*>& acts, std::vector<Statement>& out) {
    std::vector<const MessageAsk*> asks;
    for (const auto* act : acts) {
        if (act->message) asks.push_back(&*act->message);
    }
    if (asks.empty()) return;
    out.push_back(Columns{clinic, asks}.bytes([](const auto* ask) { return ask->device.view(); }
    ).bytes([](const auto* ask) {
         return ask->id.view();
     }).into(kMessages));

    std::set<CounterName> wanted;
    for (const auto* ask : asks) {
        wanted.emplace(ask->device, ask->thread, trust::audience_of(ask->message_class));
    }
    out.push_back(Columns{clinic, wanted}.bytes([](const auto& c) { return std::get<0>(c).view(); }
    ).bytes([](const auto& c) {
         return std::get<1>(c).view();
     }).int4([](const auto& c) {
           return std::get<2>(c);
       }).into(kCounters));
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

std::vector<pg::Query> journal_look_up_queries() {
    return {
        kBegin, kLockHead, kMessages, kCounters, kGenerations, kUnitsOf, kLiveUnits, kCondemnable
    };
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
    return Columns{clinic, places}
        .bytes([](const auto& p) { return p.thread.view(); })
        .int4([](const auto& p) { return p.message_class; })
        .int4([](const auto& p) { return p.day; })
        .into(kLiveUnits);
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
    out.push_back({&kLockHead, Params{}.int4(clinic)});
    ask_messages(clinic, acts, out);
    if (const auto places = places_of(acts, day); !places.empty()) {
        out.push_back(look_up_units(clinic, places));
    }
    const Named named{acts};
    if (!named.generations.empty()) {
        out.push_back({&kGenerations, Params{}.int4(clinic).fixed_array(named.generations)});
    }
    const auto ask_numbers = [&](const Query& query, const std::set<std::uint64_t>& numbers) {
        if (numbers.empty()) return;
        const std::vector<std::uint64_t> list{numbers.begin(), numbers.end()};
        out.push_back({&query, Params{}.int4(clinic).int8s(list)});
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

}  // namespace wardline::storage
