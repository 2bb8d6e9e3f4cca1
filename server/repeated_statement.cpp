#include "server/repeated_statement.hpp"

#include "server/services.hpp"

#include <utility>

namespace wardline::server {

StatementPlace place_of(const trust::Statement& statement) {
    return {statement.chain().text(), statement.pos(), statement.hash()};
}

storage::Task<storage::Appended> find_repeated(
    Services& services, StatementPlace place, Error refused
) {
    WARDLINE_CO_TRY(const auto page, co_await services.reader.chain(place.chain, place.pos, 1));
    for (const auto& entry : page.entries) {
        if (entry.statement && entry.statement->hash == place.hash) {
            co_return storage::Appended{entry.seq, entry.time, place.hash, true};
        }
    }
    co_return refused;
}

}  // namespace wardline::server
