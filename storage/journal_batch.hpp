#pragma once

#include "audit/tree.hpp"
#include "protocol/crypto/crypto.hpp"
#include "storage/journal_rows.hpp"
#include "storage/journal_writer.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

// One transaction's worth of acts: judged, numbered and hashed. No database, no clock:
// JournalWriter carries it out. Used by it alone.
namespace wardline::storage {

class JournalBatch {
public:
    struct Pending {
        std::unique_ptr<Act> act;
        JournalWriter::Completion done;
    };

    void add(Pending one);
    // Acts for which `told` is true have been answered otherwise and leave.
    void remove_if(const std::function<bool(Pending&)>& told);

    // Gives each act its answer, if the batch commits, until the payloads exceed `bytes_max`; the
    // rest waits for the next batch. `facts` and `time` are set.
    void judge(JournalState& state, std::size_t bytes_max);
    // Salts and hashes of the entries and the tree's new head. `edge` is the tree before them.
    void extend_tree(
        const ClinicId& clinic, const SigningSecret& audit_key, crypto::Random& random
    );

    std::vector<Pending> pending;
    std::vector<const Act*> acts;                          // Beside them.
    std::vector<std::optional<Result<Appended>>> answers;  // Beside them; what each will be told.
    BatchFacts facts;
    BatchWrites writes;
    // Payloads of each entry, with the unit where the draft named one.
    std::vector<std::vector<std::optional<UnitNumber>>> payload_units;
    audit::TreeEdge edge;
    Instant time;
    bool judged{false};   // The state has taken drafts into account.
    bool repeats{false};  // Somebody gets the first answer again.

private:
    Result<Appended> judge_one(JournalState& state, const Act& act);
    Result<Appended> judge_new(JournalState& state, const Act& act);
    void take_draft(const Act& act, Draft draft);
    Seq next_seq() const { return facts.head_seq + writes.entries.size() + 1; }

    std::size_t payload_bytes_{0};
};

}  // namespace wardline::storage
