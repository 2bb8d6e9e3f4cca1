#include "server/receipt_book.hpp"

#include <algorithm>

namespace wardline::server {

bool ReceiptBook::note(const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read) {
    const Key key{device, thread};
    auto& cursor = cursors_[key];
    // What is read has been delivered.
    delivered = std::max(delivered, read);
    if (delivered <= cursor.delivered && read <= cursor.read) return false;
    if (cursor.fresh) {
        cursor.delivered_before = delivered > 0 ? delivered - 1 : 0;
        cursor.read_before = read > 0 ? read - 1 : 0;
        cursor.fresh = false;
    }
    cursor.delivered = std::max(cursor.delivered, delivered);
    cursor.read = std::max(cursor.read, read);
    if (cursor.pushed) changed_.push_back(key);
    cursor.pushed = false;
    return true;
}

void ReceiptBook::heard(const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read) {
    if (!note(device, thread, delivered, read)) return;
    auto& cursor = cursors_[{device, thread}];
    cursor.delivered_before = cursor.delivered;
    cursor.read_before = cursor.read;
}

std::vector<ReceiptChange> ReceiptBook::take_changes() {
    std::vector<ReceiptChange> out;
    out.reserve(changed_.size());
    for (const auto& key : changed_) {
        auto& cursor = cursors_[key];
        cursor.pushed = true;
        out.push_back({key.first, key.second, cursor.delivered, cursor.read});
    }
    changed_.clear();
    return out;
}

std::vector<ReceiptRange> ReceiptBook::take_ranges() {
    std::vector<ReceiptRange> out;
    for (auto entry = cursors_.begin(); entry != cursors_.end();) {
        auto& [key, cursor] = *entry;
        const bool read = cursor.read > cursor.read_before;
        const bool delivered = cursor.delivered > cursor.delivered_before;
        if (!read && !delivered && cursor.pushed) {
            entry = cursors_.erase(entry);
            continue;
        }
        if (read) {
            out.push_back({key.first, key.second, true, cursor.read_before + 1, cursor.read});
        } else if (delivered) {
            out.push_back(
                {key.first, key.second, false, cursor.delivered_before + 1, cursor.delivered}
            );
        }
        cursor.read_before = cursor.read;
        cursor.delivered_before = cursor.delivered;
        ++entry;
    }
    return out;
}

}  // namespace wardline::server
