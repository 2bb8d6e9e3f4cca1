#pragma once

#include "clients/cli/handover_protocol.hpp"
#include "protocol/base/result.hpp"

#include <filesystem>
#include <functional>
#include <memory>

// The holder's end of the handover. A few threads receive requests and send replies; commands run
// on the thread that owns the client, when it calls run_waiting(). Who finds no free thread waits
// in the socket's backlog.
namespace wardline::cli {

constexpr int kHandoverThreads = 16;

class HandoverServer {
public:
    using Executor = std::function<HandoverReply(const HandoverRequest&)>;

    // `wake` is called from any thread when a request waits; it must not block.
    static Result<std::unique_ptr<HandoverServer>> listen(
        const std::filesystem::path& home, std::function<void()> wake
    );
    // Whoever was not answered is told to try again.
    ~HandoverServer();
    HandoverServer(const HandoverServer&) = delete;
    HandoverServer& operator=(const HandoverServer&) = delete;

    // Runs what waits at this moment, one after the other, on the calling thread. A request whose
    // sender is gone is not run.
    std::size_t run_waiting(const Executor& execute);

private:
    struct Impl;
    explicit HandoverServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::cli
