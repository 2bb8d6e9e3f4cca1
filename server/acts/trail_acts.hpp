#pragma once

#include "audit/registry.hpp"
#include "server/acts/act.hpp"
#include "server/stranger_book.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the trail says of itself and of the server: who read or exported it, what was erased from
// it, when nodes came and went, and strangers.
namespace wardline::server {

// A node of the server has started or stopped, or found settings that are new since its last start.
struct ServerEventAct final : ServerAct {
    std::string_view act;  // A word of the registry.
    std::string version;
    std::vector<std::string> names;  // Of settings.

    ServerEventAct(std::string_view what, std::string program, std::vector<std::string> settings)
        : act{what}, version{std::move(program)}, names{std::move(settings)} {}
    // `no_clinic` before there is a journal.
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "server"}; }
};

struct StrangersAct final : ServerAct {
    StrangerBook::Count count;

    explicit StrangersAct(const StrangerBook::Count& counted) : count{counted} {}
    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "strangers"}; }
};

// A device with `read-audit` begins to read the trail, or to export it.
struct ReadingAct final : ServerAct {
    DeviceId device;
    audit::EntryKind kind{audit::EntryKind::reading};  // Or export_run.
    std::string_view act;                              // A word of the registry.
    Seq from{1};
    std::optional<Seq> to;  // Nothing: it goes on as entries come.
    std::optional<ThreadId> thread;
    std::string subject;  // An account of the clinic, as text; empty for none.

    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override;
};

// Details are about to be erased. storage::AuditEraser does it once this is committed.
struct ErasureAct final : ServerAct {
    std::string_view act;  // A word of the registry.
    Seq from{1};
    Seq to{0};
    std::uint64_t count{0};
    std::optional<Hash> statement;
    std::optional<ThreadId> thread;

    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "erasure"}; }
};

}  // namespace wardline::server
