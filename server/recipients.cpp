#include "server/recipients.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wardline::server {
namespace {

cbor::Json ids(const std::vector<DeviceId>& devices) {
    auto out = cbor::Json::array();
    for (const auto& device : devices) out.push_back(cbor::binary(device.view()));
    return out;
}

cbor::Json position(const trust::ChainPosition& at) {
    return {{"pos", at.pos}, {"hash", cbor::binary(at.hash.view())}};
}

}  // namespace

const Recipients& RecipientBook::of(
    const trust::PatientChain& thread, trust::Audience audience, Seq at, Instant now
) {
    auto& known = remembered_[audience == trust::Audience::internal ? 1 : 0][thread.thread()];
    const bool current = known.record_version == record_.version() &&
                         known.presence_version == presence_.version() && now < known.until &&
                         !known.recipients.slots.empty();
    if (current) return known.recipients;

    known.recipients.slots = trust::expected_slots(record_.clinic(), thread, audience, at);
    auto entitled = trust::entitled_devices(record_.clinic(), thread, audience, at);
    auto on_duty = presence_.on_duty(entitled.staff, now);
    auto& live = known.recipients.live;
    live = std::move(on_duty.devices);
    live.insert(live.end(), entitled.patient.begin(), entitled.patient.end());
    std::ranges::sort(live);
    known.record_version = record_.version();
    known.presence_version = presence_.version();
    known.until = on_duty.until;
    return known.recipients;
}

std::vector<DeviceId> RecipientBook::live_for(const Recipients& recipients, const DeviceId& sender)
    const {
    std::vector<DeviceId> out;
    out.reserve(recipients.live.size());
    std::ranges::copy_if(recipients.live, std::back_inserter(out), [&](const DeviceId& device) {
        return device != sender;
    });
    return out;
}

Result<void> RecipientBook::check(
    const trust::PatientChain& thread,
    const Recipients& expected,
    const DeviceId& sender,
    std::span<const message::Slot> slots,
    std::span<const message::LiveSlot> live
) const {
    std::vector<DeviceId> given;
    given.reserve(live.size());
    for (const auto& slot : live) given.push_back(slot.device);
    std::ranges::sort(given);
    const auto wanted = live_for(expected, sender);
    if (given == wanted && message::name_exactly(slots, expected.slots)) return success();

    std::vector<DeviceId> missing;
    std::vector<DeviceId> extra;
    std::ranges::set_difference(wanted, given, std::back_inserter(missing));
    std::ranges::set_difference(given, wanted, std::back_inserter(extra));
    auto readers = cbor::Json::array();
    for (const auto& slot : expected.slots) {
        cbor::Json item{{"to", slot.to}};
        if (slot.epoch) item["epoch"] = cbor::binary(slot.epoch->view());
        readers.push_back(std::move(item));
    }
    cbor::Json difference{
        {"missing", ids(missing)},
        {"extra", ids(extra)},
        {"slots", std::move(readers)},
        {"clinic_head", position(record_.clinic().head())},
        {"patient_head", position(thread.head())}
    };
    return Error{
        Code::recipients_changed,
        "the message is not for exactly those who read the thread now",
        std::move(difference)
    };
}

}  // namespace wardline::server
