#include "audit/frontier.hpp"

#include "audit/tree.hpp"
#include "protocol/crypto/crypto.hpp"

#include <gtest/gtest.h>

#include <map>

namespace wardline::audit {
namespace {

Hash leaf_of(std::uint64_t number) {
    Bytes raw;
    append_u64(raw, number);
    return crypto::sha256(raw);
}

// The tiles of a tree of some size, complete and unfinished ones.
class Tiles : public TileSource {
public:
    explicit Tiles(std::uint64_t size) {
        TreeEdge edge;
        std::vector<Tile> full;
        for (std::uint64_t i = 0; i < size; ++i) {
            tiles_[{0, i / kTileHashes}].push_back(leaf_of(i));
            edge.append(leaf_of(i), full);
        }
        for (const auto& tile : full) {
            const auto level = static_cast<std::uint8_t>(tile.id.level + 1);
            tiles_[{level, tile.id.index / kTileHashes}].push_back(tile.root);
        }
    }
    const std::vector<Hash>* tile(const TileId& id) override {
        const auto found = tiles_.find(id);
        return found == tiles_.end() ? nullptr : &found->second;
    }

private:
    std::map<TileId, std::vector<Hash>> tiles_;
};

TEST(Frontier, HasTheRootOfTheTreeAtEverySize) {
    Frontier frontier;
    TreeEdge edge;
    std::vector<Tile> full;
    EXPECT_EQ(frontier.root(), empty_root());

    for (std::uint64_t i = 0; i < 700; ++i) {
        frontier.append(leaf_of(i));
        edge.append(leaf_of(i), full);
        ASSERT_EQ(frontier, edge.frontier());
    }
    EXPECT_EQ(frontier.size(), 700U);
    EXPECT_EQ(full.size(), 2U);
}

TEST(Frontier, GoesOnFromItsHashes) {
    for (const std::uint64_t size : {0U, 1U, 2U, 3U, 255U, 256U, 257U, 511U}) {
        Frontier grown;
        for (std::uint64_t i = 0; i < size; ++i) grown.append(leaf_of(i));

        auto again = Frontier::from_hashes(size, grown.hashes()).value();
        for (std::uint64_t i = size; i < size + 5; ++i) {
            grown.append(leaf_of(i));
            again.append(leaf_of(i));
        }

        EXPECT_EQ(again, grown);
        EXPECT_EQ(again.root(), grown.root());
    }
}

TEST(Frontier, RefusesHashesThatDoNotFitTheSize) {
    EXPECT_TRUE(Frontier::from_hashes(5, {Hash{}, Hash{}}));
    EXPECT_EQ(Frontier::from_hashes(5, {Hash{}}).error().code, Code::bad_frame);
    EXPECT_EQ(Frontier::from_hashes(4, {Hash{}, Hash{}}).error().code, Code::bad_frame);
    EXPECT_EQ(Frontier::from_hashes(0, {Hash{}}).error().code, Code::bad_frame);
    EXPECT_EQ(Frontier::from_hashes(~std::uint64_t{0}, {}).error().code, Code::bad_frame);
}

TEST(Frontier, OfAnyEarlierSizeComesFromTheTiles) {
    Tiles tiles{66'000};
    Frontier grown;
    for (std::uint64_t i = 0; i < 66'000; ++i) {
        if (i % 997 == 0 || i == 65'536) {
            ASSERT_EQ(frontier_at(tiles, i).value(), grown) << i;
            ASSERT_EQ(root_at(tiles, i).value(), grown.root()) << i;
        }
        grown.append(leaf_of(i));
    }
}

TEST(Frontier, SaysSoWhenATileIsMissing) {
    Tiles tiles{10};

    EXPECT_EQ(frontier_at(tiles, 300).error().code, Code::internal);
}

}  // namespace
}  // namespace wardline::audit
