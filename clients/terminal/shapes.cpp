#include "clients/terminal/shapes.hpp"

#include "clients/terminal/time_format.hpp"

namespace wardline::terminal {

namespace {

struct EventShape {
    Json operator()(const client::MessageEvent& event) const { return message_json(event.message); }
    Json operator()(const client::NoticeEvent& event) const { return notice_json(event); }
    Json operator()(const client::ReceiptEvent& event) const {
        Json shape{
            {"event", "receipt"},
            {"patient_id", event.patient_id.text()},
            {"thread", event.thread.hex()}
        };
        shape.update(receipt_json(event.receipt));
        return shape;
    }
    Json operator()(const client::ChangeEvent& event) const {
        return {
            {"event", "change"},
            {"type", event.type},
            {"subject", event.subject},
            {"text", event.sentence}
        };
    }
    Json operator()(const client::AlarmEvent& event) const {
        return {{"event", "alarm"}, {"text", event.sentence}};
    }
    Json operator()(const client::ConnectionEvent& event) const {
        return {{"event", "connection"}, {"online", event.online}, {"text", event.sentence}};
    }
};

bool has_text(client::MessageState state) noexcept {
    using client::MessageState;
    return state != MessageState::refused && state != MessageState::expired &&
           state != MessageState::notice;
}

}  // namespace

Json time_json(const std::optional<Instant>& time) {
    return time ? Json(rfc3339(*time)) : Json{};
}

Json message_json(const client::Message& message) {
    return {
        {"seq", message.seq == 0 ? Json{} : Json(message.seq)},
        {"message_id", message.message_id.hex()},
        {"patient_id", message.patient_id.text()},
        {"thread", message.thread.hex()},
        {"author", message.author.text()},
        {"device", message.device.hex()},
        {"class", message.message_class},
        {"sent_at", rfc3339(message.sent_at)},
        {"received_at", time_json(message.received_at)},
        {"expires_at", time_json(message.expires_at)},
        {"state", client::name_of(message.state)},
        {"text", has_text(message.state) ? Json(message.text) : Json{}},
    };
}

Json notice_json(const client::NoticeEvent& notice) {
    return {
        {"seq", notice.seq},
        {"message_id", nullptr},
        {"patient_id", notice.patient_id.text()},
        {"thread", notice.thread.hex()},
        {"author", nullptr},
        {"device", nullptr},
        {"class", notice.message_class},
        {"sent_at", nullptr},
        {"received_at", rfc3339(notice.time)},
        {"expires_at", nullptr},
        {"state", client::name_of(client::MessageState::notice)},
        {"text", nullptr},
    };
}

Json thread_json(const client::ThreadSummary& thread) {
    return {
        {"patient_id", thread.patient_id.text()},
        {"thread", thread.thread.hex()},
        {"teams", thread.teams},
        {"last_seq", thread.last_seq},
        {"last_time", time_json(thread.last_time)},
        {"last_class", thread.last_class.empty() ? Json{} : Json(thread.last_class)},
        {"read", thread.read},
        {"unread", thread.unread()},
    };
}

Json device_json(const client::DeviceInfo& device) {
    return {
        {"device", device.id.hex()},
        {"account", device.account.text()},
        {"role", device.role},
        {"fingerprint", device.fingerprint},
        {"teams", device.teams},
        {"granted_at", rfc3339(device.granted_at)},
        {"live", device.live},
        {"confirmed", device.confirmed},
        {"own", device.own},
    };
}

Json invite_json(const client::InviteInfo& invite) {
    return {
        {"uri", invite.uri},
        {"account", invite.account.text()},
        {"expires_at", rfc3339(invite.expires_at)},
        {"pending", invite.pending},
        {"proposal", invite.pending ? Json(invite.proposal.hex()) : Json{}},
    };
}

Json receipt_json(const client::ReceiptInfo& receipt) {
    return {
        {"account", receipt.account.text()},
        {"device", receipt.device.hex()},
        {"delivered", receipt.delivered},
        {"read", receipt.read},
    };
}

Json verify_json(const client::VerifyInfo& verify) {
    auto peers = Json::array();
    for (const auto& peer : verify.peers) {
        auto shape = device_json(peer.device);
        shape["safety_number"] = peer.safety_number.empty() ? Json{} : Json(peer.safety_number);
        peers.push_back(std::move(shape));
    }
    return {
        {"clinic_name", verify.clinic_name},
        {"clinic_fingerprint", verify.clinic_fingerprint},
        {"own_fingerprint", verify.own_fingerprint},
        {"peers", std::move(peers)},
    };
}

Json status_json(const client::Status& status) {
    auto teams = Json::array();
    for (const auto& team : status.teams) {
        teams.push_back(
            {{"team", team.team},
             {"devices", team.devices},
             {"epoch_live", team.epoch_live},
             {"epoch_known", team.epoch_known}}
        );
    }
    return {
        {"clinic", status.clinic.hex()},
        {"clinic_name", status.clinic_name},
        {"clinic_fingerprint", status.clinic_fingerprint},
        {"server", status.server},
        {"account", status.account.text()},
        {"role", status.role},
        {"device", status.device.hex()},
        {"device_fingerprint", status.device_fingerprint},
        {"online", status.online},
        {"confirmed", status.confirmed},
        {"head_seq", status.head_seq},
        {"head_time", time_json(status.head_time)},
        {"queued", status.queued},
        {"teams", std::move(teams)},
        {"warnings", status.warnings},
    };
}

Json event_json(const client::Event& event) {
    return std::visit(EventShape{}, event);
}

}  // namespace wardline::terminal
