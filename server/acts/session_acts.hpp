#pragma once

#include "server/acts/act.hpp"

#include <string>
#include <utility>

// What a device's connection does that the journal has to know: it comes, goes, opens and closes
// threads, and says how far it has read.
namespace wardline::server {

struct LoginAct final : ServerAct {
    DeviceId device;
    std::uint64_t generation{0};

    std::string address;  // Kept apart from the entry. Empty: not known.

    LoginAct(const DeviceId& id, std::uint64_t count, std::string from = {})
        : device{id}, generation{count}, address{std::move(from)} {
        generation_of = id;
    }
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "login", .device = device}; }
};

// The server's own word that a connection has ended: always true, whatever became of the device.
struct LogoutAct final : ServerAct {
    DeviceId device;

    explicit LogoutAct(const DeviceId& id) : device{id} {}
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "logout", .device = device}; }
};

struct OpenAct final : ServerAct {
    DeviceId device;
    ThreadId thread;

    OpenAct(const DeviceId& id, const ThreadId& opened) : device{id}, thread{opened} {}
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "open", .device = device, .thread = thread}; }
};

// By the device, or by the server when the connection ends or the right to read does.
struct CloseAct final : ServerAct {
    DeviceId device;
    ThreadId thread;

    CloseAct(const DeviceId& id, const ThreadId& closed) : device{id}, thread{closed} {}
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "close", .device = device, .thread = thread}; }
};

// One minute of a device's receipts in a thread: "read" (or else "delivered") from one seq to
// another.
struct ReceiptsAct final : ServerAct {
    DeviceId device;
    ThreadId thread;
    bool read{false};
    Seq from{0};
    Seq to{0};

    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "receipt", .device = device, .thread = thread}; }
};

// Something was refused before it came to an act: a page of history, a list.
struct RefusalAct final : ServerAct {
    Asker who;
    Code code;
    std::uint64_t count;  // How many in a minute the entry stands for.

    RefusalAct(const Asker& asker, Code refused, std::uint64_t times = 1)
        : who{asker}, code{refused}, count{times} {}
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return who; }
};

}  // namespace wardline::server
