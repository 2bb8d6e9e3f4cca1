#include "clients/core/client.hpp"
#include "clients/core/link.hpp"
#include "clients/core/session.hpp"
#include "clients/core/unfinished_enrolment.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/trust/invite.hpp"
#include "protocol/trust/login.hpp"

#include <algorithm>
#include <variant>

// A new device from an invite. docs/protocol.md sections 7 and 11.
namespace wardline::client {
namespace {

constexpr int kTries = 8;
constexpr int kLostAnswers = 3;
constexpr std::size_t kEntriesMax = 65'536;

struct InviteFacts {
    trust::InviteUri uri;
    Endpoint server;
    SigningSecret signing;
};

// The chains that the server shows to the holder of an invite, verified down to it.
struct Shown {
    std::vector<wire::Entry> clinic_entries;
    std::vector<wire::Entry> patient_entries;
    trust::ClinicChain clinic;
    std::optional<trust::PatientChain> patient;
    Hash invite;
    trust::ChainName chain{trust::ChainName::clinic()};
    std::optional<Account> account;
    trust::Role role{trust::Role::patient};
};

Error alarm(std::string_view what) {
    return Error{
        Code::trust_alarm,
        "the server is not the clinic that the invite names: " + std::string{what}
    };
}

Result<void> fetch(
    const Environment& environment, const InviteFacts& invite, Milliseconds limit, Shown& out
) {
    int silent = 0;
    while (true) {
        const Instant now = environment.clock.now();
        const auto key = crypto::signing_key_of(invite.signing);
        const Json body{
            {"invite", cbor::binary(invite.uri.handle.view())},
            {"key", cbor::binary(key.view())},
            {"time", now.ms},
            {"sig",
             cbor::binary(trust::sign_enrol_begin(invite.signing, invite.uri.handle, now).view())},
            {"clinic_from", out.clinic_entries.size()},
            {"patient_from", out.patient_entries.size()}
        };
        WARDLINE_TRY(
            const auto answer,
            environment.connector.post(invite.server, "/v1/enrol/begin", body, limit)
        );
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* clinic, reader.array("clinic", kEntriesMax));
        WARDLINE_TRY(auto entries, wire::parse_entries(*clinic, kEntriesMax));
        bool news = !entries.empty();
        std::move(entries.begin(), entries.end(), std::back_inserter(out.clinic_entries));
        if (answer.contains("patient") && answer.at("patient").is_array()) {
            WARDLINE_TRY(auto patient, wire::parse_entries(answer.at("patient"), kEntriesMax));
            news = news || !patient.empty();
            std::move(patient.begin(), patient.end(), std::back_inserter(out.patient_entries));
        }
        WARDLINE_TRY(const bool more, reader.boolean("more"));
        if (!more) return success();
        if (out.clinic_entries.size() + out.patient_entries.size() > kEntriesMax)
            return alarm("its record has no end");
        // One body may be empty where a patient's chain begins in the next; two in a row are no
        // progress.
        silent = news ? 0 : silent + 1;
        if (silent > 1) return alarm("it says that there is more and shows nothing");
    }
}

Result<void> require_open(trust::InviteState state) {
    switch (state) {
        case trust::InviteState::open:
            return success();
        case trust::InviteState::pending:
            return Error{Code::invite_pending, "the invite does not count yet"};
        case trust::InviteState::used:
            return Error{
                Code::invite_used,
                "the invite was used already: if that was not you, tell the clinic"
            };
        case trust::InviteState::expired:
        case trust::InviteState::closed:
            break;
    }
    return Error{Code::invite_expired, "the invite has expired or was withdrawn"};
}

Result<void> verify(const InviteFacts& invite, Shown& out) {
    for (const auto& entry : out.clinic_entries) {
        auto located = located_of(entry);
        if (!located) return alarm(located.error().detail);
        const auto applied = out.clinic.apply(located.value());
        if (!applied) return alarm(applied.error().detail);
    }
    if (out.clinic.empty()) return alarm("it shows no clinic");
    for (const auto& entry : out.patient_entries) {
        auto located = located_of(entry);
        if (!located) return alarm(located.error().detail);
        const auto& chain = located.value().statement.chain();
        if (chain.is_clinic()) return alarm("a patient's record with a statement of the clinic's");
        if (!out.patient) out.patient.emplace(*chain.patient());
        const auto applied = out.patient->apply(located.value(), out.clinic);
        if (!applied) return alarm(applied.error().detail);
    }
    const auto key = crypto::signing_key_of(invite.signing);
    if (const auto* record = out.clinic.invite(invite.uri.handle)) {
        if (record->invite.key != key) return alarm("the invite has another key");
        out.invite = record->hash;
        out.account = record->invite.account;
        out.role = record->invite.role;
        return success();
    }
    const auto* record = out.patient ? out.patient->invite(invite.uri.handle) : nullptr;
    if (!record) return alarm("it does not know the invite");
    if (record->invite.key != key) return alarm("the invite has another key");
    out.invite = record->hash;
    out.account = record->invite.account;
    out.chain = out.patient->name();
    return success();
}

Result<Shown> show(const Environment& environment, const InviteFacts& invite, Milliseconds limit) {
    Shown out;
    WARDLINE_TRY(fetch(environment, invite, limit, out));
    WARDLINE_TRY(verify(invite, out));
    return out;
}

Result<void> require_usable(const Shown& shown, Instant now) {
    if (shown.chain.is_clinic())
        return require_open(shown.clinic.state(*shown.clinic.invite(shown.invite), now));
    return require_open(trust::PatientChain::state(*shown.patient->invite(shown.invite), now));
}

Result<trust::Statement> sign_grant(
    const Shown& shown, const InviteFacts& invite, const DeviceIdentity& self, Instant now
) {
    const auto keys = self.keys();
    const auto by = crypto::signing_key_of(invite.signing);
    const trust::Grant grant{
        .account = *shown.account,
        .role = shown.role,
        .device = keys,
        .pop = trust::prove_possession(self.signing, self.clinic, by, keys.identity, keys.box),
        .invite = shown.invite
    };
    auto fields = shown.patient && !shown.chain.is_clinic()
                      ? shown.patient->draft(shown.clinic, now, grant)
                      : shown.clinic.draft(now, grant);
    return trust::sign_statement(invite.signing, std::move(fields));
}

// Until the grant stands. A lost answer is asked for again with the same statement, which stands
// once.
Result<void> finish(
    const Environment& environment,
    const InviteFacts& invite,
    const DeviceIdentity& self,
    Shown shown,
    Milliseconds limit
) {
    for (int i = 0; i < kTries; ++i) {
        WARDLINE_TRY(
            const auto statement, sign_grant(shown, invite, self, environment.clock.now())
        );
        const Json body{{"statement", statement.to_json()}};
        auto answer = environment.connector.post(invite.server, "/v1/enrol/finish", body, limit);
        for (int lost = 0;
             !answer && answer.error().code == Code::unreachable && lost < kLostAnswers;
             ++lost) {
            answer = environment.connector.post(invite.server, "/v1/enrol/finish", body, limit);
        }
        if (answer) return success();
        if (answer.error().code != Code::chain_moved) return answer.error();
        WARDLINE_TRY(shown, show(environment, invite, limit));
    }
    return Error{Code::unavailable, "the clinic's record is changing too fast"};
}

// Removes what an enrolment that failed has made.
struct Cleanup {
    UnfinishedEnrolment& made;
    bool keep{false};
    ~Cleanup() {
        if (!keep) made.discard();
    }
};

// A device that may have its grant already: its program was killed, or its answer lost, on the way.
struct Begun {
    std::unique_ptr<Store> store;
    DeviceIdentity self;
    bool granted{false};
};

Result<Begun> open_begun(
    const Home& home,
    const StoreKey& key,
    const Environment& environment,
    const ClientOptions& options
) {
    WARDLINE_TRY(auto store, Store::open(home.store_file(), key, environment.random));
    WARDLINE_TRY(auto self, load_device_identity(*store));
    Begun out{.store = std::move(store), .self = std::move(self)};
    Link link{environment, *out.store, out.self, options};
    const auto logged_in = link.log_in();
    if (!logged_in && logged_in.error().code != Code::login_failed) return logged_in.error();
    out.granted = logged_in.has_value();
    return out;
}

Error belongs_to_a_device(const std::filesystem::path& home) {
    return Error{Code::local_store, "the folder " + home.string() + " belongs to a device already"};
}

Result<std::unique_ptr<Session>> make_device(
    Home home,
    const InviteFacts& invite,
    const Shown& shown,
    const StoreKey& key,
    const Environment& environment,
    const ClientOptions& options
) {
    const Anchor anchor{
        .chain = shown.chain,
        .statement = shown.invite,
        .genesis = shown.clinic.genesis_hash(),
        .audit = shown.clinic.genesis().audit
    };
    WARDLINE_TRY(
        const auto self,
        make_device_identity(
            shown.clinic.clinic(), *shown.account, invite.server, anchor, environment.random
        )
    );
    WARDLINE_TRY(auto store, Store::create(home.store_file(), key, environment.random));
    WARDLINE_TRY(save(*store, self));
    WARDLINE_TRY(
        auto session, Session::make(std::move(home), std::move(store), environment, options)
    );
    WARDLINE_TRY(session->begin_chains(shown.clinic_entries, shown.patient_entries));
    return session;
}

// The session of a device that the clinic has granted, not yet connected.
Result<std::unique_ptr<Session>> granted_device(
    Home home,
    const InviteFacts& invite,
    const StoreKey& key,
    const Environment& environment,
    const ClientOptions& options
) {
    UnfinishedEnrolment unfinished{home.folder()};
    std::optional<Begun> begun;
    if (unfinished.stage() == UnfinishedEnrolment::Stage::granting) {
        WARDLINE_TRY(begun, open_begun(home, key, environment, options));
        const bool same = trust::invite_handle(begun->self.anchor.statement) == invite.uri.handle;
        if (begun->granted && !same) {
            unfinished.end();
            return belongs_to_a_device(home.folder());
        }
        if (begun->granted)
            return Session::open(std::move(home), std::move(begun->store), environment, options);
        if (!same) begun.reset();
    }
    WARDLINE_TRY(auto shown, show(environment, invite, options.call_limit));
    WARDLINE_TRY(require_usable(shown, environment.clock.now()));
    Cleanup cleanup{.made = unfinished, .keep = begun.has_value()};
    std::unique_ptr<Session> session;
    if (begun) {
        WARDLINE_TRY(
            session, Session::open(std::move(home), std::move(begun->store), environment, options)
        );
    } else {
        unfinished.discard();
        WARDLINE_TRY(unfinished.begin());
        WARDLINE_TRY(
            session, make_device(std::move(home), invite, shown, key, environment, options)
        );
        WARDLINE_TRY(unfinished.before_grant());
    }
    const auto finished =
        finish(environment, invite, session->self, std::move(shown), options.call_limit);
    // With the answer lost the grant may stand: then the store is all there is of the device.
    cleanup.keep = cleanup.keep || finished || finished.error().code == Code::unreachable;
    WARDLINE_TRY(finished);
    return session;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::enrol(
    const std::filesystem::path& home,
    std::string_view invite_uri,
    const StoreKey& key,
    const Environment& environment,
    const ClientOptions& options
) {
    WARDLINE_TRY(const auto uri, trust::parse_invite_uri(invite_uri));
    WARDLINE_TRY(auto server, parse_endpoint(uri.server));
    server.pin = uri.pin;
    const InviteFacts invite{
        .uri = uri, .server = server, .signing = trust::invite_signing_secret(uri.secret)
    };
    if (is_enrolled(home)) return belongs_to_a_device(home);
    WARDLINE_TRY(auto held, Home::open(home, Home::Make::yes));
    // Another program may have enrolled it in the meantime.
    if (is_enrolled(home)) return belongs_to_a_device(home);
    WARDLINE_TRY(auto session, granted_device(std::move(held), invite, key, environment, options));
    UnfinishedEnrolment{home}.end();
    WARDLINE_TRY(session->connect());
    return make_client(std::move(session));
}

}  // namespace wardline::client
