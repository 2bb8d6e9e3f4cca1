#include "storage/audit_reader.hpp"

#include "storage/database.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

#include <algorithm>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

// So many entries are looked at by one question, however few of them fit.
constexpr Seq kWindow = 8'192;

#define WARDLINE_TRAIL_COLUMNS "e.seq, e.time, e.kind, e.leaf, d.salt, d.details, x.hash, a.address"
// Each by its own index, whatever the planner thinks of the tables' sizes.
#define WARDLINE_TRAIL_JOINS                                                                   \
    " left join lateral (select * from entry_details o where o.clinic = $1::int"               \
    " and o.seq = e.seq limit 1) d on true"                                                    \
    " left join lateral (select * from erased_details o where o.clinic = $1::int"              \
    " and o.seq = e.seq and d.seq is null limit 1) x on true"                                  \
    " left join lateral (select * from addresses o where o.clinic = $1::int and o.seq = e.seq" \
    " and e.kind = 4 limit 1) a on true "

constexpr Query kTrail{
    "trail", "select " WARDLINE_TRAIL_COLUMNS " from entries e" WARDLINE_TRAIL_JOINS R"sql(
    where e.clinic = $1::int and e.seq > $2::int8 and e.seq <= $3::int8
    order by e.seq limit $4::int8
)sql"
};
constexpr Query kTrailOfKinds{
    "trail_of_kinds", "select " WARDLINE_TRAIL_COLUMNS " from entries e" WARDLINE_TRAIL_JOINS R"sql(
    where e.clinic = $1::int and e.seq > $2::int8 and e.seq <= $3::int8
        and e.kind = any($5::int4[])
    order by e.seq limit $4::int8
)sql"
};
// Each of the three from its own index.
constexpr Query kTrailAbout{"trail_about", "select " WARDLINE_TRAIL_COLUMNS R"sql( from (
        (select t.seq from entry_details t
         where t.clinic = $1::int and t.thread = $5::bytea and t.seq > $2::int8
             and t.seq <= $3::int8
         order by t.seq limit $4::int8)
        union
        (select t.seq from entry_details t
         where t.clinic = $1::int and t.about = $5::bytea and t.seq > $2::int8
             and t.seq <= $3::int8
         order by t.seq limit $4::int8)
        union
        (select s.seq from statements s
         where s.clinic = $1::int and s.chain = $6::text and s.seq > $2::int8
             and s.seq <= $3::int8
         order by s.seq limit $4::int8)
        order by seq limit $4::int8
    ) page cross join lateral (
        select * from entries o where o.clinic = $1::int and o.seq = page.seq limit 1
    ) e
)sql" WARDLINE_TRAIL_JOINS "order by e.seq"};
constexpr Query kTimeOf{
    "time_of_entry", "select time from entries where clinic = $1::int and seq = $2::int8"
};
constexpr Query kKeptHeads{"kept_heads", R"sql(
    select body, sig from tree_heads where clinic = $1::int and size > $2::int8
    order by size limit $3::int8
)sql"};

std::vector<audit::TrailEntry> entries_of(const pg::Rows& rows) {
    std::vector<audit::TrailEntry> out;
    out.reserve(static_cast<std::size_t>(rows.size()));
    for (int row = 0; row < rows.size(); ++row) {
        auto& entry = out.emplace_back();
        entry.seq = rows.number(row, 0);
        entry.time.ms = rows.number(row, 1);
        entry.kind = static_cast<audit::EntryKind>(rows.number(row, 2));
        entry.leaf = rows.fixed<Hash>(row, 3);
        if (!rows.is_null(row, 4)) {
            entry.salt = rows.fixed<audit::Salt>(row, 4);
            entry.details = rows.copy(row, 5);
        } else if (!rows.is_null(row, 6)) {
            entry.erased = rows.fixed<Hash>(row, 6);
        }
        if (!rows.is_null(row, 7)) entry.address = rows.text(row, 7);
    }
    return out;
}

// A full page ends with its last entry; any other has all that was looked at.
TrailPage page_of(const pg::Rows& rows, std::size_t limit, Seq looked_at) {
    TrailPage page;
    page.entries = entries_of(rows);
    page.upto = page.entries.size() >= limit ? page.entries.back().seq : looked_at;
    return page;
}

}  // namespace

std::vector<pg::Query> audit_queries() {
    return {kTrail, kTrailOfKinds, kTrailAbout, kTimeOf, kKeptHeads};
}

Task<TrailPage> AuditReader::range(TrailRange range, std::vector<audit::EntryKind> kinds) {
    const auto end = std::min(range.upto, range.after + kWindow);
    auto params = Params{}.int4(database_.clinic()).int8(range.after).int8(end).int8(range.limit);
    if (!kinds.empty()) {
        params.int4s(kinds.size());
        for (const auto kind : kinds) params.add_int4(static_cast<std::int64_t>(kind));
    }
    const auto& query = kinds.empty() ? kTrail : kTrailOfKinds;
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(query, std::move(params)));
    co_return page_of(rows, range.limit, end);
}

Task<TrailPage> AuditReader::about(TrailRange range, ThreadId thread, std::string chain) {
    auto params =
        Params{}.int4(database_.clinic()).int8(range.after).int8(range.upto).int8(range.limit);
    params.bytea(thread.view()).text(chain);
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(kTrailAbout, std::move(params)));
    co_return page_of(rows, range.limit, range.upto);
}

// Times never fall from one entry to the next, so halving finds the place.
Task<Seq> AuditReader::first_at(Instant time, Seq newest) {
    Seq low = 1;
    Seq high = newest + 1;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        WARDLINE_CO_TRY(
            const auto rows,
            co_await database_.main().run(kTimeOf, Params{}.int4(database_.clinic()).int8(middle))
        );
        if (!rows.empty() && rows.number(0, 0) < time.ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    co_return low;
}

Task<std::vector<audit::SignedHead>> AuditReader::heads(std::uint64_t after, std::size_t limit) {
    WARDLINE_CO_TRY(
        const auto rows,
        co_await database_.main().run(
            kKeptHeads, Params{}.int4(database_.clinic()).int8(after).int8(limit)
        )
    );
    std::vector<audit::SignedHead> out;
    for (int row = 0; row < rows.size(); ++row) {
        out.push_back({rows.copy(row, 0), rows.fixed<Signature>(row, 1)});
    }
    co_return std::move(out);
}

}  // namespace wardline::storage
