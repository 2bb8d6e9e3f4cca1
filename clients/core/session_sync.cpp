#include "clients/core/session.hpp"
#include "clients/core/statement_summary.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/message/slots.hpp"

#include <algorithm>

// How entries come in: pages of sync, pushes, pages of history.
namespace wardline::client {
namespace {

constexpr std::size_t kProofsMax = 64;
constexpr std::size_t kSeenHeadsMax = 4;
constexpr std::size_t kReceiptsMax = 2'048;
constexpr std::size_t kCountersMax = 4'096;
// How far this device's clock may be behind when it judges whether details were kept long enough.
constexpr std::uint64_t kClockSlackMs = 24ULL * 60 * 60 * 1000;
// What a patient's device knows of the order of its thread.
constexpr Space kCounters{"order"};
constexpr Space kHashes{"order hash"};
constexpr Space kOrdered{"order seq"};
constexpr Space kErased{"order erased"};
constexpr std::string_view kNewest{"newest"};
constexpr std::string_view kAccounted{"accounted"};

// What of an entry the tree binds.
wire::Entry without_payload(const wire::Entry& entry) {
    wire::Entry out;
    out.seq = entry.seq;
    out.time = entry.time;
    out.kind = entry.kind;
    out.details = entry.details;
    out.salt = entry.salt;
    out.erased = entry.erased;
    return out;
}

}  // namespace

void Session::remember_proof(const wire::Entry& entry, const ReadMessage& read) {
    unproved_.push_back(without_payload(entry));
    if (read.alarm)
        emit(AlarmEvent{"entry " + std::to_string(entry.seq) + ": " + read.message.reason});
    if (read.tree.size == 0) return;
    if (read.tree.size >= entry.seq) {
        emit(AlarmEvent{
            "the author of entry " + std::to_string(entry.seq) +
            " names a journal that is longer than it can be"
        });
        return;
    }
    const auto larger = [](const auto& a, const auto& b) { return a.size > b.size; };
    seen_heads_.push_back(read.tree);
    std::sort(seen_heads_.begin(), seen_heads_.end(), larger);
    seen_heads_.erase(std::unique(seen_heads_.begin(), seen_heads_.end()), seen_heads_.end());
    if (seen_heads_.size() > kSeenHeadsMax) seen_heads_.resize(kSeenHeadsMax);
}

namespace {

Result<void> require_content(const wire::Entry& entry) {
    if (entry.expired || !entry.message.empty()) return success();
    return Error{
        Code::trust_alarm,
        "the server withholds the content of message " + std::to_string(entry.seq)
    };
}

std::string unseen_before(Seq seq) {
    return "the author of entry " + std::to_string(seq) +
           " had seen a message that the server does not show here, or claims so";
}

}  // namespace

// That a message's details are gone has to be so by what the clinic decided: the leaf, which stays,
// is proved like any other.
Result<Place> Session::take_erased(const wire::Entry& entry, const ThreadId& thread) {
    const auto allowed = [&] {
        const Instant now{environment.clock.now().ms + kClockSlackMs};
        return chains.clinic().details_may_be_erased(thread, entry.seq, entry.time, now);
    };
    // The decision may have been made since the chain was last looked at.
    if (!allowed()) {
        WARDLINE_TRY(chains.update_clinic());
    }
    if (!allowed()) {
        return Error{
            Code::trust_alarm,
            "the server says that the details of message " + std::to_string(entry.seq) +
                " were erased, and the clinic has not decided so"
        };
    }
    unproved_.push_back(without_payload(entry));
    return Place{.seq = entry.seq, .erased = true, .device = {}, .hash = {}};
}

Result<void> Session::prove_pending() {
    WARDLINE_TRY(tree.prove(unproved_));
    unproved_.clear();
    if (const auto due = std::exchange(cursor_due_, std::nullopt)) {
        WARDLINE_TRY(keep_cursor(*due));
    }
    for (const auto& seen : std::exchange(seen_heads_, {})) {
        const auto checked = tree.cross_check(seen);
        if (checked) continue;
        // The author may lie as well as the server: it is told, and the work goes on.
        if (checked.error().code != Code::trust_alarm) return checked;
        emit(AlarmEvent{checked.error().detail});
    }
    return success();
}

Result<void> Session::take_statement(const wire::Entry& entry) {
    WARDLINE_TRY(const bool news, chains.take(entry));
    if (!news) return success();
    WARDLINE_TRY(const auto located, located_of(entry));
    const std::string type{located.statement.type()};
    const auto chain = located.statement.chain();
    const std::string subject = chain.is_clinic() ? "clinic" : chain.patient()->text();
    emit(ChangeEvent{
        .type = type,
        .subject = subject,
        .sentence = (chain.is_clinic() ? "the clinic: " : "patient " + subject + ": ") +
                    summary_of(located.statement.data())
    });
    return success();
}

Result<void> Session::store_reads(
    std::vector<ReadMessage>& reads,
    std::span<const Place> places,
    const signal::SignalTransaction& transaction
) {
    StoreTransaction stored{*store};
    WARDLINE_TRY(signal_store.write(transaction.changes()));
    WARDLINE_TRY(follow_order(places));
    std::vector<ReadMessage> fresh;
    for (auto& read : reads) {
        const Message& message = read.message;
        const bool content = message.state != MessageState::notice && !read.hash.is_zero();
        if (content && message.state != MessageState::refused) {
            WARDLINE_TRY(const auto message_class, trust::parse_class(message.message_class));
            WARDLINE_TRY(outbox->saw(
                message.thread, trust::audience_of(message_class), message.seq, read.hash
            ));
        }
        if (content && self.is_patient()) {
            WARDLINE_TRY(const bool known, messages.has_readable(message));
            if (known) continue;
            WARDLINE_TRY(messages.put(message, read.missing_key));
        }
        fresh.push_back(std::move(read));
    }
    WARDLINE_TRY(stored.commit());
    reads = std::move(fresh);
    return success();
}

namespace {

Bytes u64_bytes(std::uint64_t number) {
    Bytes out;
    append_u64(out, number);
    return out;
}

std::uint64_t as_u64(BytesView bytes) {
    std::uint64_t out = 0;
    for (const auto byte : bytes) out = out << 8 | byte;
    return out;
}

Bytes order_key(const DeviceId& device, trust::Audience audience) {
    return concat({device.view(), as_bytes(trust::name_of(audience))});
}

}  // namespace

Result<void> Session::load_order() {
    if (!self.is_patient()) return success();
    WARDLINE_TRY(const auto newest, store->get(kOrdered, as_bytes(kNewest)));
    if (!newest) return success();
    order_.emplace(true);
    ordered_ = as_u64(newest->reveal());
    WARDLINE_TRY(const auto records, store->from(kCounters, 0, kCountersMax));
    for (const auto& record : records) {
        WARDLINE_TRY(
            const auto device, DeviceId::from(BytesView{record.key}.first(DeviceId::kSize))
        );
        order_->remember(
            device, trust::Audience::all, {record.ordinal, as_u64(record.value.reveal())}
        );
    }
    for (Seq from = 0;;) {
        WARDLINE_TRY(const auto erased, store->from(kErased, from, kCountersMax));
        for (const auto& record : erased) {
            order_->remember_erased(record.ordinal, !record.value.reveal().empty());
            from = record.ordinal + 1;
        }
        if (erased.size() < kCountersMax) return success();
    }
}

// Inside the transaction that stores what was read.
Result<void> Session::follow_order(std::span<const Place> places) {
    if (!order_) return success();
    const Seq before = ordered_;
    for (const auto& place : places) {
        if (place.seq <= ordered_) continue;
        ordered_ = place.seq;
        if (!place.erased && place.audience == trust::Audience::internal) continue;
        WARDLINE_TRY(auto followed, order_->take(place));
        for (const auto seq : followed.accounted) {
            WARDLINE_TRY(store->put(kErased, u64_bytes(seq), as_bytes(kAccounted), seq));
        }
        if (place.erased) {
            WARDLINE_TRY(store->put(kErased, u64_bytes(place.seq), {}, place.seq));
            continue;
        }
        if (!followed.prev) {
            WARDLINE_TRY(const auto known, store->get(kHashes, place.prev.view()));
            followed.prev = known.has_value();
        }
        if (!followed.prev) emit(AlarmEvent{unseen_before(place.seq)});
        WARDLINE_TRY(store->put(kHashes, place.hash.view(), {}, place.seq));
        if (const auto counted = order_->counter(place.device, place.audience)) {
            const Bytes key = order_key(place.device, place.audience);
            WARDLINE_TRY(store->put(kCounters, key, u64_bytes(counted->seq), counted->counter));
        }
    }
    return ordered_ == before ? success() : keep_order();
}

Result<void> Session::keep_order() {
    return store->put(kOrdered, as_bytes(kNewest), u64_bytes(ordered_));
}

Result<void> Session::check_order(std::span<const Place> places, bool whole) {
    ThreadOrder order{whole};
    for (const auto& place : places) {
        WARDLINE_TRY(const auto followed, order.take(place));
        if (whole && !followed.prev) emit(AlarmEvent{unseen_before(place.seq)});
    }
    return success();
}

void Session::tell(const ReadMessage& read) {
    const Message& message = read.message;
    if (message.device == self.device()) return;
    if (message.state == MessageState::notice) {
        if (message.seq <= noticed_) return;
        noticed_ = message.seq;
        emit(NoticeEvent{
            .patient_id = message.patient_id,
            .thread = message.thread,
            .message_class = message.message_class,
            .seq = message.seq,
            .time = message.received_at.value_or(Instant{})
        });
        return;
    }
    const auto shown = open_.find(message.patient_id);
    if (shown != open_.end()) shown->second = std::max(shown->second, message.seq);
    if (!message.own && !read.missing_key) {
        auto& delivered = delivered_[message.patient_id];
        delivered = std::max(delivered, message.seq);
    }
    emit(MessageEvent{message});
}

Result<void> Session::take(std::span<const wire::Entry> entries, std::optional<Seq> new_cursor) {
    const auto revision = chains.revision();
    std::vector<ReadMessage> reads;
    std::vector<Place> places;
    std::vector<message::AddedSlot> added;
    {
        auto transaction = signal->begin();
        for (const auto& entry : entries) {
            if (entry.kind == wire::EntryKind::statement && !entry.statement.empty()) {
                WARDLINE_TRY(take_statement(entry));
            } else if (entry.kind == wire::EntryKind::message && entry.erased) {
                // Of what nothing is left staff get no notice.
                if (!self.is_patient()) continue;
                WARDLINE_TRY(const auto* chain, chains.patient(self.account.patient_id()));
                WARDLINE_TRY(const auto place, take_erased(entry, chain->thread()));
                places.push_back(place);
            } else if (entry.kind == wire::EntryKind::message) {
                WARDLINE_TRY(auto read, reader.read(entry, &transaction));
                if (self.is_patient()) {
                    WARDLINE_TRY(require_content(entry));
                }
                remember_proof(entry, read);
                if (read.place) places.push_back(*read.place);
                reads.push_back(std::move(read));
            } else if (entry.kind == wire::EntryKind::added_slots && !entry.added.empty()) {
                WARDLINE_TRY(auto slots, message::decode_added_slots(entry.added));
                std::move(slots.begin(), slots.end(), std::back_inserter(added));
            }
        }
        WARDLINE_TRY(store_reads(reads, places, transaction));
    }
    if (new_cursor) {
        cursor_ = *new_cursor;
        cursor_due_ = cursor_;
    }
    for (const auto& read : reads) tell(read);
    if (unproved_.size() >= kProofsMax) {
        WARDLINE_TRY(prove_pending());
    }
    if (!added.empty()) {
        WARDLINE_TRY(retry_missing(added));
    }
    if (chains.revision() == revision) return success();
    return after_change();
}

Result<std::vector<message::Slot>> Session::added_slots(const ThreadId& thread, Seq seq) {
    const Json body{{"thread", cbor::binary(thread.view())}, {"after", seq - 1}, {"limit", 1}};
    WARDLINE_TRY(const auto answer, link.request("slots", body));
    WARDLINE_TRY(auto fields, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* list, fields.array("messages", 1));
    std::vector<message::Slot> out;
    if (list->empty()) return out;
    WARDLINE_TRY(auto message, cbor::MapReader::over(list->front()));
    WARDLINE_TRY(const auto shown, message.uint("seq"));
    if (shown != seq || !message.has("added")) return out;
    WARDLINE_TRY(const auto* added, message.array("added", message::kSlotsMax));
    for (const auto& item : *added) {
        WARDLINE_TRY(auto slot, message::parse_slot(item));
        out.push_back(std::move(slot));
    }
    return out;
}

// Messages that had no key for this device: a key that was learnt, or a slot that was added, may
// open them now.
Result<void> Session::retry_missing(std::span<const message::AddedSlot> added) {
    if (!self.is_patient() || !link.up()) return success();
    WARDLINE_TRY(const auto missing, messages.missing());
    if (missing.empty()) return success();
    epochs.forget_failures();
    WARDLINE_TRY(const auto* chain, chains.patient(self.account.patient_id()));
    const ThreadId thread = chain->thread();
    for (const auto seq : missing) {
        std::vector<message::Slot> slots;
        for (const auto& one : added) {
            if (one.seq == seq) slots.push_back(one.slot);
        }
        if (!added.empty() && slots.empty()) continue;
        if (added.empty()) {
            WARDLINE_TRY(slots, added_slots(thread, seq));
        }
        const Json body{{"thread", cbor::binary(thread.view())}, {"after", seq - 1}, {"limit", 1}};
        WARDLINE_TRY(const auto answer, link.request("history", body));
        WARDLINE_TRY(auto fields, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* list, fields.array("entries", 1));
        WARDLINE_TRY(const auto entries, wire::parse_entries(*list, 1));
        if (entries.empty() || entries.front().seq != seq || entries.front().erased) continue;
        WARDLINE_TRY(const auto read, reader.read(entries.front(), nullptr, slots));
        if (read.missing_key) continue;
        WARDLINE_TRY(messages.put(read.message));
        tell(read);
    }
    return success();
}

Result<Session::Read> Session::fetch_history(
    const PatientId& patient, Seq before, Seq after, std::size_t limit
) {
    WARDLINE_TRY(const auto* chain, thread_of(patient));
    const ThreadId thread = chain->thread();
    Json body{
        {"thread", cbor::binary(thread.view())}, {"limit", std::min<std::size_t>(limit, 200)}
    };
    body[after > 0 ? "after" : "before"] = after > 0 ? after : before;
    WARDLINE_TRY(const auto answer, link.request("history", std::move(body)));
    WARDLINE_TRY(auto fields, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* list, fields.array("entries", 200));
    WARDLINE_TRY(const auto entries, wire::parse_entries(*list, 200));
    Read out;
    WARDLINE_TRY(out.more, fields.boolean("more"));
    out.first = entries.empty() ? 0 : entries.front().seq;
    out.last = entries.empty() ? 0 : entries.back().seq;
    if (out.last != 0 && (out.first <= after || (before != 0 && out.last >= before)))
        return Error{Code::bad_frame, "the server shows another part of the thread than was asked"};
    std::vector<ReadMessage> reads;
    auto transaction = signal->begin();
    for (const auto& entry : entries) {
        if (entry.kind != wire::EntryKind::message) continue;
        if (entry.erased) {
            WARDLINE_TRY(const auto place, take_erased(entry, thread));
            out.places.push_back(place);
            continue;
        }
        WARDLINE_TRY(require_content(entry));
        WARDLINE_TRY(auto read, reader.read(entry, &transaction));
        if (read.missing_key) {
            WARDLINE_TRY(const auto slots, added_slots(thread, entry.seq));
            WARDLINE_TRY(read, reader.read(entry, nullptr, slots));
        }
        if (read.message.patient_id != patient || read.message.thread != thread) {
            return Error{
                Code::trust_alarm,
                "the server shows a message of patient " + read.message.patient_id.text() +
                    " in the thread of patient " + patient.text()
            };
        }
        remember_proof(entry, read);
        if (read.place) out.places.push_back(*read.place);
        reads.push_back(std::move(read));
    }
    WARDLINE_TRY(store_reads(reads, out.places, transaction));
    Seq newest{0};
    for (auto& read : reads) {
        if (!read.message.own) newest = std::max(newest, read.message.seq);
        out.messages.push_back(std::move(read.message));
    }
    if (newest > 0) {
        auto& delivered = delivered_[patient];
        delivered = std::max(delivered, newest);
    }
    WARDLINE_TRY(prove_pending());
    return out;
}

Result<std::vector<ReceiptInfo>> Session::receipts(const PatientId& patient) {
    WARDLINE_TRY(const auto* chain, thread_of(patient));
    WARDLINE_TRY(
        const auto answer,
        link.request("receipts", Json{{"thread", cbor::binary(chain->thread().view())}})
    );
    WARDLINE_TRY(auto fields, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* list, fields.array("receipts", kReceiptsMax));
    std::vector<ReceiptInfo> out;
    for (const auto& item : *list) {
        WARDLINE_TRY(auto map, cbor::MapReader::over(item));
        WARDLINE_TRY(const auto text, map.text("account", 128));
        WARDLINE_TRY(const auto account, Account::parse(text));
        ReceiptInfo info{.account = account, .device = {}};
        WARDLINE_TRY(info.device, map.fixed<DeviceId>("device"));
        WARDLINE_TRY(info.delivered, map.uint("delivered"));
        WARDLINE_TRY(info.read, map.uint("read"));
        out.push_back(std::move(info));
    }
    return out;
}

Result<void> Session::apply_receipts(std::vector<Message>& shown, const PatientId& patient) {
    const auto mine = [](const Message& message) {
        return message.own && message.state == MessageState::sent;
    };
    if (!link.up() || std::none_of(shown.begin(), shown.end(), mine)) return success();
    WARDLINE_TRY(const auto known, receipts(patient));
    for (auto& message : shown) {
        if (!mine(message)) continue;
        for (const auto& receipt : known) {
            const bool internal =
                message.message_class == trust::name_of(trust::MessageClass::internal);
            const bool other_side =
                self.is_patient() || internal
                    ? receipt.account.is_staff() && receipt.account != self.account
                    : !receipt.account.is_staff();
            if (!other_side) continue;
            if (receipt.read >= message.seq) {
                message.state = MessageState::read;
            } else if (receipt.delivered >= message.seq && message.state == MessageState::sent) {
                message.state = MessageState::delivered;
            }
        }
    }
    return success();
}

Result<void> Session::send_receipt(
    const PatientId& patient, std::optional<Seq> delivered, std::optional<Seq> read
) {
    WARDLINE_TRY(const auto* chain, thread_of(patient));
    Json body{{"thread", cbor::binary(chain->thread().view())}};
    if (delivered) body["delivered"] = *delivered;
    if (read) body["read"] = *read;
    WARDLINE_TRY(link.request("receipt", std::move(body)));
    return success();
}

}  // namespace wardline::client
