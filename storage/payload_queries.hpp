#pragma once

#include "storage/pg/query.hpp"

namespace wardline::storage {

// One probe of the primary key for each row asked for: "lateral … limit" leaves the planner no
// other order, whatever it believes of the sizes of tables.
inline constexpr pg::Query kStatementsOf{"statements_of", R"sql(
    select found.* from unnest($2::int8[]) as asked (seq) cross join lateral (
        select s.seq, s.chain, s.pos, s.hash, s.statement from statements s
        where s.clinic = $1::int and s.seq = asked.seq limit 1
    ) found
)sql"};

// Every read of a payload joins on the state of its unit: what is condemned is gone at once. The
// first is always had; behind $3 bytes only where more there would be is told. An entry has a
// payload for each unit that it touches, at most 200.
inline constexpr pg::Query kPayloadsOf{"payloads_of", R"sql(
    select seq, unit, key_number, thread,
        case when total - size < $3::int8 then wrapped end
    from (
        select p.seq, p.unit, u.key_number, u.thread, p.wrapped,
            octet_length(p.wrapped)::int8 as size,
            (sum(octet_length(p.wrapped)) over (order by p.seq, p.unit))::int8 as total
        from unnest($2::int8[]) as asked (seq)
        cross join lateral (
            select o.seq, o.unit, o.wrapped from payloads o
            where o.clinic = $1::int and o.seq = asked.seq limit 200
        ) p
        cross join lateral (
            select h.key_number, h.thread, h.state from units h
            where h.clinic = $1::int and h.unit = p.unit limit 1
        ) u
        where u.state = 0
    ) sized
    order by seq, unit
)sql"};

// What is left of messages and added slots whose details were erased.
inline constexpr pg::Query kErasedOf{"erased_of", R"sql(
    select found.* from unnest($2::int8[]) as asked (seq) cross join lateral (
        select x.seq, x.hash, x.thread, x.class from erased_details x
        where x.clinic = $1::int and x.seq = asked.seq limit 1
    ) found
)sql"};

}  // namespace wardline::storage
