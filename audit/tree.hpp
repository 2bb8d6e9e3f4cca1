#pragma once

#include "audit/frontier.hpp"
#include "audit/leaf.hpp"
#include "protocol/base/ids.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// The Merkle tree of RFC 9162 section 2.1, held in tiles: a tile of level L is up to 256
// neighbouring hashes, each the root of 256^L leaves. Level 0 are the leaves. Pure; one thread for
// each object.
namespace wardline::audit {

constexpr std::uint64_t kTileHashes = 256;

struct TileId {
    std::uint8_t level{0};
    std::uint64_t index{0};  // Its first hash covers the leaves from index * 256^(level + 1).
    auto operator<=>(const TileId&) const = default;
};

// A full tile. `root` covers all its hashes, and is itself a hash of the tile above.
struct Tile {
    TileId id;
    std::vector<Hash> hashes;  // Exactly 256.
    Hash root;
    bool operator==(const Tile&) const = default;
};

// How many hashes a tile holds in a tree of this size, 0 to 256.
std::uint64_t hashes_in(const TileId& tile, std::uint64_t size) noexcept;

// The growing edge of a tree: what is needed to add leaves and to tell the root. A few kilobytes,
// whatever the size. A copy is an undo.
class TreeEdge {
public:
    TreeEdge() = default;  // The empty tree.

    // The unfinished tile of every level, from level 0 up, e.g. as read from a database. Their
    // lengths must be those of `size`: `internal` otherwise.
    static Result<TreeEdge> from_tiles(std::uint64_t size, std::vector<std::vector<Hash>> partial);

    std::uint64_t size() const noexcept { return frontier_.size(); }
    // Adds one leaf. The tiles that are full with it are appended to `full`, lowest level first.
    void append(const Hash& leaf, std::vector<Tile>& full);
    Hash root() const { return frontier_.root(); }
    const Frontier& frontier() const noexcept { return frontier_; }

private:
    Frontier frontier_;
    std::vector<std::vector<Hash>> partial_;  // By level; each shorter than 256.
};

// Where proofs take hashes from. Answers the tile's hashes, as many as the tree of that size has.
class TileSource {
public:
    virtual ~TileSource() = default;
    // Nothing where the tile cannot be had.
    virtual const std::vector<Hash>* tile(const TileId& id) = 0;
};

// The tiles that the proof functions below will ask for, sorted, none twice.
std::vector<TileId> tiles_for_inclusion(std::uint64_t index, std::uint64_t size);
std::vector<TileId> tiles_for_consistency(std::uint64_t from, std::uint64_t to);
std::vector<TileId> tiles_for_root(std::uint64_t size);

// The proof that leaf `index` (seq - 1) stands in the tree of `size`, RFC 9162 section 2.1.3.1.
// `not_found` for an index outside of it, `internal` where the source lacks a tile.
Result<std::vector<Hash>> inclusion_path(
    TileSource& source, std::uint64_t index, std::uint64_t size
);
// The proof that the tree of size `from` is a prefix of that of size `to`, section 2.1.4.1. Empty
// where from is 0 or equals to. `not_found` for from > to.
Result<std::vector<Hash>> consistency_path(
    TileSource& source, std::uint64_t from, std::uint64_t to
);
// The root of the first `size` leaves, and the perfect subtrees that they consist of. Both ask for
// the tiles of tiles_for_root(size).
Result<Hash> root_at(TileSource& source, std::uint64_t size);
Result<Frontier> frontier_at(TileSource& source, std::uint64_t size);

// RFC 9162 section 2.1.3.2 and 2.1.4.2. False for anything that does not fit exactly.
bool verify_inclusion(
    const Hash& leaf,
    std::uint64_t index,
    std::uint64_t size,
    std::span<const Hash> path,
    const Hash& root
);
bool verify_consistency(
    std::uint64_t from,
    const Hash& from_root,
    std::uint64_t to,
    const Hash& to_root,
    std::span<const Hash> path
);

}  // namespace wardline::audit
