#include "clients/core/link.hpp"

#include "protocol/trust/login.hpp"

#include <algorithm>
#include <limits>
#include <thread>

namespace wardline::client {
namespace {

constexpr Space kSpace{"device"};
constexpr std::string_view kGeneration{"generation"};
// How long a server that limits rates may make a call wait before its caller hears of it.
constexpr Milliseconds kPatience{5'000};

Error explained(const Error& error) {
    switch (error.code) {
        case Code::store_rolled_back:
            return Error{
                Code::store_rolled_back,
                "this folder is an old copy of the device's store, which must not be used again"
            };
        case Code::login_failed:
            return Error{
                Code::login_failed,
                "the server does not let this device in: it was revoked, or its account disabled"
            };
        case Code::unsupported_version:
            return Error{
                Code::unsupported_version, "the server speaks no version that this program knows"
            };
        default:
            return error;
    }
}

// Whatever a server says its time is fits.
Milliseconds difference(Instant server, Instant here) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    const bool behind = here < server;
    const std::uint64_t gap = behind ? server.ms - here.ms : here.ms - server.ms;
    const Milliseconds bounded{static_cast<std::int64_t>(std::min(gap, kMost))};
    return behind ? bounded : -bounded;
}

}  // namespace

Result<std::uint64_t> Link::next_generation() {
    WARDLINE_TRY(const auto stored, store_.get(kSpace, as_bytes(kGeneration)));
    std::uint64_t generation{0};
    if (stored) {
        for (const auto byte : stored->reveal()) generation = generation << 8 | byte;
    }
    ++generation;
    Bytes encoded;
    append_u64(encoded, generation);
    WARDLINE_TRY(store_.put(kSpace, as_bytes(kGeneration), encoded));
    return generation;
}

Result<LoginAnswer> Link::log_in() {
    drop();
    WARDLINE_TRY(
        auto connection, environment_.connector.connect(self_.server, options_.call_limit)
    );
    WARDLINE_TRY(auto hello, cbor::MapReader::over(connection->hello()));
    WARDLINE_TRY(const auto* versions, hello.array("versions", 64));
    if (std::find(versions->begin(), versions->end(), Json(1U)) == versions->end()) {
        return explained(Error{Code::unsupported_version, ""});
    }
    if (!hello.has("clinic")) return Error{Code::no_clinic, "no clinic was set up on this server"};
    WARDLINE_TRY(const auto clinic, hello.fixed<ClinicId>("clinic"));
    if (clinic != self_.clinic)
        return Error{
            Code::trust_alarm, "the server speaks for another clinic than this device belongs to"
        };
    WARDLINE_TRY(const auto nonce, hello.fixed<trust::LoginNonce>("nonce"));
    WARDLINE_TRY(const auto generation, next_generation());
    const auto binding = connection->binding();
    const trust::LoginChallenge challenge{
        .clinic = self_.clinic,
        .device = self_.device(),
        .nonce = nonce,
        .binding = binding ? trust::TlsBinding{*binding} : trust::TlsBinding{},
        .generation = generation
    };
    const Json login{
        {"t", "login"},
        {"device", cbor::binary(challenge.device.view())},
        {"version", 1},
        {"features", {"live", "added-slots"}},
        {"generation", generation},
        {"binding", binding ? "tls-exporter" : "none"},
        {"sig", cbor::binary(trust::sign_login(self_.signing, challenge).view())}
    };
    auto answered = connection->request(login, options_.call_limit);
    if (!answered) return explained(answered.error());
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answered.value()));
    LoginAnswer out;
    WARDLINE_TRY(const auto account, reader.text("account", 128));
    if (account != self_.account.text())
        return Error{Code::trust_alarm, "the server logged this device in as somebody else"};
    WARDLINE_TRY(out.seq, reader.uint("seq"));
    WARDLINE_TRY(const auto time, reader.uint("time"));
    out.time = Instant{time};
    clock_skew_ = difference(out.time, environment_.clock.now());
    WARDLINE_TRY(const auto* head, reader.map("clinic_head"));
    WARDLINE_TRY(auto position, cbor::MapReader::over(*head));
    WARDLINE_TRY(out.clinic_head.pos, position.uint("pos"));
    WARDLINE_TRY(out.clinic_head.hash, position.fixed<Hash>("hash"));
    WARDLINE_TRY(const auto* tree, reader.map("head"));
    out.head = *tree;
    WARDLINE_TRY(out.one_time_prekeys, reader.uint("one_time_prekeys"));
    WARDLINE_TRY(out.signed_prekey, reader.uint("signed_prekey"));
    const std::lock_guard lock{mutex_};
    connection_ = std::move(connection);
    return out;
}

void Link::drop() {
    std::unique_ptr<Connection> ended;
    const std::lock_guard lock{mutex_};
    ended = std::move(connection_);
}

Result<Json> Link::request(std::string_view type, Json body) {
    body["t"] = type;
    const auto deadline = environment_.clock.steady() + options_.call_limit;
    while (true) {
        if (!connection_) return Error{Code::unreachable, "there is no connection to the server"};
        auto answer = connection_->request(body, options_.call_limit);
        if (answer) return answer;
        const Error& error = answer.error();
        if (error.code == Code::unreachable || error.code == Code::shutting_down) drop();
        if (error.code != Code::rate_limited || !error.extra) return answer;
        const auto asked = error.extra->find("retry_after_ms");
        const bool said = asked != error.extra->end() && asked->is_number_unsigned();
        const auto ms = said ? asked->get<std::uint64_t>() : 1'000;
        if (ms > static_cast<std::uint64_t>(kPatience.count())) return answer;
        const auto wait = Milliseconds{static_cast<std::int64_t>(ms)};
        if (environment_.clock.steady() + wait > deadline) return answer;
        std::this_thread::sleep_for(wait);
    }
}

Result<std::optional<Json>> Link::next_push(Milliseconds wait) {
    if (!connection_) return Error{Code::unreachable, "there is no connection to the server"};
    auto push = connection_->next_push(wait);
    if (!push) drop();
    return push;
}

void Link::interrupt() {
    const std::lock_guard lock{mutex_};
    if (connection_) connection_->interrupt();
}

}  // namespace wardline::client
