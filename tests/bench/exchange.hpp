#pragma once

#include "tests/bench/bench_clinic.hpp"

#include <cstddef>
#include <memory>
#include <span>

// Messages from one connection to another, in bursts. What it takes is left to whoever measures.
namespace wardline::bench {

class Exchange {
public:
    // The receiver is sent every message of the sender: it has opened their threads.
    Exchange(std::unique_ptr<Wire> sender, std::unique_ptr<Wire> receiver);

    // So many at once, in order; each burst is acknowledged and has arrived before the next is
    // sent. Throws where a message is refused or does not arrive.
    void send(std::span<const Prepared> messages, std::size_t at_once);

private:
    void burst(std::span<const Prepared> messages);
    void wait() const;

    std::unique_ptr<Wire> sender_;
    std::unique_ptr<Wire> receiver_;
};

}  // namespace wardline::bench
