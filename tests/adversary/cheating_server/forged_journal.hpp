#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/trust/statement.hpp"
#include "tests/adversary/cheating_server/cheating_server.hpp"

#include <functional>
#include <vector>

// Another history than the true one, told with proofs that hold and heads that the audit key has
// signed: what a server can do that prepares its lie well. Against it stand signatures of clients
// alone.
namespace wardline::adversary {

class ForgedJournal {
public:
    // Changes an entry (its map, without seq). Applied to everything that is stored now and to
    // everything that is shown, with and without payload.
    using Rewrite = std::function<void(Json& entry)>;
    explicit ForgedJournal(CheatingServer& server, Rewrite rewrite = {});

    Seq size() const { return leaves_.size(); }
    // An entry of its own at the end; the map as devices get it.
    Json append(wardline::Bytes details, std::uint64_t kind, Json payload);
    Json append(const trust::Statement& statement);
    // Ends behind that entry.
    void cut(Seq size) { leaves_.resize(size); }

    Json signed_head() const;
    // What the victim is shown: entries as rewritten, heads and proofs of this journal. True when
    // it was an answer about the journal.
    void tell(const Json& request, Json& answer) const;
    void tell_push(Json& push) const;

private:
    Hash root(std::size_t from, std::size_t to) const;
    std::vector<Hash> inclusion(std::size_t index, std::size_t from, std::size_t to) const;
    std::vector<Hash> consistency(std::size_t old, std::size_t from, std::size_t to, bool whole)
        const;

    const CheatingServer& server_;
    ClinicId clinic_;
    Rewrite rewrite_;
    std::vector<Hash> leaves_;
};

Json json_of(const std::vector<Hash>& hashes);

}  // namespace wardline::adversary
