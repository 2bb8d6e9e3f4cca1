#include "protocol/trust/epoch_history.hpp"

#include <algorithm>

namespace wardline::trust {

const EpochRecord* EpochHistory::newest(Seq at) const noexcept {
    const auto found = std::find_if(epochs_.rbegin(), epochs_.rend(), [at](const auto& epoch) {
        return epoch.seq < at;
    });
    return found == epochs_.rend() ? nullptr : &*found;
}

const EpochRecord* EpochHistory::live(Seq at) const noexcept {
    const auto* epoch = newest(at);
    return epoch != nullptr && epoch->live_at(at) ? epoch : nullptr;
}

EpochState EpochHistory::state(Seq at) const noexcept {
    const auto* epoch = newest(at);
    if (epoch == nullptr) return EpochState::none;
    return epoch->live_at(at) ? EpochState::live : EpochState::voided;
}

const EpochRecord* EpochHistory::find(const Hash& hash) const noexcept {
    const auto found = std::find_if(epochs_.begin(), epochs_.end(), [&hash](const auto& epoch) {
        return epoch.hash == hash;
    });
    return found == epochs_.end() ? nullptr : &*found;
}

Result<void> EpochHistory::check_next(const Epoch& next, const std::vector<DeviceId>& devices)
    const {
    const auto* before = newest();
    if (next.number != (before == nullptr ? 1 : before->number + 1)) {
        return Error{Code::bad_statement, "the epoch does not have the next number"};
    }
    if (next.prev != (before == nullptr ? Hash{} : before->hash)) {
        return Error{Code::bad_statement, "the epoch does not follow the one before it"};
    }
    if (devices.empty() || next.devices != devices) {
        return Error{
            Code::bad_statement, "the epoch is not for exactly the devices that it must be"
        };
    }
    const bool key_used = std::any_of(epochs_.begin(), epochs_.end(), [&next](const auto& epoch) {
        return epoch.key == next.key;
    });
    if (key_used) return Error{Code::bad_statement, "the epoch's key was used before"};
    return success();
}

void EpochHistory::add(const Epoch& epoch, const Hash& statement, Seq seq) {
    EpochRecord record;
    record.hash = statement;
    record.seq = seq;
    record.number = epoch.number;
    record.key = epoch.key;
    record.prev = epoch.prev;
    record.devices = epoch.devices;
    record.boxes = epoch.boxes;
    epochs_.push_back(std::move(record));
}

void EpochHistory::admit(const Admit& admit, const Hash& statement, Seq seq) {
    epochs_.back().admitted.push_back({admit.device, seq, statement, admit.box});
}

void EpochHistory::void_newest(Seq seq) {
    if (!epochs_.empty() && !epochs_.back().voided) epochs_.back().voided = seq;
}

}  // namespace wardline::trust
