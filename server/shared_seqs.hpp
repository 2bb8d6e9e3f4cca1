#pragma once

#include "protocol/base/ids.hpp"
#include "storage/journal_reader.hpp"
#include "storage/task.hpp"

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

// The patient sees how far staff have read, but nothing of internal notes, not even that there is
// one: a cursor is shown as the last message for the patient that it covers. One thread.
namespace wardline::server {

// The newest messages of a thread that are for the patient too.
class SharedView {
public:
    // For staff, who see everything.
    SharedView() = default;
    explicit SharedView(std::vector<Seq> rising) : seqs_{std::move(rising)} {}

    // 0 where the cursor is before all of them.
    Seq clamp(Seq cursor) const;

private:
    std::optional<std::vector<Seq>> seqs_;
};

class SharedSeqs {
public:
    static constexpr std::size_t kSeqsMax = 200;
    static constexpr std::size_t kThreadsMax = 4'096;

    explicit SharedSeqs(storage::JournalReader& reader) : reader_{reader} {}

    storage::Task<SharedView> of(ThreadId thread, bool staff);
    // A message was committed.
    void note(const storage::StoredEntry& message);

private:
    storage::JournalReader& reader_;
    std::unordered_map<ThreadId, std::vector<Seq>> threads_;
    std::unordered_map<ThreadId, std::vector<Seq>> loading_;
};

}  // namespace wardline::server
