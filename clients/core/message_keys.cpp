#include "clients/core/message_keys.hpp"

#include "protocol/trust/epoch.hpp"

namespace wardline::client {
namespace {

constexpr std::string_view kTeam{"team:"};

Error not_for_us() {
    return Error{Code::undecryptable, "no slot of the message is for this device"};
}

}  // namespace

Result<MessageKey> MessageKeys::open_one(
    const PatientId& patient, const Hash& header_hash, const message::Slot& slot
) {
    if (slot.to == trust::device_reader(self_.device()))
        return message::open_slot(slot, header_hash, self_.box);
    if (!slot.epoch) return not_for_us();
    if (self_.is_patient() && slot.to == "patient") {
        WARDLINE_TRY(const auto secret, epochs_.secret(KeyReader{patient}, *slot.epoch));
        return message::open_slot(slot, header_hash, secret);
    }
    if (!self_.is_patient() && slot.to.starts_with(kTeam)) {
        WARDLINE_TRY(
            const auto team, TeamName::parse(std::string_view{slot.to}.substr(kTeam.size()))
        );
        WARDLINE_TRY(const auto secret, epochs_.secret(KeyReader{team}, *slot.epoch));
        return message::open_slot(slot, header_hash, secret);
    }
    return not_for_us();
}

Result<MessageKey> MessageKeys::open(
    const PatientId& patient, const Hash& header_hash, std::span<const message::Slot> slots
) {
    for (const auto& slot : slots) {
        auto key = open_one(patient, header_hash, slot);
        if (key) return key;
        if (key.error().code == Code::unreachable || key.error().code == Code::local_store ||
            key.error().code == Code::trust_alarm)
            return key;
    }
    return not_for_us();
}

}  // namespace wardline::client
