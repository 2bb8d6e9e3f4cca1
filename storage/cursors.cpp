#include "storage/cursors.hpp"

#include "storage/database.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

namespace wardline::storage {
namespace {

using pg::Params;

constexpr pg::Query kCursorsOfThread{"cursors_of_thread", R"sql(
    select device, thread, delivered, read from cursors
    where clinic = $1::int and thread = $2::bytea order by device
)sql"};
constexpr pg::Query kCursorsOfDevice{"cursors_of_device", R"sql(
    select device, thread, delivered, read from cursors
    where clinic = $1::int and device = $2::bytea order by thread
)sql"};

std::vector<Cursor> cursors_of(const pg::Rows& rows) {
    std::vector<Cursor> out;
    for (int row = 0; row < rows.size(); ++row) {
        out.push_back(
            {rows.fixed<DeviceId>(row, 0),
             rows.fixed<ThreadId>(row, 1),
             rows.number(row, 2),
             rows.number(row, 3)}
        );
    }
    return out;
}

}  // namespace

std::vector<pg::Query> cursor_queries() {
    return {kCursorsOfThread, kCursorsOfDevice};
}

Task<std::vector<Cursor>> Cursors::of_thread(const ThreadId& thread) {
    auto params = Params{}.int4(database_.clinic()).bytea(thread.view());
    WARDLINE_CO_TRY(
        const auto rows, co_await database_.main().run(kCursorsOfThread, std::move(params))
    );
    co_return cursors_of(rows);
}

Task<std::vector<Cursor>> Cursors::of_device(const DeviceId& device) {
    auto params = Params{}.int4(database_.clinic()).bytea(device.view());
    WARDLINE_CO_TRY(
        const auto rows, co_await database_.main().run(kCursorsOfDevice, std::move(params))
    );
    co_return cursors_of(rows);
}

}  // namespace wardline::storage
