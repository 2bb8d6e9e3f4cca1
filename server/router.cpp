#include "server/router.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/trust/invite.hpp"
#include "protocol/wire/frames.hpp"
#include "server/entry_frames.hpp"
#include "server/metrics.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace wardline::server {
namespace {

using audit::EntryKind;

// A key of an entry's details; nothing where it is missing.
template <class Fixed>
std::optional<Fixed> detail(const cbor::Json& details, const char* key) {
    const auto found = details.find(key);
    if (found == details.end() || !found->is_binary()) return std::nullopt;
    auto value = Fixed::from(found->get_binary());
    if (!value) return std::nullopt;
    return value.value();
}

std::string text_detail(const cbor::Json& details, const char* key) {
    const auto found = details.find(key);
    return found != details.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// Who may see a message or added slots.
trust::Audience audience_of(const storage::StoredEntry& entry, const cbor::Json& details) {
    if (entry.message_class) return trust::audience_of(*entry.message_class);
    return text_detail(details, "audience") == trust::name_of(trust::Audience::all)
               ? trust::Audience::all
               : trust::Audience::internal;
}

}  // namespace

void Router::joined(const Connection& connection) {
    auto& slot = online_[connection->login()->device];
    if (slot && slot != connection) slot->replaced();
    slot = connection;
    metrics_.devices_online.Set(static_cast<double>(online_.size()));
}

void Router::left(const ClientConnection& connection) {
    if (!connection.login()) return;
    const auto found = online_.find(connection.login()->device);
    if (found == online_.end() || found->second.get() != &connection) return;
    online_.erase(found);
    metrics_.devices_online.Set(static_cast<double>(online_.size()));
}

void Router::committed(const std::vector<storage::StoredEntry>& entries) {
    bool authority_changed = false;
    for (const auto& entry : entries) {
        if (entry.kind == EntryKind::message) {
            metrics_.messages_committed.Increment();
            shared_seqs_.note(entry);
        }
        if (entry.kind == EntryKind::statement) authority_changed = true;
        if (!online_.empty()) route(entry);
    }
    if (authority_changed) close_what_may_not_go_on();
}

void Router::route(const storage::StoredEntry& entry) {
    switch (entry.kind) {
        case EntryKind::statement:
            return route_statement(entry);
        case EntryKind::message:
        case EntryKind::added_slots:
            return route_content(entry);
        case EntryKind::login:
            return route_login(entry);
        case EntryKind::receipts:
            return route_receipts(entry);
        case EntryKind::refusal:
            return route_refusal(entry);
        default:
            return;
    }
}

void Router::route_statement(const storage::StoredEntry& entry) {
    if (!entry.statement) return;
    const auto chain = trust::ChainName::parse(entry.statement->chain);
    if (!chain) return;
    const auto& record = state_.record();
    const trust::PatientChain* patient = nullptr;
    if (!chain.value().is_clinic()) {
        patient = record.patient(*chain.value().patient());
        if (patient == nullptr) return;
    }
    const auto frame = entry_push(entry, EntryView::payload, DeviceId{});
    for (const auto& [id, connection] : online_) {
        if (entry.seq <= connection->login()->since) continue;
        const auto device = record.device(id);
        if (!device) continue;
        if (patient == nullptr || record.may_read_chain(*device, *patient)) {
            push(*connection, frame);
        }
    }
}

void Router::route_content(const storage::StoredEntry& entry) {
    const auto& record = state_.record();
    const auto* thread = entry.thread ? record.patient_of(*entry.thread) : nullptr;
    if (thread == nullptr) return;
    cbor::Json details;
    if (!entry.message_class) {
        auto decoded = cbor::decode(entry.details);
        if (decoded) details = std::move(decoded).value();
    }
    if (audience_of(entry, details) == trust::Audience::all) {
        for (const auto& device : thread->devices()) {
            auto* connection = online(device.id, entry.seq);
            if (connection == nullptr || !thread->confirmed(device.id)) continue;
            push(*connection, entry_push(entry, EntryView::payload, device.id));
        }
    }
    Bytes notice;
    for_each_member(*thread, entry.seq, [&](ClientConnection& connection) {
        const auto opened = connection.open.find(*entry.thread);
        if (opened != connection.open.end() && opened->second < entry.seq) {
            push(connection, entry_push(entry, EntryView::payload, connection.login()->device));
            return;
        }
        if (notice.empty()) notice = entry_push(entry, EntryView::notice, DeviceId{});
        push(connection, notice);
    });
}

void Router::for_each_member(
    const trust::PatientChain& thread, Seq seq, const std::function<void(ClientConnection&)>& act
) const {
    const auto& teams = thread.teams();
    std::vector<DeviceId> done;
    for (const auto& name : teams) {
        const auto* team = state_.record().clinic().team(name);
        if (team == nullptr) continue;
        for (const auto& member : team->members) {
            if (!member.at(trust::kNow)) continue;
            auto* connection = online(member.device, seq);
            if (connection == nullptr) continue;
            if (teams.size() > 1) {
                if (std::ranges::find(done, member.device) != done.end()) continue;
                done.push_back(member.device);
            }
            act(*connection);
        }
    }
}

// A device that has logged in elsewhere, on this node or another.
void Router::route_login(const storage::StoredEntry& entry) {
    const auto details = cbor::decode(entry.details);
    if (!details) return;
    const auto device = detail<DeviceId>(details.value(), "device");
    if (!device) return;
    const auto found = online_.find(*device);
    if (found == online_.end() || found->second->login()->since >= entry.seq) return;
    const auto older = found->second;
    online_.erase(found);
    older->replaced();
}

// A device that is not here has told another node how far it is; its own clients wait for it too.
void Router::route_receipts(const storage::StoredEntry& entry) {
    const auto details = cbor::decode(entry.details);
    if (!details) return;
    const auto device = detail<DeviceId>(details.value(), "device");
    const auto thread = detail<ThreadId>(details.value(), "thread");
    const auto to = details.value().find("to");
    if (!device || !thread || to == details.value().end() || online_.contains(*device)) return;
    const auto seq = to->get<Seq>();
    const bool read = text_detail(details.value(), "act") == "read";
    effects_.receipt_heard(*device, *thread, seq, read ? seq : 0);
}

// Somebody used an invite a second time: whoever issued it is told at once.
void Router::route_refusal(const storage::StoredEntry& entry) {
    const auto details = cbor::decode(entry.details);
    if (!details) return;
    if (text_detail(details.value(), "code") != name_of(Code::invite_used)) return;
    const auto statement = detail<Hash>(details.value(), "hash");
    if (!statement) return;
    const auto& record = state_.record();
    const auto invite = record.invite(*statement, entry.time);
    if (!invite || !invite->issuer) return;
    const auto issuer = record.device(*invite->issuer);
    if (!issuer) return;
    const auto handle = trust::invite_handle(*statement);
    cbor::Json body{{"code", name_of(Code::invite_used)}, {"invite", cbor::binary(handle.view())}};
    const auto frame = wire::make_push("alarm", std::move(body));
    for (const auto& [id, connection] : online_) {
        if (connection->login()->account == issuer->account()) push(*connection, frame);
    }
}

void Router::close_what_may_not_go_on() {
    const auto& record = state_.record();
    std::vector<Connection> revoked;
    for (const auto& [id, connection] : online_) {
        const auto device = record.live_device(id);
        if (!device) {
            revoked.push_back(connection);
            continue;
        }
        for (auto opened = connection->open.begin(); opened != connection->open.end();) {
            const auto* thread = record.patient_of(opened->first);
            if (thread != nullptr && record.may_read(*device, *thread, trust::Audience::all)) {
                ++opened;
                continue;
            }
            effects_.thread_closed(id, opened->first);
            opened = connection->open.erase(opened);
        }
    }
    for (const auto& connection : revoked) {
        left(*connection);
        connection->bye(Code::login_failed, CloseCode::policy_violation);
    }
}

void Router::push_to_all(const Bytes& frame) {
    for (const auto& [id, connection] : online_) push(*connection, frame);
}

void Router::push_to_readers(const ThreadId& thread, const FrameFor& frame_for) {
    const auto& record = state_.record();
    const auto* chain = record.patient_of(thread);
    if (chain == nullptr) return;
    const auto give = [&](ClientConnection& connection) {
        const auto device = record.device(connection.login()->device);
        if (!device) return;
        auto frame = frame_for(*device);
        if (!frame.empty()) push(connection, std::move(frame));
    };
    for (const auto& device : chain->devices()) {
        auto* connection = online(device.id, trust::kNow);
        if (connection != nullptr && chain->confirmed(device.id)) give(*connection);
    }
    for_each_member(*chain, trust::kNow, give);
}

void Router::push(ClientConnection& connection, Bytes frame) {
    if (connection.push(std::move(frame))) metrics_.pushes.Increment();
}

ClientConnection* Router::online(const DeviceId& device, Seq seq) const {
    const auto found = online_.find(device);
    if (found == online_.end() || seq <= found->second->login()->since) return nullptr;
    return found->second.get();
}

}  // namespace wardline::server
