#pragma once

#include "storage/pg/query.hpp"

namespace wardline::storage {

inline constexpr pg::Query kStatementsOf{"statements_of", R"sql(
    select s.seq, s.chain, s.pos, s.hash, s.statement
    from unnest($2::int8[]) n join statements s on s.clinic = $1::int and s.seq = n
)sql"};

// Every read of a payload joins on the state of its unit: what is condemned is gone at once. The
// first is always had; behind $3 bytes only where more there would be is told.
inline constexpr pg::Query kPayloadsOf{"payloads_of", R"sql(
    select seq, unit, key_number, thread,
        case when total - size < $3::int8 then wrapped end
    from (
        select p.seq, p.unit, u.key_number, u.thread, p.wrapped,
            octet_length(p.wrapped)::int8 as size,
            (sum(octet_length(p.wrapped)) over (order by p.seq, p.unit))::int8 as total
        from unnest($2::int8[]) n
        join payloads p on p.clinic = $1::int and p.seq = n
        join units u on u.clinic = p.clinic and u.unit = p.unit and u.state = 0
    ) sized
    order by seq, unit
)sql"};

}  // namespace wardline::storage
