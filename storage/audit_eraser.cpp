#include "storage/audit_eraser.hpp"

#include "storage/database.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

#include <algorithm>
#include <vector>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

// Entries that one transaction looks at: a window of the journal, so that it stays short whatever
// there is to erase.
constexpr Seq kWindow = 2'000;
constexpr std::size_t kAddressesAtOnce = 5'000;

// Of every kind but 1 statement and 15 erasure; of 2 message and 3 added-slots once no payload is
// left.
#define WARDLINE_ERASABLE                                                           \
    " from entry_details d join entries e on e.clinic = d.clinic and e.seq = d.seq" \
    " where d.clinic = $1::int and d.seq >= $2::int8 and d.seq <= $3::int8"         \
    " and e.kind not in (1, 15)"                                                    \
    " and (cardinality($4::bytea[]) = 0 or d.thread = any($4::bytea[])"             \
    " or d.about = any($4::bytea[]))"                                               \
    " and (e.kind not in (2, 3) or not exists ("                                    \
    " select from payloads p where p.clinic = d.clinic and p.seq = d.seq))"

constexpr Query kCountErasable{"count_erasable", "select count(*)" WARDLINE_ERASABLE};
// Only messages have a class, and only of them it stays where they stood.
constexpr Query kErase{"erase_details", "with ending as (select d.seq" WARDLINE_ERASABLE R"sql(
        order by d.seq limit $5::int8
    ), gone as (
        delete from entry_details d using ending
        where d.clinic = $1::int and d.seq = ending.seq
        returning d.seq, d.salt, d.details, d.thread, d.class
    )
    insert into erased_details (clinic, seq, hash, thread, class)
    select $1::int, seq, sha256(salt || details), case when class is not null then thread end, class
    from gone
)sql"};
constexpr Query kForgetAddresses{"forget_addresses", R"sql(
    delete from addresses a using (
        select seq from addresses where clinic = $1::int and time < $2::int8
        order by time limit $3::int8
    ) old
    where a.clinic = $1::int and a.seq = old.seq
)sql"};

Params window(const Database& database, const ErasureScope& scope, Seq from) {
    auto params = std::move(Params{}.int4(database.clinic()));
    params.int8(from).int8(std::min(scope.to, from + kWindow - 1));
    std::vector<ThreadId> threads;
    if (scope.thread) threads.push_back(*scope.thread);
    params.fixed_array(threads);
    return params;
}

}  // namespace

std::vector<pg::Query> audit_eraser_queries() {
    return {kCountErasable, kErase, kForgetAddresses};
}

Task<std::uint64_t> AuditEraser::count(ErasureScope scope) {
    std::uint64_t total = 0;
    for (Seq from = scope.from; from <= scope.to; from += kWindow) {
        WARDLINE_CO_TRY(
            const auto rows,
            co_await database_.retention().run(kCountErasable, window(database_, scope, from))
        );
        total += rows.number(0, 0);
    }
    co_return total;
}

Task<std::uint64_t> AuditEraser::erase(ErasureScope scope, std::uint64_t count) {
    std::uint64_t total = 0;
    for (Seq from = scope.from; from <= scope.to && total < count; from += kWindow) {
        auto params = window(database_, scope, from);
        params.int8(count - total);
        WARDLINE_CO_TRY(
            const auto rows, co_await database_.retention().run(kErase, std::move(params))
        );
        total += rows.affected();
    }
    co_return total;
}

Task<std::uint64_t> AuditEraser::forget_addresses(Instant before) {
    std::uint64_t total = 0;
    for (std::uint64_t gone = kAddressesAtOnce; gone == kAddressesAtOnce;) {
        auto params = Params{}.int4(database_.clinic()).int8(before.ms).int8(kAddressesAtOnce);
        WARDLINE_CO_TRY(
            const auto rows, co_await database_.retention().run(kForgetAddresses, std::move(params))
        );
        gone = rows.affected();
        total += gone;
    }
    co_return total;
}

}  // namespace wardline::storage
