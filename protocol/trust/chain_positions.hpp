#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/statement.hpp"

#include <cstdint>
#include <optional>
#include <vector>

// The statements of one chain by their position: what each hashes to and where it stands in the
// journal. What the chains have in common. A value.
namespace wardline::trust {

class ChainPositions {
public:
    bool empty() const noexcept { return positions_.empty(); }
    std::uint64_t size() const noexcept { return positions_.size(); }
    // Of the newest statement; only when not empty.
    ChainPosition head() const { return {positions_.size() - 1, positions_.back().hash}; }
    Seq head_seq() const { return positions_.back().seq; }
    std::optional<Hash> hash_at(std::uint64_t pos) const;
    // The seq of the statement at `pos`.
    std::optional<Seq> seq_at(std::uint64_t pos) const;
    // Whether `position` is a statement of this chain whose entry is before `before`.
    bool contains(const ChainPosition& position, Seq before = kNow) const;

protected:
    void append(const Hash& hash, Seq seq) { positions_.push_back({hash, seq}); }
    // What the next statement names as its predecessor; zeros for the first.
    Hash predecessor() const { return positions_.empty() ? Hash{} : positions_.back().hash; }

private:
    struct Position {
        Hash hash;
        Seq seq{0};
    };
    std::vector<Position> positions_;
};

}  // namespace wardline::trust
