#pragma once

#include "tests/bench/bench_clinic.hpp"

#include <chrono>
#include <memory>
#include <string_view>

// A connection on which every answer counts, errors too. Errors of the connection are exceptions.
namespace wardline::edge {

class Asker {
public:
    explicit Asker(std::unique_ptr<bench::Wire> wire) : wire_{std::move(wire)} {
        wire_->go_async();
    }

    struct Answer {
        bench::Json body;  // Without the request's number.
        std::chrono::nanoseconds time{0};
    };
    Answer ask(std::string_view type, bench::Json body);

    bench::Wire& wire() noexcept { return *wire_; }

private:
    std::unique_ptr<bench::Wire> wire_;
};

// Waits until the socket can be read; false after `limit`.
bool wait_readable(int descriptor, std::chrono::milliseconds limit);

}  // namespace wardline::edge
