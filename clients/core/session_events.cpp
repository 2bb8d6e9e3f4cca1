#include "clients/core/session.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"

#include <algorithm>

// Watching: pushes as they come, quiet moments for chores, and coming back after a drop.
namespace wardline::client {
namespace {

constexpr Milliseconds kTick{1'000};

std::optional<Milliseconds> retry_after(const Error& error) {
    if (!error.extra || !error.extra->contains("retry_after_ms")) return std::nullopt;
    const auto& value = error.extra->at("retry_after_ms");
    if (!value.is_number_unsigned()) return std::nullopt;
    return Milliseconds{
        static_cast<std::int64_t>(std::min<std::uint64_t>(value.get<std::uint64_t>(), 600'000))
    };
}

}  // namespace

Result<void> Session::take_receipts_push(const Json& push) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(push));
    WARDLINE_TRY(const auto thread, fields.fixed<ThreadId>("thread"));
    WARDLINE_TRY(const auto text, fields.text("account", 128));
    WARDLINE_TRY(const auto account, Account::parse(text));
    ReceiptInfo receipt{.account = account, .device = {}};
    WARDLINE_TRY(receipt.device, fields.fixed<DeviceId>("device"));
    WARDLINE_TRY(receipt.delivered, fields.uint("delivered"));
    WARDLINE_TRY(receipt.read, fields.uint("read"));
    const auto patient = chains.patient_of(thread);
    if (patient)
        emit(ReceiptEvent{.patient_id = *patient, .thread = thread, .receipt = std::move(receipt)});
    return success();
}

Result<void> Session::take_push(const Json& push) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(push));
    WARDLINE_TRY(const auto type, fields.text("t", wire::kTypeBytesMax));
    if (type == "entry") {
        WARDLINE_TRY(const auto* map, fields.map("entry"));
        WARDLINE_TRY(const auto entry, wire::parse_entry(*map));
        if (entry.seq <= cursor_) return success();
        return take(std::span{&entry, 1}, entry.seq);
    }
    if (type == "receipts") return take_receipts_push(push);
    if (type == "head") {
        WARDLINE_TRY(const auto* head, fields.map("head"));
        return tree.accept(*head);
    }
    if (type == "alarm") {
        emit(AlarmEvent{"somebody tried to use an invite of yours a second time"});
        return success();
    }
    if (type == "bye") {
        const auto code = fields.text("code", wire::kTypeBytesMax);
        if (code && code.value() == "replaced") {
            ended_ = Error{
                Code::conflict,
                "this device has logged in from another place, which ended this connection"
            };
            return *ended_;
        }
        const Error said{Code::shutting_down, "the server is going away for a moment", push};
        retry_at_ = environment.clock.steady() + backoff_.next(retry_after(said));
        link.drop();
    }
    return success();  // Pushes of newer versions are ignored.
}

Result<void> Session::idle() {
    for (const auto& [patient, seq] : std::exchange(delivered_, {})) {
        const auto sent = send_receipt(patient, seq, std::nullopt);
        if (!sent && !is_nobodys_loss(sent.error())) return sent;
    }
    if (!unproved_.empty() || !seen_heads_.empty() || cursor_due_) {
        WARDLINE_TRY(prove_pending());
    }
    if (outbox_at_ && environment.clock.steady() >= *outbox_at_) {
        WARDLINE_TRY(flush());
    }
    return success();
}

void Session::interrupt() {
    {
        const std::lock_guard lock{mutex_};
        interrupted_ = true;
    }
    changed_.notify_all();
    link.interrupt();
}

void Session::wait_until(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock{mutex_};
    const auto wait = until - environment.clock.steady();
    changed_.wait_for(lock, std::max(wait, decltype(wait)::zero()), [this] {
        return interrupted_;
    });
}

Result<void> Session::reconnect() {
    if (was_up_) {
        was_up_ = false;
        emit(ConnectionEvent{.online = false, .sentence = "the connection to the server was lost"});
        if (!retry_at_) retry_at_ = environment.clock.steady() + backoff_.next();
        return success();
    }
    auto up = connect();
    if (up) {
        retry_at_.reset();
        emit(ConnectionEvent{.online = true, .sentence = "connected"});
        return success();
    }
    if (ends_session(up.error())) return up;
    retry_at_ = environment.clock.steady() + backoff_.next(retry_after(up.error()));
    return success();
}

Result<std::optional<Event>> Session::next_event(Milliseconds wait) {
    const auto deadline = environment.clock.steady() + wait;
    while (true) {
        if (!events_.empty()) {
            Event event = std::move(events_.front());
            events_.pop_front();
            return std::optional{std::move(event)};
        }
        if (ended_) return *ended_;
        {
            const std::lock_guard lock{mutex_};
            if (std::exchange(interrupted_, false)) return std::optional<Event>{};
        }
        const auto now = environment.clock.steady();
        if (!link.up()) {
            if (!was_up_ && retry_at_ && now < *retry_at_) {
                if (now >= deadline) return std::optional<Event>{};
                wait_until(std::min(deadline, *retry_at_));
                continue;
            }
            WARDLINE_TRY(reconnect());
            continue;
        }
        auto push = link.next_push(Milliseconds{0});
        if (push && !push.value()) {
            const auto quiet = idle();
            if (!quiet) link.drop();
            if (!quiet && ends_session(quiet.error())) return quiet.error();
            if (!link.up()) continue;
            if (!events_.empty()) continue;
            const auto left =
                std::chrono::duration_cast<Milliseconds>(deadline - environment.clock.steady());
            if (left <= Milliseconds{0}) return std::optional<Event>{};
            push = link.next_push(std::min(left, kTick));
        }
        if (!push || !push.value()) continue;
        const auto taken = take_push(*push.value());
        if (taken) continue;
        // A push that could not be worked off now comes again by sync.
        link.drop();
        if (ends_session(taken.error())) return taken.error();
    }
}

}  // namespace wardline::client
