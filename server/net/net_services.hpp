#pragma once

#include "server/config.hpp"
#include "server/connection.hpp"
#include "server/limits.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/task_group.hpp"

#include <string>
#include <unordered_set>
#include <vector>

// What every connection is given by its listener. References outlive all connections; one thread.
namespace wardline::server {

// A connection, or a phase of one, that can be asked to end.
class Endable {
public:
    virtual ~Endable() = default;
    // Ends after what is under way: a request is answered, what is queued is sent. Destroys nothing
    // before it returns.
    virtual void end_gently() = 0;
    // Ends now. Destroys nothing before it returns.
    virtual void end_at_once() noexcept = 0;
};

struct NetServices {
    SessionFactory& sessions;
    HttpHandler& http;
    const Limits& limits;
    const std::vector<std::string>& allowed_origins;
    Metrics& metrics;
    const Log& log;
    TaskGroup& tasks;
    RateLimiter<std::string>& http_by_address;
    std::unordered_set<Endable*>& open;  // What a shutdown asks to end.
};

// Keeps a connection among those that are open.
class OpenEntry {
public:
    OpenEntry(const NetServices& services, Endable& connection)
        : open_{services.open}, connection_{connection} {
        open_.insert(&connection_);
    }
    OpenEntry(const OpenEntry&) = delete;
    OpenEntry& operator=(const OpenEntry&) = delete;
    ~OpenEntry() { open_.erase(&connection_); }

private:
    std::unordered_set<Endable*>& open_;
    Endable& connection_;
};

}  // namespace wardline::server
