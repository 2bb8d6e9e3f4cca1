#include "server/acts/statement_act.hpp"
#include "server/handlers/handlers.hpp"
#include "server/repeated_statement.hpp"

#include <utility>

namespace wardline::server::handlers {

Task<Bytes> statement(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto act, StatementAct::parse(request->device(), request->body()));
    if (std::holds_alternative<trust::Grant>(act->statement.data())) {
        co_return Error{Code::bad_statement, "a grant comes by enrolment"};
    }
    const auto place = place_of(act->statement);
    auto done = co_await services.journal.append(std::move(act));
    if (!done && done.error().code == Code::chain_moved) {
        done = co_await find_repeated(services, place, std::move(done).error());
    }
    WARDLINE_CO_TRY(const auto stored, std::move(done));
    co_return request->frame({{"seq", stored.seq}, {"time", stored.time.ms}});
}

}  // namespace wardline::server::handlers
