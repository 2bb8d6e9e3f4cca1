#include "protocol/trust/login.hpp"

#include "protocol/wire/frames.hpp"
#include "server/acts/session_acts.hpp"
#include "server/handlers/handlers.hpp"
#include "server/metrics.hpp"
#include "server/signed_head.hpp"

#include <chrono>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kVersion = 1;
// A wrong signature counts as several attempts, so that guessing slows itself down.
constexpr double kFailureCost = 5;

struct Login {
    DeviceId device;
    std::uint64_t generation{0};
    trust::TlsBinding binding;
    Signature signature;
};

Result<Login> parse(ClientConnection& from, const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    Login out;
    WARDLINE_TRY(const auto version, fields.uint("version"));
    if (version != kVersion) return Error{Code::unsupported_version, "no common version"};
    WARDLINE_TRY(out.device, fields.fixed<DeviceId>("device"));
    WARDLINE_TRY(out.generation, fields.uint("generation"));
    WARDLINE_TRY(const auto binding, fields.text("binding", 32));
    if (binding == "tls-exporter") {
        WARDLINE_TRY(out.binding, trust::TlsBinding::from(from.peer().tls_exporter().view()));
    } else if (binding != "none") {
        return Error{Code::bad_frame, "binding is tls-exporter or none"};
    }
    WARDLINE_TRY(out.signature, fields.fixed<Signature>("sig"));
    return out;
}

Result<void> check(Services& services, ClientConnection& from, const Login& login) {
    const auto now = std::chrono::steady_clock::now();
    if (const auto wait = services.limits.logins.take(login.device, now)) {
        return Error{
            Code::rate_limited,
            "too many logins",
            {{"retry_after_ms", static_cast<std::uint64_t>(wait->count())}}
        };
    }
    const auto& record = services.record();
    if (!record.founded()) return Error{Code::no_clinic, "there is no clinic yet"};
    const auto device = record.device(login.device);
    const trust::LoginChallenge challenge{
        record.clinic().clinic(), login.device, from.nonce(), login.binding, login.generation
    };
    // A device that is not known takes as long: the time tells nobody which ones there are.
    const auto& key = device ? device->record->keys.signing : services.parts.audit_key;
    const bool signed_by_key = trust::verify_login(key, challenge, login.signature);
    if (!device || !signed_by_key) {
        (void)services.limits.logins.take(login.device, now, kFailureCost);
        return Error{Code::login_failed, "unknown device or wrong signature"};
    }
    return success();
}

// The rest of the answer, which is read: how many prekeys are left.
Task<Bytes> answer(Services& services, SharedRequest request, storage::Appended done) {
    WARDLINE_CO_TRY(const auto keys, co_await services.prekeys.counts(request->device()));
    const auto at = services.record().clinic().head();
    cbor::Json fields{
        {"account", request->from().login()->account_text},
        {"seq", done.seq},
        {"time", done.time.ms},
        {"clinic_head", {{"pos", at.pos}, {"hash", cbor::binary(at.hash.view())}}},
        {"head", newest_head(services)},
        {"one_time_prekeys", keys.one_time},
        {"signed_prekey", keys.signed_id}
    };
    co_return request->frame(std::move(fields));
}

net::awaitable<void> welcome(Services& services, SharedRequest request, storage::Appended done) {
    auto frame = co_await answer(services, request, done);
    if (frame) {
        request->answer_login(std::move(frame).value());
    } else {
        request->from().release({});
        request->refuse(frame.error());
        request->from().close(CloseCode::try_again_later, "unavailable");
    }
}

void logged_in(Services& services, const SharedRequest& request, const storage::Appended& done) {
    auto& from = request->from();
    from.login_pending = false;
    services.metrics.logins.Increment();
    const auto device = services.record().device(from.claimed);
    if (!device || !from.alive()) {
        // Gone before the entry was there: the entry of its end follows at once.
        services.file(std::make_unique<LogoutAct>(from.claimed));
        return request->refuse(Error{Code::login_failed, "the connection has ended"});
    }
    from.logged_in({from.claimed, device->account(), device->account().text(), done.seq});
    from.peer().authenticated();
    services.router.joined(request->connection());
    services.journal.note_seen(from.claimed, done.time);
    services.tasks.spawn(welcome(services, request, done));
}

}  // namespace

void login(Services& services, SharedRequest request) {
    auto& from = request->from();
    auto asked = parse(from, request->body());
    const auto checked =
        asked ? check(services, from, asked.value()) : Result<void>{std::move(asked).error()};
    if (!checked) {
        services.metrics.logins_failed.Increment();
        services.strangers.refused("login", checked.error().code, services.now());
        return request->refuse(checked.error());
    }
    from.login_pending = true;
    from.claimed = asked.value().device;
    services.journal.submit(
        std::make_unique<LoginAct>(
            asked.value().device, asked.value().generation, from.peer().address()
        ),
        [&services, request](Result<storage::Appended> done) {
            if (done) return logged_in(services, request, done.value());
            request->from().login_pending = false;
            services.metrics.logins_failed.Increment();
            request->refuse(done.error());
        }
    );
}

}  // namespace wardline::server::handlers
