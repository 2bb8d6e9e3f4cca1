#pragma once

#include "protocol/base/ids.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

// How far devices have got, between the frames that say so and what is made of them: a push a
// second at most, and one entry a minute, for each device and thread. Pure; one thread.
namespace wardline::server {

struct ReceiptChange {
    DeviceId device;
    ThreadId thread;
    Seq delivered{0};
    Seq read{0};
};

// One minute of one device in one thread, for the journal.
struct ReceiptRange {
    DeviceId device;
    ThreadId thread;
    bool read{false};  // Else delivered.
    Seq from{0};       // First and last seq that it newly covers.
    Seq to{0};
};

class ReceiptBook {
public:
    // Cursors only move forward. True when one did.
    bool note(const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read);

    // The same as another node has written it: pushed, but in the journal already.
    void heard(const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read);

    // What has changed since the last call.
    std::vector<ReceiptChange> take_changes();
    // What has changed since the last call; what has been quiet since then is forgotten.
    std::vector<ReceiptRange> take_ranges();

private:
    struct Cursor {
        Seq delivered{0};
        Seq read{0};
        Seq delivered_before{0};  // When the last range was taken.
        Seq read_before{0};
        bool pushed{true};
        bool fresh{true};  // Nothing is known of the time before the first note.
    };
    using Key = std::pair<DeviceId, ThreadId>;

    std::map<Key, Cursor> cursors_;
    std::vector<Key> changed_;
};

}  // namespace wardline::server
