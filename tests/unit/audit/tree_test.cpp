#include "audit/tree.hpp"

#include "protocol/base/encoding.hpp"
#include "protocol/crypto/crypto.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <fstream>
#include <map>

namespace wardline::audit {
namespace {

// RFC 9162 section 2.1, word for word, on a list of leaf hashes.
Hash naive_root(std::span<const Hash> leaves) {
    if (leaves.empty()) return empty_root();
    if (leaves.size() == 1) return leaves.front();
    const auto split = std::bit_floor(leaves.size() - 1);
    return node_hash(naive_root(leaves.first(split)), naive_root(leaves.subspan(split)));
}

std::vector<Hash> naive_path(std::size_t index, std::span<const Hash> leaves) {
    if (leaves.size() == 1) return {};
    const auto split = std::bit_floor(leaves.size() - 1);
    auto path = index < split ? naive_path(index, leaves.first(split))
                              : naive_path(index - split, leaves.subspan(split));
    path.push_back(naive_root(index < split ? leaves.subspan(split) : leaves.first(split)));
    return path;
}

std::vector<Hash> naive_subproof(std::size_t old, std::span<const Hash> leaves, bool known) {
    if (old == leaves.size()) return known ? std::vector<Hash>{} : std::vector{naive_root(leaves)};
    const auto split = std::bit_floor(leaves.size() - 1);
    auto path = old <= split ? naive_subproof(old, leaves.first(split), known)
                             : naive_subproof(old - split, leaves.subspan(split), false);
    path.push_back(naive_root(old <= split ? leaves.subspan(split) : leaves.first(split)));
    return path;
}

Hash leaf_of(std::uint64_t number) {
    Bytes raw;
    append_u64(raw, number);
    return crypto::sha256(raw);
}

std::vector<Hash> leaves_of(std::uint64_t count) {
    std::vector<Hash> out;
    for (std::uint64_t i = 0; i < count; ++i) out.push_back(leaf_of(i));
    return out;
}

// A tree grown leaf by leaf, its tiles kept as a database would keep them.
class GrownTree : public TileSource {
public:
    explicit GrownTree(std::uint64_t size) {
        std::vector<Tile> full;
        for (std::uint64_t i = 0; i < size; ++i) edge_.append(leaf_of(i), full);
        for (auto& tile : full) {
            roots_[{static_cast<std::uint8_t>(tile.id.level + 1), tile.id.index}] = tile.root;
            tiles_[tile.id] = std::move(tile.hashes);
        }
        add_unfinished();
    }
    const std::vector<Hash>* tile(const TileId& id) override {
        asked.push_back(id);
        const auto found = tiles_.find(id);
        return found == tiles_.end() ? nullptr : &found->second;
    }
    const TreeEdge& edge() const { return edge_; }
    std::vector<std::vector<Hash>> unfinished() const { return unfinished_; }
    std::vector<TileId> asked;

private:
    void add_unfinished() {
        for (std::uint8_t level = 0; level < 3; ++level) {
            const auto at_level = edge_.size() >> (8 * level);
            const auto& hashes = unfinished_.emplace_back();
            auto& out = unfinished_.back();
            for (auto i = at_level / 256 * 256; i < at_level; ++i) {
                out.push_back(level == 0 ? leaf_of(i) : roots_.at({level, i}));
            }
            tiles_[{level, at_level / 256}] = hashes;
        }
    }
    TreeEdge edge_;
    std::map<TileId, std::vector<Hash>> tiles_;
    std::map<std::pair<std::uint8_t, std::uint64_t>, Hash> roots_;
    std::vector<std::vector<Hash>> unfinished_;
};

nlohmann::json vectors() {
    std::ifstream file{std::string{WARDLINE_SOURCE_DIR} + "/tests/vectors/tree.json"};
    return nlohmann::json::parse(file);
}

Hash hash_of(const nlohmann::json& hex) {
    return Hash::from_hex(hex.get<std::string>()).value();
}

std::vector<Hash> hashes_of(const nlohmann::json& list) {
    std::vector<Hash> out;
    for (const auto& hex : list) out.push_back(hash_of(hex));
    return out;
}

// The tree of the Certificate Transparency test vectors: leaf = SHA-256(00 data).
TEST(Tree, HasTheRootsOfTheKnownVectors) {
    const auto known = vectors()["rfc"];
    TreeEdge edge;
    std::vector<Tile> full;
    EXPECT_EQ(edge.root(), hash_of(known["empty_root"]));

    for (std::size_t i = 0; i < known["leaves"].size(); ++i) {
        auto data = from_hex(known["leaves"][i].get<std::string>()).value();
        data.insert(data.begin(), 0);
        edge.append(crypto::sha256(data), full);
        EXPECT_EQ(edge.root(), hash_of(known["roots"][i])) << "size " << i + 1;
    }
}

TEST(Tree, AcceptsTheProofsOfTheKnownVectors) {
    const auto known = vectors()["rfc"];
    const auto roots = hashes_of(known["roots"]);

    for (const auto& one : known["inclusion"]) {
        EXPECT_TRUE(verify_inclusion(
            hash_of(one["leaf"]),
            one["index"].get<std::uint64_t>(),
            one["size"].get<std::uint64_t>(),
            hashes_of(one["path"]),
            roots[one["size"].get<std::size_t>() - 1]
        ));
    }
    for (const auto& one : known["consistency"]) {
        EXPECT_TRUE(verify_consistency(
            one["from"].get<std::uint64_t>(),
            roots[one["from"].get<std::size_t>() - 1],
            one["to"].get<std::uint64_t>(),
            roots[one["to"].get<std::size_t>() - 1],
            hashes_of(one["path"])
        ));
    }
}

TEST(Tree, HasTheLeavesAndRootsOfTheEntryVectors) {
    const auto known = vectors()["entries"];
    TreeEdge edge;
    std::vector<Tile> full;
    for (const auto& one : known) {
        const auto salt = Salt::from_hex(one["salt"].get<std::string>()).value();
        const auto details = from_hex(one["details"].get<std::string>()).value();
        const auto leaf = leaf_hash(
            one["seq"].get<Seq>(),
            Instant{one["time"].get<std::uint64_t>()},
            wire::parse_entry_kind(one["kind"].get<std::uint64_t>()).value(),
            details_hash(salt, details)
        );
        EXPECT_EQ(leaf, hash_of(one["leaf"]));
        edge.append(leaf, full);
        EXPECT_EQ(edge.root(), hash_of(one["root"]));
    }
    EXPECT_EQ(edge.size(), 5U);
}

TEST(Tree, OfAnySmallSizeIsTheNaiveOne) {
    const auto leaves = leaves_of(70);
    TreeEdge edge;
    std::vector<Tile> full;
    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        ASSERT_EQ(edge.root(), naive_root(std::span{leaves}.first(size)));
        if (size < leaves.size()) edge.append(leaves[size], full);
    }
}

TEST(Tree, EveryInclusionPathOfSmallTreesIsTheNaiveOneAndVerifies) {
    const auto leaves = leaves_of(34);
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        GrownTree tree{size};
        const auto some = std::span{leaves}.first(size);
        const auto root = naive_root(some);
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto path = inclusion_path(tree, index, size).value();
            ASSERT_EQ(path, naive_path(index, some));
            ASSERT_TRUE(verify_inclusion(leaves[index], index, size, path, root));
        }
    }
}

TEST(Tree, EveryConsistencyPathOfSmallTreesIsTheNaiveOneAndVerifies) {
    const auto leaves = leaves_of(34);
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        GrownTree tree{size};
        const auto some = std::span{leaves}.first(size);
        for (std::uint64_t old = 1; old <= size; ++old) {
            const auto path = consistency_path(tree, old, size).value();
            ASSERT_EQ(path, naive_subproof(old, some, true));
            ASSERT_TRUE(
                verify_consistency(old, naive_root(some.first(old)), size, naive_root(some), path)
            );
        }
    }
}

// Sizes on both sides of one and two full tiles, and one with a third level.
TEST(Tree, ProvesAcrossTiles) {
    for (const std::uint64_t size : {255U, 256U, 257U, 511U, 512U, 513U, 66'000U}) {
        GrownTree tree{size};
        const auto root = tree.edge().root();
        ASSERT_EQ(root_at(tree, size).value(), root);
        for (const auto index : {std::uint64_t{0}, std::uint64_t{100}, size / 2, size - 1}) {
            const auto path = inclusion_path(tree, index, size).value();
            ASSERT_TRUE(verify_inclusion(leaf_of(index), index, size, path, root));
            const auto old_root = root_at(tree, index + 1).value();
            const auto proof = consistency_path(tree, index + 1, size).value();
            ASSERT_TRUE(verify_consistency(index + 1, old_root, size, root, proof));
        }
    }
}

TEST(Tree, NamesTheTilesThatAProofNeeds) {
    constexpr std::uint64_t kSize = 66'000;
    GrownTree tree{kSize};

    static_cast<void>(inclusion_path(tree, 300, kSize).value());
    for (const auto& id : tree.asked) {
        const auto named = tiles_for_inclusion(300, kSize);
        EXPECT_NE(std::ranges::find(named, id), named.end());
    }
    tree.asked.clear();
    static_cast<void>(consistency_path(tree, 300, kSize).value());
    for (const auto& id : tree.asked) {
        const auto named = tiles_for_consistency(300, kSize);
        EXPECT_NE(std::ranges::find(named, id), named.end());
    }
    EXPECT_LE(tiles_for_inclusion(300, kSize).size(), 6U);
}

TEST(Tree, GoesOnFromItsUnfinishedTiles) {
    for (const std::uint64_t size : {0U, 1U, 255U, 256U, 257U, 700U, 65'536U, 66'000U}) {
        const GrownTree tree{size};
        auto again = TreeEdge::from_tiles(size, tree.unfinished()).value();
        auto grown = tree.edge();
        std::vector<Tile> full_again;
        std::vector<Tile> full;
        for (int i = 0; i < 300; ++i) {
            again.append(leaf_of(size + static_cast<std::uint64_t>(i)), full_again);
            grown.append(leaf_of(size + static_cast<std::uint64_t>(i)), full);
        }
        EXPECT_EQ(again.root(), grown.root());
        EXPECT_EQ(full_again, full);
    }
}

TEST(Tree, RefusesAnEdgeThatDoesNotFitItsSize) {
    const GrownTree tree{300};

    EXPECT_FALSE(TreeEdge::from_tiles(299, tree.unfinished()));
    EXPECT_FALSE(TreeEdge::from_tiles(300, {}));
}

TEST(Tree, ProvesNothingBeyondItsEnd) {
    GrownTree tree{10};

    EXPECT_EQ(inclusion_path(tree, 10, 10).error().code, Code::not_found);
    EXPECT_EQ(consistency_path(tree, 11, 10).error().code, Code::not_found);
    EXPECT_FALSE(verify_inclusion(leaf_of(10), 10, 10, {}, tree.edge().root()));
}

TEST(Tree, SaysSoWhenATileIsMissing) {
    struct Nothing : TileSource {
        const std::vector<Hash>* tile(const TileId&) override { return nullptr; }
    } nothing;

    EXPECT_EQ(inclusion_path(nothing, 0, 10).error().code, Code::internal);
}

Hash flipped(const Hash& hash, std::size_t bit) {
    auto raw = hash.array();
    raw[bit / 8] = static_cast<std::uint8_t>(raw[bit / 8] ^ (1U << (bit % 8)));
    return Hash{raw};
}

TEST(Tree, RefusesAnInclusionProofWithAnyFlippedBit) {
    constexpr std::uint64_t kSize = 13;
    GrownTree tree{kSize};
    const auto root = tree.edge().root();
    const auto path = inclusion_path(tree, 6, kSize).value();

    for (std::size_t i = 0; i < path.size(); ++i) {
        for (std::size_t bit = 0; bit < 256; bit += 7) {
            auto bad = path;
            bad[i] = flipped(bad[i], bit);
            EXPECT_FALSE(verify_inclusion(leaf_of(6), 6, kSize, bad, root));
        }
    }
    EXPECT_FALSE(verify_inclusion(flipped(leaf_of(6), 0), 6, kSize, path, root));
    EXPECT_FALSE(verify_inclusion(leaf_of(6), 6, kSize, path, flipped(root, 255)));
}

TEST(Tree, RefusesAnInclusionProofForAnotherPlaceOrLength) {
    constexpr std::uint64_t kSize = 13;
    GrownTree tree{kSize};
    const auto root = tree.edge().root();
    const auto path = inclusion_path(tree, 6, kSize).value();
    auto longer = path;
    longer.push_back(root);

    for (std::uint64_t index = 0; index < kSize; ++index) {
        EXPECT_EQ(verify_inclusion(leaf_of(6), index, kSize, path, root), index == 6);
    }
    EXPECT_FALSE(verify_inclusion(leaf_of(6), 6, kSize, longer, root));
    EXPECT_FALSE(verify_inclusion(leaf_of(6), 6, kSize, std::span{path}.first(3), root));
}

TEST(Tree, RefusesAConsistencyProofWithAnyFlippedBit) {
    GrownTree tree{21};
    const auto root = tree.edge().root();
    for (const std::uint64_t old : {7U, 8U}) {
        const auto old_root = root_at(tree, old).value();
        const auto path = consistency_path(tree, old, 21).value();
        for (std::size_t i = 0; i < path.size(); ++i) {
            auto bad = path;
            bad[i] = flipped(bad[i], 100);
            EXPECT_FALSE(verify_consistency(old, old_root, 21, root, bad));
        }
        EXPECT_FALSE(verify_consistency(old, flipped(old_root, 1), 21, root, path));
        EXPECT_FALSE(verify_consistency(old, old_root, 21, flipped(root, 1), path));
    }
}

TEST(Tree, ConsistencyAtItsEdges) {
    GrownTree tree{5};
    const auto root = tree.edge().root();

    EXPECT_TRUE(verify_consistency(5, root, 5, root, {}));
    EXPECT_FALSE(verify_consistency(5, flipped(root, 0), 5, root, {}));
    EXPECT_FALSE(verify_consistency(5, root, 5, root, std::vector{root}));
    EXPECT_TRUE(verify_consistency(0, empty_root(), 5, root, {}));
    EXPECT_FALSE(verify_consistency(0, root, 5, root, {}));
    EXPECT_FALSE(verify_consistency(6, root, 5, root, {}));
    EXPECT_FALSE(verify_consistency(3, root, 5, root, {}));
}

TEST(Tree, TilesHoldWhatASizeGivesThem) {
    EXPECT_EQ(hashes_in({0, 0}, 255), 255U);
    EXPECT_EQ(hashes_in({0, 0}, 256), 256U);
    EXPECT_EQ(hashes_in({0, 1}, 256), 0U);
    EXPECT_EQ(hashes_in({1, 0}, 255), 0U);
    EXPECT_EQ(hashes_in({1, 0}, 256), 1U);
    EXPECT_EQ(hashes_in({1, 0}, 65'536), 256U);
    EXPECT_EQ(hashes_in({2, 0}, 65'536), 1U);
}

}  // namespace
}  // namespace wardline::audit
