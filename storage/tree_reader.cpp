#include "storage/database.hpp"
#include "storage/journal_reader.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

#include <algorithm>
#include <map>
#include <set>

// The proofs of JournalReader: which tiles they need, how those are read.
namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

constexpr Query kFullTiles{"full_tiles", R"sql(
    select found.* from unnest($2::int4[], $3::int8[]) as wanted (level, index)
    cross join lateral (
        select t.level, t.index, t.hashes from tiles t
        where t.clinic = $1::int and t.level = wanted.level and t.index = wanted.index limit 1
    ) found
)sql"};
// An unfinished tile: of level 0 the leaves, above it the roots of the full tiles below.
constexpr Query kLeaves{"leaves", R"sql(
    select leaf from entries where clinic = $1::int and seq > $2::int8 and seq <= $3::int8
    order by seq
)sql"};
constexpr Query kRoots{"roots", R"sql(
    select root from tiles
    where clinic = $1::int and level = $2::int and index >= $3::int8 and index < $4::int8
    order by index
)sql"};

class LoadedTiles : public audit::TileSource {
public:
    const std::vector<Hash>* tile(const audit::TileId& id) override {
        const auto found = tiles_.find(id);
        return found == tiles_.end() ? nullptr : &found->second;
    }
    void add(const audit::TileId& id, std::vector<Hash> hashes) {
        tiles_.insert_or_assign(id, std::move(hashes));
    }
    std::vector<Hash> take(const audit::TileId& id) { return std::move(tiles_[id]); }

private:
    std::map<audit::TileId, std::vector<Hash>> tiles_;
};

std::vector<Hash> column_of(const pg::Rows& rows) {
    std::vector<Hash> out;
    for (int row = 0; row < rows.size(); ++row) out.push_back(rows.fixed<Hash>(row, 0));
    return out;
}

std::vector<Hash> split(BytesView joined) {
    std::vector<Hash> out(joined.size() / Hash::kSize);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = Hash::from(joined.subspan(i * Hash::kSize, Hash::kSize)).value();
    }
    return out;
}

pg::Statement unfinished(int clinic, const audit::TileId& id, std::uint64_t count) {
    const auto first = id.index * audit::kTileHashes;
    if (id.level == 0) {
        return {&kLeaves, Params{}.int4(clinic).int8(first).int8(first + count)};
    }
    return {&kRoots, Params{}.int4(clinic).int4(id.level - 1).int8(first).int8(first + count)};
}

// The tiles as a tree of this size has them.
Task<LoadedTiles> load(Database& database, std::vector<audit::TileId> wanted, std::uint64_t size) {
    const auto clinic = database.clinic();
    const auto is_full = [size](const audit::TileId& id) {
        return audit::hashes_in(id, size) == audit::kTileHashes;
    };
    const auto full_end = std::ranges::partition(wanted, is_full).begin();
    const auto full = static_cast<std::size_t>(full_end - wanted.begin());

    Params tiles;
    tiles.int4(clinic);
    tiles.int4s(full);
    for (std::size_t i = 0; i < full; ++i) tiles.add_int4(wanted[i].level);
    tiles.int8s(full);
    for (std::size_t i = 0; i < full; ++i) tiles.add_int8(wanted[i].index);
    std::vector<pg::Statement> questions;
    questions.push_back({&kFullTiles, std::move(tiles)});
    for (std::size_t i = full; i < wanted.size(); ++i) {
        questions.push_back(unfinished(clinic, wanted[i], audit::hashes_in(wanted[i], size)));
    }
    WARDLINE_CO_TRY(const auto answers, co_await database.main().run(std::move(questions)));

    LoadedTiles out;
    for (int row = 0; row < answers[0].size(); ++row) {
        const audit::TileId id{
            static_cast<std::uint8_t>(answers[0].number(row, 0)), answers[0].number(row, 1)
        };
        out.add(id, split(answers[0].bytes(row, 2)));
    }
    for (std::size_t i = full; i < wanted.size(); ++i) {
        out.add(wanted[i], column_of(answers[i - full + 1]));
    }
    co_return std::move(out);
}

}  // namespace

std::vector<pg::Query> tree_queries() {
    return {kFullTiles, kLeaves, kRoots};
}

Task<std::vector<Hash>> JournalReader::consistency(std::uint64_t from, std::uint64_t to) {
    WARDLINE_CO_TRY(const auto size, co_await newest());
    if (from > to || to > size) co_return Error{Code::not_found, "the journal is not that long"};
    WARDLINE_CO_TRY(
        auto tiles, co_await load(database_, audit::tiles_for_consistency(from, to), to)
    );
    co_return audit::consistency_path(tiles, from, to);
}

Task<std::vector<std::vector<Hash>>> JournalReader::inclusion(
    std::vector<Seq> seqs, std::uint64_t size
) {
    WARDLINE_CO_TRY(const auto end, co_await newest());
    const auto outside = [size](Seq seq) { return seq == 0 || seq > size; };
    if (size > end || std::ranges::any_of(seqs, outside)) {
        co_return Error{Code::not_found, "the journal is not that long"};
    }
    std::set<audit::TileId> wanted;
    for (const auto seq : seqs) {
        for (const auto& id : audit::tiles_for_inclusion(seq - 1, size)) wanted.insert(id);
    }
    std::vector<audit::TileId> list{wanted.begin(), wanted.end()};
    WARDLINE_CO_TRY(auto tiles, co_await load(database_, std::move(list), size));
    std::vector<std::vector<Hash>> paths;
    for (const auto seq : seqs) {
        WARDLINE_CO_TRY(auto path, audit::inclusion_path(tiles, seq - 1, size));
        paths.push_back(std::move(path));
    }
    co_return std::move(paths);
}

Task<audit::TreeEdge> JournalReader::tree_edge(std::uint64_t size) {
    std::vector<audit::TileId> wanted;
    auto hashes = size;
    for (std::uint8_t level = 0; hashes != 0; ++level, hashes /= audit::kTileHashes) {
        if (hashes % audit::kTileHashes != 0)
            wanted.push_back({level, hashes / audit::kTileHashes});
    }
    auto list = wanted;
    WARDLINE_CO_TRY(auto tiles, co_await load(database_, std::move(list), size));
    std::vector<std::vector<Hash>> partial;
    for (const auto& id : wanted) {
        partial.resize(id.level + 1U);
        partial[id.level] = tiles.take(id);
    }
    co_return audit::TreeEdge::from_tiles(size, std::move(partial));
}

}  // namespace wardline::storage
