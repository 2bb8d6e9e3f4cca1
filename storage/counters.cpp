#include "storage/counters.hpp"

#include "storage/database.hpp"
#include "storage/pg/pool.hpp"
#include "storage/pg/query.hpp"
#include "storage/pg/rows.hpp"
#include "storage/queries.hpp"

#include <utility>

namespace wardline::storage {
namespace {

constexpr pg::Query kLastCounter{"last_counter", R"sql(
    select counter from counters
    where clinic = $1::int and device = $2::bytea and thread = $3::bytea and audience = $4::int
)sql"};

}  // namespace

std::vector<pg::Query> counter_queries() {
    return {kLastCounter};
}

Task<std::uint64_t> Counters::last(DeviceId device, ThreadId thread, trust::Audience audience) {
    pg::Params params;
    params.int4(database_.clinic()).bytea(device.view()).bytea(thread.view());
    params.int4(audience == trust::Audience::internal ? 1 : 0);
    WARDLINE_CO_TRY(
        const auto rows, co_await database_.main().run(kLastCounter, std::move(params))
    );
    co_return rows.empty() ? std::uint64_t{0} : rows.number(0, 0);
}

}  // namespace wardline::storage
