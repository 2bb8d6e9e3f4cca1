#pragma once

#include "server/client_connection.hpp"
#include "server/metrics.hpp"
#include "server/router.hpp"
#include "storage/journal_reader.hpp"
#include "tests/model/dice.hpp"
#include "tests/model/memory_journal.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// Two nodes over one journal, devices that come and go on either, read slowly or not at all, while
// people write, open threads and lose their rights. Each connection has to be handed what its
// device may see, in order, once.
namespace wardline::model {

// What a control plants between the journal and a node's state.
enum class RouterFault : std::uint8_t { none, lost_entry, repeated_entry };

class RouterSchedule {
public:
    RouterSchedule(std::uint64_t seed, RouterFault fault);
    ~RouterSchedule();

    // What went wrong, or nothing.
    std::optional<std::string> run();
    // Entries that were handed out, over all connections.
    std::size_t delivered() const { return delivered_; }

private:
    struct SlowPeer;
    // What a connection has to get, or may get because it changed meanwhile whether it should.
    struct Expected {
        Seq seq{0};
        bool must{true};
        std::optional<bool> notice;  // Nothing: either is right.
    };
    struct Device {
        DeviceId id;
        bool staff{false};
        std::uint64_t generation{0};
    };
    struct Connected;
    struct Node;

    void step();
    void log_in(Node& node, Device& device);
    void hang_up(Node& node);
    void batch(Node& node);
    MemoryNode::Asked a_message();
    MemoryNode::Asked added_slots();
    MemoryNode::Asked an_opening(Node& node);
    MemoryNode::Asked a_statement();

    // Around everything that a node's state is told.
    template <class Telling>
    void tell(Node& node, Telling telling);
    void expect(Node& node, Connected& connected, const storage::StoredEntry& entry, Seq before);
    bool was_outside(const Device& device, const trust::PatientChain& thread, Seq before, Seq upto)
        const;
    bool may_see(const Device& device, const storage::StoredEntry& entry, Seq at) const;
    void check_ended(const Node& node, Connected& connected, Seq before);
    void check(Connected& connected);
    void complain(const std::string& what);

    Dice dice_;
    RouterFault fault_;
    testing::AClinic clinic_;
    MemoryJournal journal_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<Device> devices_;
    std::vector<testing::TestDevice> staff_;
    std::vector<PatientId> patients_;
    std::uint64_t messages_{0};
    std::size_t delivered_{0};
    std::optional<std::string> complaint_;
};

}  // namespace wardline::model
