#pragma once

#include "protocol/base/ids.hpp"
#include "storage/task.hpp"

#include <functional>
#include <memory>

// Hints that another node has written, by NOTIFY. One may be lost: the writer polls as well.
namespace wardline::storage {

class Database;

class Wakeups {
public:
    // Is told the newest number that was written, or kUnknown after each reconnect, when anything
    // may have been. On the node's thread.
    using Woken = std::function<void(Seq newest)>;
    static constexpr Seq kUnknown = INT64_MAX;

    Wakeups(Database& database, Woken woken);
    ~Wakeups();

    // Listens until stop(); reconnects by itself. Spawn it once.
    net::awaitable<void> run();
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::storage
