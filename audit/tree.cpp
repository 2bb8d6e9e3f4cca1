#include "audit/tree.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <set>
#include <utility>

namespace wardline::audit {
namespace {

constexpr unsigned kTileHeight = 8;  // 256 = 2^8
constexpr unsigned kLevelsMax = 8;   // 256^8 leaves are all that a Seq can number.

// Root of `hashes`, whose number is a power of two.
Hash perfect_root(std::span<const Hash> hashes) {
    std::vector<Hash> row{hashes.begin(), hashes.end()};
    while (row.size() > 1) {
        for (std::size_t i = 0; i < row.size() / 2; ++i)
            row[i] = node_hash(row[2 * i], row[2 * i + 1]);
        row.resize(row.size() / 2);
    }
    return row.front();
}

// The perfect subtree over the leaves [index << height, (index + 1) << height).
struct Node {
    unsigned height;
    std::uint64_t index;

    TileId tile() const {
        return {static_cast<std::uint8_t>(height / kTileHeight), first() / kTileHashes};
    }
    std::size_t offset() const { return static_cast<std::size_t>(first() % kTileHashes); }
    std::size_t count() const { return std::size_t{1} << (height % kTileHeight); }

private:
    std::uint64_t first() const { return index << (height % kTileHeight); }
};

using Nodes = std::function<Result<Hash>(const Node&)>;

Nodes from_source(TileSource& source) {
    return [&source](const Node& node) -> Result<Hash> {
        const auto* tile = source.tile(node.tile());
        if (tile == nullptr || tile->size() < node.offset() + node.count()) {
            return Error{Code::internal, "a tile of the tree is missing"};
        }
        return perfect_root(std::span{*tile}.subspan(node.offset(), node.count()));
    };
}

// Answers nonsense, and remembers which tiles were asked for.
Nodes recording(std::set<TileId>& tiles) {
    return [&tiles](const Node& node) -> Result<Hash> {
        tiles.insert(node.tile());
        return Hash{};
    };
}

// MTH(D[from:to]) of section 2.1.1, where `from` is a multiple of the largest power of two that is
// not above to - from.
Result<Hash> range_root(const Nodes& nodes, std::uint64_t from, std::uint64_t to) {
    const auto count = to - from;
    if (count == 0) return empty_root();
    if (std::has_single_bit(count)) {
        return nodes(Node{static_cast<unsigned>(std::countr_zero(count)), from / count});
    }
    const auto split = from + std::bit_floor(count);
    WARDLINE_TRY(const auto left, range_root(nodes, from, split));
    WARDLINE_TRY(const auto right, range_root(nodes, split, to));
    return node_hash(left, right);
}

// The perfect subtrees that the first `size` leaves consist of, largest first.
Result<Frontier> frontier_of(const Nodes& nodes, std::uint64_t size) {
    std::vector<Hash> hashes;
    for (unsigned height = 64; height-- > 0;) {
        if (((size >> height) & 1) == 0) continue;
        const auto index = height == 63 ? 0 : (size >> (height + 1)) << 1;
        WARDLINE_TRY(auto root, nodes(Node{height, index}));
        hashes.push_back(root);
    }
    return Frontier::from_hashes(size, std::move(hashes));
}

// Where a range of two or more leaves splits: behind the largest power of two below its length.
std::uint64_t split_of(std::uint64_t from, std::uint64_t to) {
    return from + std::bit_floor(to - from - 1);
}

Result<std::vector<Hash>> inclusion(const Nodes& nodes, std::uint64_t index, std::uint64_t size) {
    std::vector<Hash> path;
    std::uint64_t from = 0;
    auto to = size;
    while (to - from > 1) {
        const auto split = split_of(from, to);
        const bool in_left = index < split;
        WARDLINE_TRY(
            auto sibling, in_left ? range_root(nodes, split, to) : range_root(nodes, from, split)
        );
        path.push_back(sibling);
        (in_left ? to : from) = split;
    }
    std::ranges::reverse(path);
    return path;
}

// PROOF(from, D_to) of section 2.1.4.1, walked from the root down.
Result<std::vector<Hash>> consistency(
    const Nodes& nodes, std::uint64_t old_size, std::uint64_t size
) {
    std::vector<Hash> path;
    if (old_size == 0 || old_size == size) return path;
    std::uint64_t from = 0;
    auto to = size;
    while (old_size != to) {
        const auto split = split_of(from, to);
        const bool in_left = old_size <= split;
        WARDLINE_TRY(
            auto sibling, in_left ? range_root(nodes, split, to) : range_root(nodes, from, split)
        );
        path.push_back(sibling);
        (in_left ? to : from) = split;
    }
    // The old root itself is known to whoever asks; a subtree of it is not.
    if (from != 0) {
        WARDLINE_TRY(auto subtree, range_root(nodes, from, to));
        path.push_back(subtree);
    }
    std::ranges::reverse(path);
    return path;
}

// Moves both numbers up past the levels at which the node has no right sibling.
void skip_levels(std::uint64_t& node, std::uint64_t& last) {
    while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
    }
}

}  // namespace

std::uint64_t hashes_in(const TileId& tile, std::uint64_t size) noexcept {
    if (tile.level >= kLevelsMax) return 0;
    const auto at_level = size >> (kTileHeight * tile.level);
    const auto tiles = at_level / kTileHashes;
    if (tile.index < tiles) return kTileHashes;
    return tile.index == tiles ? at_level % kTileHashes : 0;
}

Result<TreeEdge> TreeEdge::from_tiles(std::uint64_t size, std::vector<std::vector<Hash>> partial) {
    partial.resize(std::max<std::size_t>(partial.size(), kLevelsMax));
    TreeEdge edge;
    for (unsigned level = 0; level < partial.size(); ++level) {
        const auto expected =
            level < kLevelsMax ? (size >> (kTileHeight * level)) % kTileHashes : 0;
        if (partial[level].size() != expected) {
            return Error{Code::internal, "the edge of the tree does not fit its size"};
        }
    }
    const auto in_partial = [&partial](const Node& node) -> Result<Hash> {
        const std::span tile{partial[node.tile().level]};
        return perfect_root(tile.subspan(node.offset(), node.count()));
    };
    WARDLINE_TRY(edge.frontier_, frontier_of(in_partial, size));
    edge.partial_ = std::move(partial);
    return edge;
}

void TreeEdge::append(const Hash& leaf, std::vector<Tile>& full) {
    if (partial_.empty()) partial_.resize(kLevelsMax);
    partial_[0].push_back(leaf);
    frontier_.append(leaf, [&, index = size()](unsigned height, const Hash& root) {
        if (height % kTileHeight != 0) return;
        const auto level = height / kTileHeight - 1;
        const TileId id{static_cast<std::uint8_t>(level), index >> height};
        full.push_back({id, std::move(partial_[level]), root});
        partial_[level].clear();
        partial_[level + 1].push_back(root);
    });
}

std::vector<TileId> tiles_for_inclusion(std::uint64_t index, std::uint64_t size) {
    std::set<TileId> tiles;
    if (index < size) static_cast<void>(inclusion(recording(tiles), index, size));
    return {tiles.begin(), tiles.end()};
}

std::vector<TileId> tiles_for_consistency(std::uint64_t from, std::uint64_t to) {
    std::set<TileId> tiles;
    if (from <= to) static_cast<void>(consistency(recording(tiles), from, to));
    return {tiles.begin(), tiles.end()};
}

std::vector<TileId> tiles_for_root(std::uint64_t size) {
    std::set<TileId> tiles;
    static_cast<void>(range_root(recording(tiles), 0, size));
    return {tiles.begin(), tiles.end()};
}

Result<std::vector<Hash>> inclusion_path(
    TileSource& source, std::uint64_t index, std::uint64_t size
) {
    if (index >= size) return Error{Code::not_found, "the entry is not in a tree of this size"};
    return inclusion(from_source(source), index, size);
}

Result<std::vector<Hash>> consistency_path(
    TileSource& source, std::uint64_t from, std::uint64_t to
) {
    if (from > to) return Error{Code::not_found, "a larger tree is no prefix of a smaller one"};
    return consistency(from_source(source), from, to);
}

Result<Hash> root_at(TileSource& source, std::uint64_t size) {
    return range_root(from_source(source), 0, size);
}

Result<Frontier> frontier_at(TileSource& source, std::uint64_t size) {
    return frontier_of(from_source(source), size);
}

bool verify_inclusion(
    const Hash& leaf,
    std::uint64_t index,
    std::uint64_t size,
    std::span<const Hash> path,
    const Hash& root
) {
    if (index >= size) return false;
    auto node = index;
    auto last = size - 1;
    auto hash = leaf;
    for (const auto& sibling : path) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            hash = node_hash(sibling, hash);
            skip_levels(node, last);
        } else {
            hash = node_hash(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && hash == root;
}

bool verify_consistency(
    std::uint64_t from,
    const Hash& from_root,
    std::uint64_t to,
    const Hash& to_root,
    std::span<const Hash> path
) {
    if (from > to) return false;
    if (from == 0) {
        return path.empty() && from_root == empty_root() && (to != 0 || to_root == empty_root());
    }
    if (from == to) return path.empty() && from_root == to_root;
    if (path.empty()) return false;

    auto node = from - 1;
    auto last = to - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    // Where the old tree is a perfect one, its root is the first hash and is not sent.
    const bool perfect = std::has_single_bit(from);
    auto old_hash = perfect ? from_root : path.front();
    auto new_hash = old_hash;
    for (const auto& sibling : perfect ? path : path.subspan(1)) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            old_hash = node_hash(sibling, old_hash);
            new_hash = node_hash(sibling, new_hash);
            skip_levels(node, last);
        } else {
            new_hash = node_hash(new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && old_hash == from_root && new_hash == to_root;
}

}  // namespace wardline::audit
