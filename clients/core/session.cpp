#include "clients/core/session.hpp"

#include "clients/core/prekeys.hpp"
#include "protocol/base/cbor.hpp"

#include <algorithm>

namespace wardline::client {
namespace {

constexpr Space kDevice{"device"};
constexpr std::string_view kCursor{"cursor"};
constexpr std::string_view kBackfilled{"backfilled"};
constexpr std::uint64_t kSyncPage = 500;

}  // namespace

namespace {

Result<void> require_rising(std::span<const wire::Entry> entries, Seq after, Seq upto) {
    for (const auto& entry : entries) {
        if (entry.seq <= after || entry.seq > upto) {
            return Error{
                Code::trust_alarm,
                "the server shows entries of its journal in another order than they stand in"
            };
        }
        after = entry.seq;
    }
    return success();
}

}  // namespace

bool ends_session(const Error& error) {
    switch (error.code) {
        case Code::trust_alarm:
        case Code::local_store:
        case Code::store_rolled_back:
        case Code::login_failed:
        case Code::unsupported_version:
        case Code::no_clinic:
        case Code::conflict:
            return true;
        default:
            return false;
    }
}

Session::Session(
    Home its_home,
    std::unique_ptr<Store> its_store,
    const Environment& its_environment,
    const ClientOptions& its_options,
    DeviceIdentity its_self
)
    : environment{its_environment},
      options{its_options},
      home{std::move(its_home)},
      store{std::move(its_store)},
      self{std::move(its_self)},
      link{environment, *store, self, options},
      tree{*store, link, home.folder()},
      chains{environment, *store, link, tree, self},
      epochs{*store, link, chains, self},
      keys{epochs, self},
      signal_store{*store},
      reader{chains, keys, self, environment},
      messages{*store},
      keeper{environment, link, chains, epochs, keys, self},
      backoff_{environment.random} {}

Result<std::unique_ptr<Session>> Session::make(
    Home home,
    std::unique_ptr<Store> store,
    const Environment& environment,
    const ClientOptions& options
) {
    WARDLINE_TRY(auto self, load_device_identity(*store));
    auto session = std::make_unique<Session>(
        std::move(home), std::move(store), environment, options, std::move(self)
    );
    WARDLINE_TRY(
        session->signal, signal::SignalDevice::create(session->self.identity, session->signal_store)
    );
    session->outbox = std::make_unique<Outbox>(
        session->environment,
        *session->store,
        session->link,
        session->tree,
        session->chains,
        session->signal_store,
        *session->signal,
        session->self
    );
    return session;
}

Result<std::unique_ptr<Session>> Session::open(
    Home home,
    std::unique_ptr<Store> store,
    const Environment& environment,
    const ClientOptions& options
) {
    WARDLINE_TRY(auto session, make(std::move(home), std::move(store), environment, options));
    WARDLINE_TRY(session->load_chains());
    return session;
}

Result<void> Session::load_chains() {
    WARDLINE_TRY(chains.load());
    WARDLINE_TRY(tree.load(self.clinic, self.anchor.audit));
    WARDLINE_TRY(messages.expire(environment.clock.now()));
    return success();
}

Result<void> Session::begin_chains(
    std::span<const wire::Entry> clinic, std::span<const wire::Entry> patient
) {
    WARDLINE_TRY(chains.adopt(clinic, patient));
    return tree.load(self.clinic, self.anchor.audit);
}

Result<Seq> Session::cursor(Seq otherwise) {
    WARDLINE_TRY(const auto stored, store->get(kDevice, as_bytes(kCursor)));
    if (!stored) return otherwise;
    Seq out{0};
    for (const auto byte : stored->reveal()) out = out << 8 | byte;
    return out;
}

Result<void> Session::keep_cursor(Seq seq) {
    Bytes encoded;
    append_u64(encoded, seq);
    return store->put(kDevice, as_bytes(kCursor), encoded);
}

Result<void> Session::connect() {
    if (ended_) return *ended_;
    if (link.up()) return success();
    auto up = log_in();
    if (up) {
        backoff_.succeeded();
        was_up_ = true;
        return success();
    }
    link.drop();
    return up;
}

void Session::disconnect() {
    link.drop();
    was_up_ = false;
    fresh_.clear();
}

Result<void> Session::log_in() {
    fresh_.clear();
    // What was not proved comes again, from the cursor on the disk.
    unproved_.clear();
    seen_heads_.clear();
    cursor_due_.reset();
    order_.reset();
    WARDLINE_TRY(const auto answer, link.log_in());
    return come_up(answer);
}

// The order matters: first who is who, then what others need from us, then what was missed, then
// what is queued.
Result<void> Session::come_up(const LoginAnswer& answer) {
    WARDLINE_TRY(tree.accept(answer.head));
    WARDLINE_TRY(chains.compare_clinic_head(answer.clinic_head));
    WARDLINE_TRY(chains.prove_adopted());
    if (self.is_patient()) {
        WARDLINE_TRY(chains.update_patient(self.account.patient_id()));
        fresh_.insert(self.account.patient_id());
    }
    WARDLINE_TRY(refill_prekeys(
        link,
        signal_store,
        self,
        environment.clock.now(),
        answer.signed_prekey,
        answer.one_time_prekeys
    ));
    WARDLINE_TRY(keeper.keep());
    WARDLINE_TRY(const bool all, wants_backfill());
    if (all) {
        WARDLINE_TRY(backfill());
    } else {
        WARDLINE_TRY(load_order());
        WARDLINE_TRY(const auto from, cursor(self.is_patient() ? 0 : answer.seq));
        WARDLINE_TRY(catch_up(from));
    }
    WARDLINE_TRY(reopen());
    WARDLINE_TRY(flush());
    return idle();
}

Result<void> Session::catch_up(Seq start) {
    cursor_ = start;
    while (true) {
        auto answer = link.request("sync", Json{{"after", cursor_}, {"limit", kSyncPage}});
        // A device that may see nothing yet has nothing to catch up with.
        if (!answer && answer.error().code == Code::forbidden) return success();
        WARDLINE_TRY(answer);
        WARDLINE_TRY(auto fields, cbor::MapReader::over(answer.value()));
        WARDLINE_TRY(const auto* list, fields.array("entries", kSyncPage));
        WARDLINE_TRY(const auto entries, wire::parse_entries(*list, kSyncPage));
        WARDLINE_TRY(const auto upto, fields.uint("upto"));
        WARDLINE_TRY(const bool more, fields.boolean("more"));
        WARDLINE_TRY(require_rising(entries, cursor_, upto));
        // A cursor beyond the journal's end would hide what is written later.
        WARDLINE_TRY(tree.cover(upto));
        const Seq before = cursor_;
        WARDLINE_TRY(take(entries, std::max(upto, cursor_)));
        if (!more) return success();
        if (cursor_ <= before)
            return Error{Code::bad_frame, "the server says that there is more and shows nothing"};
    }
}

Result<void> Session::backfill() {
    backfilling_ = true;
    order_.emplace(true);
    ordered_ = 0;
    const auto done = catch_up(0);
    backfilling_ = false;
    WARDLINE_TRY(done);
    StoreTransaction stored{*store};
    WARDLINE_TRY(keep_order());
    WARDLINE_TRY(store->put(kDevice, as_bytes(kBackfilled), {}));
    return stored.commit();
}

// A patient's device that has just become a reader may see what came before: once, from the
// beginning.
Result<bool> Session::wants_backfill() {
    if (!self.is_patient() || backfilling_) return false;
    WARDLINE_TRY(const auto* chain, chains.known_patient(self.account.patient_id()));
    if (!chain || !chain->confirmed(self.device())) return false;
    WARDLINE_TRY(const auto done, store->get(kDevice, as_bytes(kBackfilled)));
    return !done;
}

Result<void> Session::after_change() {
    const auto before = chains.revision();
    WARDLINE_TRY(keeper.keep());
    WARDLINE_TRY(const bool all, wants_backfill());
    if (all) {
        WARDLINE_TRY(backfill());
    }
    WARDLINE_TRY(retry_missing({}));
    if (chains.revision() != before) fresh_.clear();
    return success();
}

Result<const trust::PatientChain*> Session::thread_of(const PatientId& patient) {
    if (self.is_patient() && patient != self.account.patient_id()) {
        return Error{Code::forbidden, "a patient's device has only the patient's own thread"};
    }
    if (link.up() && !fresh_.contains(patient)) {
        const auto chain = chains.update_patient(patient);
        if (!chain && chain.error().code == Code::forbidden) {
            return Error{
                Code::forbidden,
                "there is no patient " + patient.text() +
                    ", or their record is not for this account"
            };
        }
        WARDLINE_TRY(chain);
        fresh_.insert(patient);
        return chain;
    }
    WARDLINE_TRY(const auto* known, chains.known_patient(patient));
    if (!known)
        return Error{
            Code::unreachable, "nothing is known of this patient, and the server cannot be asked"
        };
    return known;
}

Result<Seq> Session::open_thread(const PatientId& patient) {
    WARDLINE_TRY(connect());
    WARDLINE_TRY(const auto* chain, thread_of(patient));
    if (self.is_patient()) return cursor_;
    WARDLINE_TRY(
        const auto answer,
        link.request("open", Json{{"thread", cbor::binary(chain->thread().view())}})
    );
    WARDLINE_TRY(auto fields, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto seq, fields.uint("seq"));
    // What is open already answers its first seq: what was shown since is not shown again.
    auto& shown = open_[patient];
    shown = std::max(shown, seq);
    return seq;
}

Result<void> Session::close_thread(const PatientId& patient) {
    if (open_.erase(patient) == 0 || !link.up()) return success();
    WARDLINE_TRY(const auto* chain, thread_of(patient));
    WARDLINE_TRY(link.request("close", Json{{"thread", cbor::binary(chain->thread().view())}}));
    return success();
}

// After a reconnect the threads that were open are opened again, and what came in between is shown.
Result<void> Session::reopen() {
    std::vector<std::pair<PatientId, Seq>> were{open_.begin(), open_.end()};
    for (const auto& [patient, shown] : were) {
        const auto opened = open_thread(patient);
        // Until the rest is shown: should this connection end meanwhile, the next one goes on here.
        if (open_.contains(patient)) open_[patient] = shown;
        if (!opened && is_nobodys_loss(opened.error()) && !Outbox::later(opened.error())) {
            // No longer ours to read: nothing more of it is shown. A server that cannot open it at
            // this moment is one to come back to.
            open_.erase(patient);
            continue;
        }
        WARDLINE_TRY(const auto now, opened);
        Seq after = shown;
        while (after < now) {
            WARDLINE_TRY(auto page, fetch_history(patient, 0, after, 100));
            WARDLINE_TRY(check_order(page.places, false));
            after = std::max(after, page.last);
            for (auto& message : page.messages) {
                if (message.seq > now) break;  // Behind the opening: it comes as a push.
                if (message.device != self.device()) emit(MessageEvent{std::move(message)});
            }
            open_[patient] = std::min(after, now);
            if (!page.more || page.last == 0) break;
        }
        open_[patient] = std::max(shown, now);
    }
    return success();
}

std::optional<std::string> Session::pending_alarm() const {
    for (const auto& event : events_) {
        if (const auto* alarm = std::get_if<AlarmEvent>(&event)) return alarm->sentence;
    }
    return std::nullopt;
}

Message Session::message_of(const Queued& queued) const {
    Message out{
        .seq = 0,
        .message_id = queued.id,
        .patient_id = queued.patient,
        .thread = queued.thread,
        .author = self.account,
        .device = self.device(),
        .message_class = std::string{trust::name_of(queued.message_class)},
        .sent_at = queued.created,
        .received_at = {},
        .expires_at = {},
        .state = MessageState::queued,
        .text = {},
        .reason = {},
        .own = true
    };
    if (const auto* text = std::get_if<message::Text>(&queued.content)) out.text = text->text;
    if (const auto* correction = std::get_if<message::Correction>(&queued.content)) {
        out.text = correction->text;
        out.corrects = correction->of;
    }
    return out;
}

Result<std::optional<Message>> Session::flush(const std::optional<MessageId>& own) {
    std::optional<Message> result;
    WARDLINE_TRY(auto pending, outbox->pending());
    for (auto& queued : pending) {
        Message message = message_of(queued);
        const bool ours = own && queued.id == *own;
        const auto sent = outbox->send(queued);
        if (!sent && Outbox::later(sent.error())) {
            outbox_at_ = environment.clock.steady() + backoff_.next();
            if (ends_session(sent.error())) return sent.error();
            message.reason = sent.error().detail;
            if (ours) result = std::move(message);
            return result;
        }
        StoreTransaction transaction{*store};
        WARDLINE_TRY(outbox->remove(queued));
        if (sent) {
            message.seq = sent.value().seq;
            message.state = MessageState::sent;
            message.received_at = sent.value().time;
            if (message.received_at) {
                message.expires_at =
                    kept_until(chains.clinic(), queued.message_class, *message.received_at);
            }
            WARDLINE_TRY(outbox->saw(
                queued.thread,
                trust::audience_of(queued.message_class),
                message.seq,
                sent.value().hash
            ));
            if (self.is_patient()) {
                WARDLINE_TRY(messages.put(message));
            }
        }
        WARDLINE_TRY(transaction.commit());
        if (!sent && ours) return sent.error();
        if (!sent) {
            message.state = MessageState::refused;
            message.reason = sent.error().detail;
            message.text.clear();
        }
        if (ours) {
            result = std::move(message);
        } else {
            emit(MessageEvent{std::move(message)});
        }
    }
    outbox_at_.reset();
    return result;
}

}  // namespace wardline::client
