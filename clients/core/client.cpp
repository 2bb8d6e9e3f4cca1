#include "clients/core/client.hpp"

#include "clients/core/session.hpp"
#include "clients/core/unfinished_enrolment.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/encoding.hpp"
#include "protocol/trust/readers.hpp"

#include <algorithm>

// Conversations: what a patient and a nurse do all day. People and devices: client_people.cpp.
namespace wardline::client {
namespace {

constexpr std::size_t kThreadsPage = 256;
constexpr std::size_t kHistoryMax = 10'000;

// Without the server one can still read what is here and write what will be sent.
bool is_absence(const Error& error) {
    return error.code == Code::unreachable || error.code == Code::unavailable ||
           error.code == Code::shutting_down;
}

// A connection may have died unnoticed since it was last used. What can be asked twice is asked
// once more over a new one.
template <class Work>
auto again(Session& session, Work work) -> decltype(work()) {
    auto done = work();
    if (done || done.error().code != Code::unreachable || session.link.up()) return done;
    if (!session.connect()) return done;
    return work();
}

Result<void> require_writable(
    const Session& session, const trust::PatientChain& chain, trust::MessageClass message_class
) {
    if (message_class != trust::MessageClass::internal && chain.confirmed_devices().empty()) {
        return Error{
            Code::wrong_class, "this patient has no device yet: only internal notes can be written"
        };
    }
    const auto may =
        trust::may_write(session.chains.clinic(), chain, session.self.device(), message_class);
    if (may) return success();
    if (may.error().code == Code::wrong_class)
        return Error{Code::wrong_class, "a patient cannot write internal notes"};
    if (session.is_waiting()) {
        return Error{
            Code::forbidden,
            session.self.is_patient()
                ? "this device waits until the clinic or another device of yours has confirmed it"
                : "this device is in no team of this thread; a colleague in the team admits it: "
                  "wardline team admit " +
                      session.self.account.name()
        };
    }
    return Error{Code::forbidden, "this account may not write in this thread"};
}

}  // namespace

std::unique_ptr<Client> make_client(std::unique_ptr<Session> session) {
    return std::unique_ptr<Client>{new Client{std::move(session)}};
}

Client::Client(std::unique_ptr<Session> session) : session_{std::move(session)} {}
Client::~Client() = default;

bool Client::is_enrolled(const std::filesystem::path& home) {
    std::error_code ignored;
    return std::filesystem::exists(Home::store_file(home), ignored) &&
           UnfinishedEnrolment{home}.stage() == UnfinishedEnrolment::Stage::none;
}

Result<std::unique_ptr<Client>> Client::open(
    const std::filesystem::path& home,
    const StoreKey& key,
    const Environment& environment,
    const ClientOptions& options
) {
    if (!is_enrolled(home)) {
        return Error{
            Code::local_store,
            "there is no device in " + home.string() + ": enrol with an invite first"
        };
    }
    WARDLINE_TRY(auto held, Home::open(home, Home::Make::no));
    WARDLINE_TRY(auto store, Store::open(held.store_file(), key, environment.random));
    WARDLINE_TRY(
        auto session, Session::open(std::move(held), std::move(store), environment, options)
    );
    if (session->chains.clinic().empty()) {
        // Founded or enrolled, and never heard of since: there is nothing to work with offline.
        WARDLINE_TRY(session->connect());
    }
    return make_client(std::move(session));
}

const Account& Client::account() const {
    return session_->self.account;
}
DeviceId Client::device() const {
    return session_->self.device();
}
bool Client::is_patient() const {
    return session_->self.is_patient();
}
std::optional<PatientId> Client::own_patient() const {
    if (!is_patient()) return std::nullopt;
    return account().patient_id();
}
Session& Client::session() {
    return *session_;
}

Result<void> Client::connect() {
    return session_->connect();
}
bool Client::online() const {
    return session_->link.up();
}
void Client::disconnect() {
    session_->disconnect();
}
Result<std::optional<Event>> Client::next_event(Milliseconds wait) {
    return session_->next_event(wait);
}
void Client::interrupt() {
    session_->interrupt();
}
std::optional<std::string> Client::pending_alarm() const {
    return session_->pending_alarm();
}

namespace {

Result<PatientId> whose(const Session& session, const std::optional<PatientId>& patient) {
    if (session.self.is_patient()) {
        if (patient && *patient != session.self.account.patient_id()) {
            return Error{
                Code::usage,
                "you are patient " + session.self.account.name() + ": leave the patient id out"
            };
        }
        return session.self.account.patient_id();
    }
    if (!patient) return Error{Code::usage, "say which patient: give the patient id"};
    return *patient;
}

Result<std::vector<ThreadSummary>> staff_inbox(Session& session) {
    std::vector<ThreadSummary> out;
    std::string last;
    while (true) {
        WARDLINE_TRY(
            const auto answer,
            session.link.request("threads", Json{{"after", last}, {"limit", kThreadsPage}})
        );
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* threads, reader.array("threads", kThreadsPage));
        WARDLINE_TRY(const bool more, reader.boolean("more"));
        for (const auto& item : *threads) {
            WARDLINE_TRY(auto map, cbor::MapReader::over(item));
            WARDLINE_TRY(const auto next, map.text("patient", 64));
            if (next <= last) return Error{Code::bad_frame, "the server lists a thread twice"};
            last = next;
            WARDLINE_TRY(const auto patient, PatientId::parse(last));
            ThreadSummary summary{
                .patient_id = patient, .thread = {}, .teams = {}, .last_time = {}, .last_class = {}
            };
            WARDLINE_TRY(summary.thread, map.fixed<ThreadId>("thread"));
            WARDLINE_TRY(const auto* teams, map.array("teams", trust::kTeamsMax));
            for (const auto& team : *teams)
                summary.teams.push_back(team.is_string() ? team.get<std::string>() : "");
            WARDLINE_TRY(summary.last_seq, map.uint("last_seq"));
            WARDLINE_TRY(summary.read, map.uint("read"));
            if (summary.last_seq > 0) {
                WARDLINE_TRY(const auto time, map.uint("last_time"));
                summary.last_time = Instant{time};
                if (item.contains("last_class") && item.at("last_class").is_string()) {
                    summary.last_class = item.at("last_class").get<std::string>();
                }
            }
            out.push_back(std::move(summary));
        }
        if (!more || threads->empty()) return out;
    }
}

Result<std::vector<ThreadSummary>> patient_inbox(Session& session) {
    const auto patient = session.self.account.patient_id();
    WARDLINE_TRY(const auto* chain, session.chains.known_patient(patient));
    if (!chain) return std::vector<ThreadSummary>{};
    ThreadSummary summary{
        .patient_id = patient,
        .thread = chain->thread(),
        .teams = {},
        .last_time = {},
        .last_class = {}
    };
    for (const auto& team : chain->teams()) summary.teams.push_back(team.text());
    WARDLINE_TRY(const auto newest, session.messages.page(0, 1));
    if (!newest.empty()) {
        summary.last_seq = newest.back().seq;
        summary.last_time = newest.back().received_at;
        summary.last_class = newest.back().message_class;
    }
    if (session.link.up()) {
        const auto receipts = session.receipts(patient);
        for (const auto& receipt : receipts ? receipts.value() : std::vector<ReceiptInfo>{}) {
            if (receipt.account == session.self.account)
                summary.read = std::max(summary.read, receipt.read);
        }
    }
    return std::vector<ThreadSummary>{std::move(summary)};
}

}  // namespace

Result<std::vector<ThreadSummary>> Client::inbox() {
    auto up = session_->connect();
    if (is_patient()) {
        if (!up && !is_absence(up.error())) return up.error();
        return patient_inbox(*session_);
    }
    WARDLINE_TRY(up);
    return again(*session_, [&] { return staff_inbox(*session_); });
}

Result<void> Client::open_thread(const std::optional<PatientId>& patient) {
    WARDLINE_TRY(const auto id, whose(*session_, patient));
    if (is_patient()) return success();
    WARDLINE_TRY(again(*session_, [&] { return session_->open_thread(id); }));
    return success();
}

Result<void> Client::close_thread(const std::optional<PatientId>& patient) {
    WARDLINE_TRY(const auto id, whose(*session_, patient));
    return session_->close_thread(id);
}

namespace {

Result<HistoryPage> staff_history(
    Session& session, const PatientId& patient, std::size_t limit, Seq before
) {
    HistoryPage out;
    std::vector<Place> places;
    while (true) {
        WARDLINE_TRY(
            auto page, session.fetch_history(patient, before, 0, limit - out.messages.size())
        );
        std::move(out.messages.begin(), out.messages.end(), std::back_inserter(page.messages));
        out.messages = std::move(page.messages);
        std::move(places.begin(), places.end(), std::back_inserter(page.places));
        places = std::move(page.places);
        out.more = page.more;
        if (!page.more || page.first == 0 || out.messages.size() >= limit) break;
        before = page.first;
    }
    WARDLINE_TRY(session.check_order(places, !out.more));
    return out;
}

Result<HistoryPage> patient_history(Session& session, std::size_t limit, Seq before) {
    WARDLINE_TRY(session.messages.expire(session.environment.clock.now()));
    HistoryPage out;
    WARDLINE_TRY(out.messages, session.messages.page(before, limit + 1));
    out.more = out.messages.size() > limit;
    if (out.more) out.messages.erase(out.messages.begin());
    return out;
}

}  // namespace

Result<HistoryPage> Client::history(
    const std::optional<PatientId>& patient, std::size_t limit, Seq before
) {
    WARDLINE_TRY(const auto id, whose(*session_, patient));
    limit = std::clamp<std::size_t>(limit, 1, kHistoryMax);
    const auto up = session_->connect();
    if (!up && !(is_patient() && is_absence(up.error()))) return up.error();
    WARDLINE_TRY(
        auto out,
        is_patient() ? patient_history(*session_, limit, before)
                     : again(*session_, [&] { return staff_history(*session_, id, limit, before); })
    );
    const auto applied = session_->apply_receipts(out.messages, id);
    if (!applied && !is_absence(applied.error()) && applied.error().code != Code::forbidden)
        return applied.error();
    if (before != 0) return out;
    WARDLINE_TRY(const auto pending, session_->outbox->pending());
    for (const auto& queued : pending) {
        if (queued.patient == id) out.messages.push_back(session_->message_of(queued));
    }
    return out;
}

Result<Message> Client::send_text(
    const std::optional<PatientId>& patient, std::string_view text, const SendOptions& options
) {
    WARDLINE_TRY(const auto id, whose(*session_, patient));
    const auto message_class = trust::parse_class(options.message_class);
    if (!message_class) {
        return Error{
            Code::usage,
            "there is no class " + options.message_class +
                ": appointment, clinical, photo, admin, marketing, internal"
        };
    }
    if (text.empty()) return Error{Code::usage, "the message is empty"};
    if (text.size() > message::kTextBytesMax)
        return Error{Code::too_large, "a message has at most 65536 bytes"};
    if (!is_utf8(as_bytes(text))) return Error{Code::usage, "the message is not valid UTF-8"};
    const auto up = session_->connect();
    if (!up && !is_absence(up.error())) return up.error();
    auto found = session_->thread_of(id);
    // The connection died while it was asked: what is known is asked instead.
    if (!found && is_absence(found.error()) && !session_->link.up())
        found = session_->thread_of(id);
    WARDLINE_TRY(const auto* chain, found);
    auto writable = require_writable(*session_, *chain, message_class.value());
    if (!writable && session_->link.up()) {
        // What is known may be old: asked again before it is refused.
        WARDLINE_TRY(session_->chains.update_clinic());
        WARDLINE_TRY(chain, session_->chains.update_patient(id));
        writable = require_writable(*session_, *chain, message_class.value());
    }
    WARDLINE_TRY(writable);
    message::Content content = message::Text{.text = std::string{text}};
    if (options.corrects)
        content = message::Correction{.text = std::string{text}, .of = *options.corrects};
    WARDLINE_TRY(
        const auto queued,
        session_->outbox->add(id, chain->thread(), message_class.value(), content)
    );
    if (!session_->link.up()) return session_->message_of(queued);
    WARDLINE_TRY(auto sent, session_->flush(queued.id));
    if (sent) return std::move(*sent);
    return session_->message_of(queued);
}

Result<void> Client::mark_read(const std::optional<PatientId>& patient, Seq seq) {
    WARDLINE_TRY(const auto id, whose(*session_, patient));
    if (seq == 0) return success();
    WARDLINE_TRY(session_->connect());
    return again(*session_, [&] { return session_->send_receipt(id, seq, seq); });
}

Result<std::vector<ReceiptInfo>> Client::receipts(const std::optional<PatientId>& patient) {
    WARDLINE_TRY(const auto id, whose(*session_, patient));
    WARDLINE_TRY(session_->connect());
    return again(*session_, [&] { return session_->receipts(id); });
}

}  // namespace wardline::client
