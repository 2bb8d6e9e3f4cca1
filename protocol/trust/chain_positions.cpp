#include "protocol/trust/chain_positions.hpp"

namespace wardline::trust {

std::optional<Hash> ChainPositions::hash_at(std::uint64_t pos) const {
    if (pos >= positions_.size()) return std::nullopt;
    return positions_[pos].hash;
}

std::optional<Seq> ChainPositions::seq_at(std::uint64_t pos) const {
    if (pos >= positions_.size()) return std::nullopt;
    return positions_[pos].seq;
}

bool ChainPositions::contains(const ChainPosition& position, Seq before) const {
    return position.pos < positions_.size() && positions_[position.pos].hash == position.hash &&
           positions_[position.pos].seq < before;
}

}  // namespace wardline::trust
