#include "storage/devices.hpp"

#include "storage/database.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

namespace wardline::storage {
namespace {

using pg::Params;

constexpr pg::Query kDevicePage{"device_page", R"sql(
    select device, generation, last_seen from devices
    where clinic = $1::int and device > $2::bytea order by device limit $3::int8
)sql"};
constexpr pg::Query kSeenSince{"seen_since", R"sql(
    select found.* from unnest($2::bytea[]) as asked (device) cross join lateral (
        select d.device, d.generation, d.last_seen from devices d
        where d.clinic = $1::int and d.device = asked.device limit 1
    ) found
    where found.last_seen >= $3::int8
    order by found.last_seen desc, found.device limit $4::int8
)sql"};

std::vector<DeviceSeen> devices_of(const pg::Rows& rows) {
    std::vector<DeviceSeen> out;
    for (int row = 0; row < rows.size(); ++row) {
        out.push_back(
            {rows.fixed<DeviceId>(row, 0), rows.number(row, 1), Instant{rows.number(row, 2)}}
        );
    }
    return out;
}

}  // namespace

std::vector<pg::Query> device_queries() {
    return {kDevicePage, kSeenSince};
}

Task<std::vector<DeviceSeen>> Devices::page(const DeviceId& after, std::size_t limit) {
    auto params = Params{}.int4(database_.clinic()).bytea(after.view()).int8(limit);
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(kDevicePage, std::move(params)));
    co_return devices_of(rows);
}

Task<std::vector<DeviceSeen>> Devices::seen_since(
    std::vector<DeviceId> devices, Instant since, std::size_t limit
) {
    Params params;
    params.int4(database_.clinic()).fixed_array(devices).int8(since.ms).int8(limit);
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(kSeenSince, std::move(params)));
    co_return devices_of(rows);
}

}  // namespace wardline::storage
