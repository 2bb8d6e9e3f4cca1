#include "storage/units.hpp"

#include "storage/database.hpp"
#include "storage/key_ring.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

constexpr std::size_t kUnitsAtOnce = 256;
constexpr std::size_t kRowsAtOnce = 1'000;

#define WARDLINE_UNIT_COLUMNS                                                   \
    "u.unit, u.thread, u.class, u.day, (select count(*) from payloads p where " \
    "p.clinic = u.clinic and p.unit = u.unit and p.kind = 2)"

// `day >= 0` is true of every unit; the index of what is due wants to hear it.
constexpr Query kDue{"due_units", "select " WARDLINE_UNIT_COLUMNS R"sql(
    from unnest($2::int4[], $3::int4[]) as rule (class, last_day)
    join units u on u.clinic = $1::int and u.class = rule.class and u.day <= rule.last_day
        and u.day >= 0 and u.state = 0 and u.unit > $4::int8
    order by u.unit limit $5::int8
)sql"};
constexpr Query kLive{"live_units", "select " WARDLINE_UNIT_COLUMNS R"sql(
    from units u where u.clinic = $1::int and u.state = 0 and u.unit > $2::int8
    order by u.unit limit $3::int8
)sql"};

// What the retention role runs.
constexpr Query kInState{"units_in_state", R"sql(
    select unit, key_number from units
    where clinic = $1::int and state = $2::int::smallint and state in (1, 2)
    order by unit limit $3::int8
)sql"};
constexpr Query kAdvance{"advance_units", R"sql(
    update units set state = $3::int::smallint
    where clinic = $1::int and unit = any($2::int8[]) and state < $3::int::smallint
)sql"};
constexpr Query kDeleteRows{"delete_payloads", R"sql(
    delete from payloads p using (
        select clinic, seq, unit from payloads
        where clinic = $1::int and unit = any($2::int8[]) order by unit, seq limit $3::int8
    ) ending
    where p.clinic = ending.clinic and p.seq = ending.seq and p.unit = ending.unit
)sql"};

enum State : int { condemned = 1, key_destroyed = 2, gone = 3 };

std::vector<LiveUnit> units_of(const pg::Rows& rows) {
    std::vector<LiveUnit> out;
    for (int row = 0; row < rows.size(); ++row) {
        LiveUnit unit;
        unit.number = rows.number(row, 0);
        unit.thread = rows.fixed<ThreadId>(row, 1);
        unit.message_class = static_cast<trust::MessageClass>(rows.number(row, 2));
        unit.day = static_cast<std::uint32_t>(rows.number(row, 3));
        unit.messages = rows.number(row, 4);
        out.push_back(unit);
    }
    return out;
}

struct Ending {
    std::vector<UnitNumber> units;
    std::vector<KeyNumber> keys;
};

Task<Ending> in_state(Database& database, State state) {
    auto params = Params{}.int4(database.clinic()).int4(state).int8(kUnitsAtOnce);
    WARDLINE_CO_TRY(
        const auto rows, co_await database.retention().run(kInState, std::move(params))
    );
    Ending out;
    for (int row = 0; row < rows.size(); ++row) {
        out.units.push_back(rows.number(row, 0));
        out.keys.push_back(rows.number(row, 1));
    }
    co_return std::move(out);
}

Task<void> advance(Database& database, const std::vector<UnitNumber>& units, State state) {
    auto params = Params{}.int4(database.clinic()).int8s(units).int4(state);
    WARDLINE_CO_TRY(co_await database.retention().run(kAdvance, std::move(params)));
    co_return success();
}

}  // namespace

std::vector<pg::Query> unit_queries() {
    return {kDue, kLive};
}
std::vector<pg::Query> retention_queries() {
    return {kInState, kAdvance, kDeleteRows};
}

Task<std::vector<LiveUnit>> Units::due(
    std::vector<DueRule> rules, UnitNumber after, std::size_t limit
) {
    Params params;
    params.int4(database_.clinic()).int4s(rules.size());
    for (const auto& rule : rules) params.add_int4(static_cast<int>(rule.message_class));
    params.int4s(rules.size());
    for (const auto& rule : rules) params.add_int4(rule.last_day);
    params.int8(after).int8(limit);
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(kDue, std::move(params)));
    co_return units_of(rows);
}

Task<std::vector<LiveUnit>> Units::live(UnitNumber after, std::size_t limit) {
    auto params = Params{}.int4(database_.clinic()).int8(after).int8(limit);
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(kLive, std::move(params)));
    co_return units_of(rows);
}

// The keys go first; killed in between, the next run finds the same units and destroys what is
// destroyed already, which is no error. True while there may be more.
Task<bool> Units::destroy_keys() {
    WARDLINE_CO_TRY(const auto ending, co_await in_state(database_, condemned));
    if (ending.units.empty()) co_return false;
    WARDLINE_CO_TRY(co_await keys_.destroy(ending.keys));
    WARDLINE_CO_TRY(co_await advance(database_, ending.units, key_destroyed));
    co_return ending.units.size() == kUnitsAtOnce;
}

// Nobody writes to a unit that is not live, so once none of its rows are left, none will come.
Task<ExpiryCounts> Units::delete_rows() {
    ExpiryCounts counts;
    WARDLINE_CO_TRY(const auto ending, co_await in_state(database_, key_destroyed));
    if (ending.units.empty()) co_return counts;
    for (std::uint64_t deleted = kRowsAtOnce; deleted == kRowsAtOnce;) {
        auto params = Params{}.int4(database_.clinic()).int8s(ending.units).int8(kRowsAtOnce);
        WARDLINE_CO_TRY(
            const auto rows, co_await database_.retention().run(kDeleteRows, std::move(params))
        );
        deleted = rows.affected();
        counts.payloads += deleted;
    }
    WARDLINE_CO_TRY(co_await advance(database_, ending.units, gone));
    counts.units = ending.units.size();
    co_return counts;
}

Task<ExpiryCounts> Units::finish_condemned() {
    for (bool more = true; more;) {
        WARDLINE_CO_TRY(more, co_await destroy_keys());
    }
    ExpiryCounts total;
    for (bool more = true; more;) {
        WARDLINE_CO_TRY(const auto counts, co_await delete_rows());
        total.units += counts.units;
        total.payloads += counts.payloads;
        more = counts.units == kUnitsAtOnce;
    }
    co_return total;
}

}  // namespace wardline::storage
