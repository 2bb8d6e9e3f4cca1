#pragma once

#include "storage/task.hpp"

#include <functional>
#include <memory>

// Hints that another node has written, by NOTIFY. One may be lost: the writer polls as well.
namespace wardline::storage {

class Database;

class Wakeups {
public:
    // `woken` is called on the node's thread, also after each reconnect.
    Wakeups(Database& database, std::function<void()> woken);
    ~Wakeups();

    // Listens until stop(); reconnects by itself. Spawn it once.
    net::awaitable<void> run();
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::storage
