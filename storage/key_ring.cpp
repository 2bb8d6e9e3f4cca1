#include "storage/key_ring.hpp"

#include "storage/database.hpp"
#include "storage/pg/event.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

constexpr std::size_t kBlock = 256;        // Keys made at one time.
constexpr std::size_t kCacheMax = 32'768;  // Of each of the cache's two generations.

constexpr Query kRing{"ring", "select reserved, proof from ring"};
constexpr Query kProve{"prove", "update ring set proof = $1 where proof is null"};
constexpr Query kSkipTo{"skip_to", "update ring set reserved = $1 where reserved < $1"};
constexpr Query kReserve{"reserve", "update ring set reserved = reserved + $1 returning reserved"};
constexpr Query kInsertKeys{
    "insert_keys",
    "insert into keys (number, wrapped) select * from unnest($1::int8[], $2::bytea[])"
};
constexpr Query kFindKeys{
    "find_keys", "select k.number, k.wrapped from unnest($1::int8[]) n join keys k on k.number = n"
};
constexpr Query kDestroyKeys{"destroy_keys", "delete from keys where number = any($1::int8[])"};
// What the main database knows of numbers.
constexpr Query kNewestKeyNumber{
    "newest_key_number", "select coalesce(max(key_number), 0) from units"
};

// Not prepared by role wardline_keys: only the owner may.
constexpr Query kRewrite{"rewrite", "vacuum (full) wardline.keys"};
constexpr Query kSwitchLog{"switch_log", "select pg_switch_wal()::text"};
constexpr Query kCheckpoint{"checkpoint", "checkpoint"};

// A key at its number, or the proof at number 0.
Bytes seal(
    const SymmetricKey& kek, KeyNumber number, const SymmetricKey& key, crypto::Random& random
) {
    crypto::GcmNonce nonce{};
    random.fill(nonce);
    Bytes place;
    append_u64(place, number);
    return concat({nonce, crypto::aead_seal(kek, nonce, place, key.reveal())});
}

Result<SymmetricKey> open(const SymmetricKey& kek, KeyNumber number, BytesView sealed) {
    if (sealed.size() < kWrapBytes) return Error{Code::undecryptable, "a wrapped key is too short"};
    crypto::GcmNonce nonce{};
    std::ranges::copy(sealed.first(nonce.size()), nonce.begin());
    Bytes place;
    append_u64(place, number);
    WARDLINE_TRY(auto raw, crypto::aead_open(kek, nonce, place, sealed.subspan(nonce.size())));
    auto key = SymmetricKey::from(raw);
    wipe(raw);
    return key;
}

}  // namespace

std::vector<pg::Query> key_ring_queries() {
    return {kRing, kProve, kSkipTo, kReserve, kInsertKeys, kFindKeys, kDestroyKeys};
}
std::vector<pg::Query> key_ring_main_queries() {
    return {kNewestKeyNumber};
}

struct KeyRing::Impl {
    Impl(Database& with, SymmetricKey kek, crypto::Random& source)
        : database{with},
          key_encryption_key{std::move(kek)},
          random{source},
          filled{with.executor()} {}

    const SymmetricKey* look(KeyNumber number) const {
        for (const auto* generation : {&young, &old}) {
            if (const auto found = generation->find(number); found != generation->end()) {
                return &found->second;
            }
        }
        return nullptr;
    }
    // Two generations: what was not used while the young one filled is forgotten.
    void remember(KeyNumber number, const SymmetricKey& key) {
        if (young.size() >= kCacheMax) old = std::exchange(young, {});
        young.insert_or_assign(number, key);
    }

    Task<void> make_block();

    Database& database;
    SymmetricKey key_encryption_key;
    crypto::Random& random;
    std::deque<UnitKey> spare;
    bool filling{false};
    pg::Event filled;
    std::unordered_map<KeyNumber, SymmetricKey> young;
    std::unordered_map<KeyNumber, SymmetricKey> old;
};

KeyRing::KeyRing(Database& database, SymmetricKey key_encryption_key, crypto::Random& random)
    : impl_{std::make_unique<Impl>(database, std::move(key_encryption_key), random)} {}
KeyRing::~KeyRing() = default;

Task<void> KeyRing::check() {
    auto& keys = impl_->database.keys();
    const auto proof = seal(impl_->key_encryption_key, 0, SymmetricKey{}, impl_->random);
    Params prove;
    prove.bytea(proof);
    WARDLINE_CO_TRY(co_await keys.run(kProve, std::move(prove)));
    WARDLINE_CO_TRY(const auto ring, co_await keys.run(kRing, {}));
    if (ring.empty()) co_return Error{Code::internal, "the key ring has no head row"};
    if (!open(impl_->key_encryption_key, 0, ring.bytes(0, 1))) {
        co_return Error{
            Code::usage, "the key ring was filled under another key-encryption key than this one"
        };
    }
    WARDLINE_CO_TRY(const auto newest, co_await impl_->database.main().run(kNewestKeyNumber, {}));
    Params skip;
    skip.int8(newest.number(0, 0));
    WARDLINE_CO_TRY(co_await keys.run(kSkipTo, std::move(skip)));
    co_return success();
}

// The numbers are ours from the first commit on; the keys count once the second is committed.
Task<void> KeyRing::Impl::make_block() {
    Params reserve;
    reserve.int8(kBlock);
    WARDLINE_CO_TRY(
        const auto reserved, co_await database.keys().run(kReserve, std::move(reserve))
    );
    const auto last = reserved.number(0, 0);

    std::vector<UnitKey> block;
    std::vector<Bytes> wrapped;
    std::vector<KeyNumber> numbers;
    for (auto number = last - kBlock + 1; number <= last; ++number) {
        block.push_back({number, crypto::random_secret<SymmetricKey>(random)});
        wrapped.push_back(seal(key_encryption_key, number, block.back().key, random));
        numbers.push_back(number);
    }
    Params insert;
    insert.int8s(numbers);
    insert.byteas(wrapped.size());
    for (const auto& one : wrapped) insert.add_bytes(one);
    WARDLINE_CO_TRY(co_await database.keys().run(kInsertKeys, std::move(insert)));
    std::ranges::move(block, std::back_inserter(spare));
    co_return success();
}

Task<void> KeyRing::top_up() {
    auto& impl = *impl_;
    if (impl.filling) {
        co_await impl.filled.wait(impl.database.options().deadline);
        if (impl.spare.empty()) co_return Error{Code::unavailable, "the key ring does not answer"};
        co_return success();
    }
    impl.filling = true;
    auto made = co_await impl.make_block();
    impl.filling = false;
    impl.filled.notify();
    co_return std::move(made);
}

std::size_t KeyRing::ready() const {
    return impl_->spare.size();
}

Task<UnitKey> KeyRing::take() {
    while (impl_->spare.empty()) {
        WARDLINE_CO_TRY(co_await top_up());
    }
    auto key = std::move(impl_->spare.front());
    impl_->spare.pop_front();
    impl_->remember(key.number, key.key);
    co_return std::move(key);
}

Task<std::vector<UnitKey>> KeyRing::find(std::vector<KeyNumber> numbers) {
    std::vector<UnitKey> out;
    std::vector<KeyNumber> missing;
    std::ranges::sort(numbers);
    const auto repeated = std::ranges::unique(numbers);
    numbers.erase(repeated.begin(), repeated.end());
    for (const auto number : numbers) {
        if (const auto* key = impl_->look(number)) {
            out.push_back({number, *key});
        } else {
            missing.push_back(number);
        }
    }
    if (missing.empty()) co_return std::move(out);
    Params params;
    params.int8s(missing);
    WARDLINE_CO_TRY(
        const auto rows, co_await impl_->database.keys().run(kFindKeys, std::move(params))
    );
    for (int row = 0; row < rows.size(); ++row) {
        const auto number = rows.number(row, 0);
        WARDLINE_CO_TRY(auto key, open(impl_->key_encryption_key, number, rows.bytes(row, 1)));
        impl_->remember(number, key);
        out.push_back({number, std::move(key)});
    }
    co_return std::move(out);
}

const SymmetricKey* KeyRing::cached(KeyNumber number) const {
    return impl_->look(number);
}

Task<void> KeyRing::destroy(std::vector<KeyNumber> numbers) {
    for (const auto number : numbers) {
        impl_->young.erase(number);
        impl_->old.erase(number);
    }
    Params params;
    params.int8s(numbers);
    WARDLINE_CO_TRY(co_await impl_->database.keys().run(kDestroyKeys, std::move(params)));
    co_return success();
}

Task<void> KeyRing::scrub() {
    pg::ConnectOptions options;
    options.conninfo = impl_->database.options().keys;
    WARDLINE_CO_TRY(
        const auto owner, co_await pg::Connection::open(impl_->database.executor(), options)
    );
    // A table rewritten, the log that filled the old file closed, and both of them deleted.
    for (const auto* query : {&kRewrite, &kSwitchLog, &kCheckpoint}) {
        WARDLINE_CO_TRY(co_await owner->run(*query, {}, std::chrono::minutes{5}));
    }
    co_return success();
}

}  // namespace wardline::storage
