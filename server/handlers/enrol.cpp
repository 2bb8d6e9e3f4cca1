#include "protocol/trust/login.hpp"
#include "server/acts/session_acts.hpp"
#include "server/acts/statement_act.hpp"
#include "server/entries_answer.hpp"
#include "server/handlers/http_handlers.hpp"
#include "server/repeated_statement.hpp"
#include "server/signed_head.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::size_t kPage = 256;

Error state_error(trust::InviteState state) {
    switch (state) {
        case trust::InviteState::pending:
            return Error{Code::invite_pending, "the invite waits for a second person"};
        case trust::InviteState::used:
            return Error{Code::invite_used, "the invite was used before"};
        default:
            return Error{Code::invite_expired, "the invite has ended"};
    }
}

struct Begin {
    InviteHandle handle;
    std::uint64_t clinic_from{0};
    std::uint64_t patient_from{0};
};

struct Begun {
    Begin asked;
    std::string patient_chain;  // Empty: an invite of staff.
};

// Who has no such secret learns nothing, not even whether there is such an invite.
Result<Begun> check(Services& services, const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    Begin asked;
    WARDLINE_TRY(asked.handle, fields.fixed<InviteHandle>("invite"));
    WARDLINE_TRY(const auto key, fields.fixed<SigningKey>("key"));
    WARDLINE_TRY(const auto time, fields.uint("time"));
    WARDLINE_TRY(const auto sig, fields.fixed<Signature>("sig"));
    if (fields.has("clinic_from")) {
        WARDLINE_TRY(asked.clinic_from, fields.uint("clinic_from", INT64_MAX));
    }
    if (fields.has("patient_from")) {
        WARDLINE_TRY(asked.patient_from, fields.uint("patient_from", INT64_MAX));
    }
    const auto& record = services.record();
    if (!record.founded()) return Error{Code::no_clinic, "there is no clinic yet"};
    // First, whether or not there is such an invite, so that the time does not tell.
    const bool is_signed = trust::verify_enrol_begin(key, asked.handle, Instant{time}, sig);
    const auto found = record.invite(asked.handle, services.now());
    if (!found || found->invite.key != key || !is_signed) {
        return Error{Code::invite_unknown, "no such invite"};
    }
    if (found->state != trust::InviteState::open) {
        const Asker asker{.act = "enrol", .hash = found->hash};
        if (found->state == trust::InviteState::used &&
            services.state.refusals().take(asker, Code::invite_used, services.now())) {
            services.file(std::make_unique<RefusalAct>(asker, Code::invite_used));
        }
        return state_error(found->state);
    }
    return Begun{asked, found->patient == nullptr ? std::string{} : found->patient->name().text()};
}

// Appends what fits of a chain; whether that was all of it.
storage::Task<bool> add_chain(
    Services& services, EntriesAnswer& out, std::string chain, std::uint64_t from
) {
    for (bool more = true; more;) {
        WARDLINE_CO_TRY(const auto page, co_await services.reader.chain(chain, from, kPage));
        for (const auto& entry : page.entries) {
            if (!out.add(entry, EntryView::payload, DeviceId{})) co_return false;
        }
        more = page.more && !page.entries.empty();
        from += page.entries.size();
    }
    co_return true;
}

}  // namespace

storage::Task<Bytes> enrol_begin(Services& services, cbor::Json body) {
    WARDLINE_CO_TRY(const auto begun, check(services, body));
    const auto& [asked, patient_chain] = begun;
    EntriesAnswer clinic;
    WARDLINE_CO_TRY(
        bool all,
        co_await add_chain(services, clinic, trust::ChainName::clinic().text(), asked.clinic_from)
    );
    EntriesAnswer patient;
    if (!patient_chain.empty() && all && clinic.size() == 0) {
        WARDLINE_CO_TRY(
            all, co_await add_chain(services, patient, patient_chain, asked.patient_from)
        );
    } else if (!patient_chain.empty()) {
        // The clinic's chain first; a patient's begins in the next body.
        all = false;
    }
    cbor::Writer out;
    out.map(4).text("clinic").item(clinic.list());
    out.text("head").item(cbor::encode(newest_head(services)));
    out.text("more").boolean(!all).text("patient");
    out.item(patient_chain.empty() ? cbor::encode(nullptr) : patient.list());
    co_return std::move(out).take();
}

storage::Task<Bytes> enrol_finish(Services& services, cbor::Json body) {
    WARDLINE_CO_TRY(auto act, StatementAct::parse_enrolment(body));
    const auto place = place_of(act->statement);
    auto done = co_await services.journal.append(std::move(act));
    if (!done) {
        // The answer to the same statement was lost: it gets its first one again.
        done = co_await find_repeated(services, place, std::move(done).error());
    }
    WARDLINE_CO_TRY(const auto stored, std::move(done));
    const cbor::Json answer{{"seq", stored.seq}, {"time", stored.time.ms}};
    co_return cbor::encode(answer);
}

}  // namespace wardline::server::handlers
