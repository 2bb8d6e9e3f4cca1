#include "server/acts/statement_act.hpp"
#include "server/acts/trail_acts.hpp"
#include "server/handlers/http_handlers.hpp"
#include "server/setup_tokens.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::size_t kTokenBytesMax = 256;
constexpr std::size_t kFirstStatements = 2;

Result<void> check_token(Services& services, cbor::MapReader& fields) {
    WARDLINE_TRY(const auto token, fields.text("token", kTokenBytesMax));
    if (services.record().founded()) {
        return Error{Code::clinic_exists, "the clinic is set up already"};
    }
    return services.parts.setup_tokens.check(token, services.now());
}

Result<std::unique_ptr<SetupAct>> parse(Services& services, cbor::MapReader& fields) {
    WARDLINE_TRY(const auto* list, fields.array("statements", kFirstStatements));
    if (list->size() != kFirstStatements) {
        return Error{Code::bad_frame, "genesis and one grant"};
    }
    WARDLINE_TRY(auto genesis, trust::Statement::from_json((*list)[0]));
    WARDLINE_TRY(auto grant, trust::Statement::from_json((*list)[1]));
    auto act = std::make_unique<SetupAct>(std::move(genesis), std::move(grant));
    act->tls_pin = services.parts.tls_pin;
    act->audit_key = services.parts.audit_key;
    return act;
}

}  // namespace

storage::Task<Bytes> setup(Services& services, cbor::Json body) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(body));
    WARDLINE_CO_TRY(check_token(services, fields));
    WARDLINE_CO_TRY(auto act, parse(services, fields));
    const auto clinic = act->genesis.clinic();
    WARDLINE_CO_TRY(co_await services.journal.append(std::move(act)));
    services.parts.setup_tokens.spend_all();
    // The node has run for a while already; its journal begins here.
    services.file(std::make_unique<ServerEventAct>(
        "start", services.parts.version, std::vector<std::string>{}
    ));
    const cbor::Json answer{{"clinic", cbor::binary(clinic.view())}};
    co_return cbor::encode(answer);
}

storage::Task<Bytes> setup_info(Services& services, cbor::Json body) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(body));
    WARDLINE_CO_TRY(check_token(services, fields));
    const cbor::Json answer{
        {"audit", cbor::binary(services.parts.audit_key.view())},
        {"tls", cbor::binary(services.parts.tls_pin.view())},
        {"time", services.now().ms}
    };
    co_return cbor::encode(answer);
}

}  // namespace wardline::server::handlers
