#include "storage/journal_writer.hpp"

#include "retention/calendar.hpp"
#include "storage/database.hpp"
#include "storage/journal_batch.hpp"
#include "storage/journal_reader.hpp"
#include "storage/key_ring.hpp"
#include "storage/measurement.hpp"
#include "storage/pg/connection.hpp"
#include "storage/pg/event.hpp"
#include "storage/pg/pool.hpp"
#include "storage/session_settings.hpp"

#include <algorithm>
#include <deque>

namespace wardline::storage {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kSidePause{1'000};      // Between writes of cursors and last-seen times.
constexpr milliseconds kReadOnlyPause{1'000};  // After a full disk, before the next attempt.
constexpr std::size_t kGapPage = 500;
constexpr std::size_t kKnownUnitsMax = 65'536;

constexpr pg::Query kLeavesBehind{"leaves_behind", R"sql(
    select leaf from entries where clinic = $1::int and seq > $2::int8 and seq <= $3::int8
    order by seq
)sql"};

// Where everything was refused there is nothing to commit.
constexpr pg::Query kRollback{"rollback", "rollback"};

}  // namespace

struct JournalWriter::Impl {
    Impl(
        Database& with,
        KeyRing& ring,
        JournalState& judge,
        SigningSecret key,
        std::function<Instant()> clock,
        crypto::Random& source,
        JournalWriterOptions how
    )
        : database{with},
          keys{ring},
          state{judge},
          audit_key{std::move(key)},
          now{std::move(clock)},
          random{source},
          options{how},
          reader{with, ring},
          woken{with.executor()} {}

    Task<void> connect();
    Task<void> load();
    Task<void> catch_up(Seq upto);
    Task<void> extend_edge(Seq upto);
    net::awaitable<bool> make_ready();
    net::awaitable<void> idle();
    net::awaitable<void> one_batch();

    Task<void> attempt(JournalBatch& batch);
    Task<void> warm_up(const std::vector<const Act*>& acts);
    void refuse_cold(JournalBatch& batch, const Error& error);
    Task<void> lock(JournalBatch& batch);
    Task<void> commit(JournalBatch& batch);
    Task<void> place_payloads(JournalBatch& batch);
    Task<UnitSlot> unit_for(JournalBatch& batch, const UnitPlace& place);

    void take_batch(JournalBatch& batch);
    void succeed(JournalBatch& batch);
    void fail(JournalBatch& batch, const Error& error);
    void fail_all(Code code, const char* why);
    void give_back_side(SideWrites lost);
    // Whether there is something to look for; asked once for each rumour.
    bool look() { return std::exchange(rumoured, 0) > seen; }
    bool side_due() const { return !side.empty() && Steady::now() - side_written >= kSidePause; }

    Database& database;
    KeyRing& keys;
    JournalState& state;
    SigningSecret audit_key;
    std::function<Instant()> now;
    crypto::Random& random;
    JournalWriterOptions options;
    JournalReader reader;

    std::deque<JournalBatch::Pending> queue;
    pg::Event woken;
    std::unique_ptr<pg::Connection> connection;
    bool loaded{false};  // The state and the edge below speak of this database.
    bool stopping{false};
    Seq rumoured{0};       // Another node may have written up to here.
    std::size_t alone{0};  // So many acts more go one by one: one of them broke a batch.
    std::optional<Steady::time_point> disk_full_at;

    Seq seen{0};
    audit::TreeEdge edge;
    std::optional<ClinicId> clinic;
    std::optional<audit::SignedHead> head;
    std::map<UnitPlace, UnitSlot> known_units;  // Hints: each is looked up again under the lock.
    SideWrites side;
    Steady::time_point side_written{Steady::now()};
    JournalWriterStats stats;
};

// A connection of its own; opening one makes the synchronous write that nothing may be shown
// without.
Task<void> JournalWriter::Impl::connect() {
    pg::ConnectOptions how;
    how.conninfo = database.options().main;
    how.role = "wardline_server";
    how.settings = kSessionSettings;
    ++stats.reconnects;
    WARDLINE_CO_TRY(connection, co_await pg::Connection::open(database.executor(), how));
    co_return success();
}

Task<void> JournalWriter::Impl::load() {
    WARDLINE_CO_TRY(seen, co_await state.reload());
    WARDLINE_CO_TRY(clinic, co_await reader.clinic());
    WARDLINE_CO_TRY(head, co_await reader.head());
    WARDLINE_CO_TRY(const auto size, co_await reader.newest());
    WARDLINE_CO_TRY(edge, co_await reader.tree_edge(size));
    known_units.clear();
    loaded = true;
    WARDLINE_CO_TRY(co_await catch_up(size));
    co_return success();
}

net::awaitable<bool> JournalWriter::Impl::make_ready() {
    if (!connection || connection->broken()) {
        if (!co_await connect()) co_return false;
    }
    if (!loaded && !co_await load()) co_return false;
    co_return true;
}

// Reads and applies what others wrote, up to `upto` or the journal's end.
Task<void> JournalWriter::Impl::catch_up(Seq upto) {
    for (bool more = true; more && seen < upto;) {
        WARDLINE_CO_TRY(auto page, co_await reader.range(seen, upto, kGapPage));
        more = page.more;
        if (page.entries.empty()) break;
        if (!clinic) {
            WARDLINE_CO_TRY(clinic, co_await reader.clinic());
        }
        // Seen and applied together, with nothing between them that can fail.
        seen = page.entries.back().seq;
        state.apply(std::move(page.entries));
    }
    co_return success();
}

Task<void> JournalWriter::Impl::extend_edge(Seq upto) {
    std::vector<audit::Tile> written_by_others;
    while (edge.size() < upto) {
        const auto end = std::min<Seq>(upto, edge.size() + 4 * kGapPage);
        auto params = pg::Params{}.int4(database.clinic()).int8(edge.size()).int8(end);
        WARDLINE_CO_TRY(
            const auto rows, co_await database.main().run(kLeavesBehind, std::move(params))
        );
        if (rows.empty()) co_return Error{Code::internal, "the journal has a gap"};
        for (int row = 0; row < rows.size(); ++row) {
            edge.append(rows.fixed<Hash>(row, 0), written_by_others);
        }
        written_by_others.clear();
    }
    co_return success();
}

void JournalWriter::Impl::take_batch(JournalBatch& batch) {
    const auto most = alone > 0 ? 1 : options.batch_max;
    while (!queue.empty() && batch.pending.size() < most) {
        batch.add(std::move(queue.front()));
        queue.pop_front();
    }
    if (alone > 0 && !batch.pending.empty()) --alone;
    batch.writes.side = std::exchange(side, {});
    side_written = Steady::now();
}

// What can be had before the lock is held, so that under it nobody waits for the key ring.
Task<void> JournalWriter::Impl::warm_up(const std::vector<const Act*>& acts) {
    auto places = places_of(acts, retention::day_of(now()));
    std::erase_if(places, [this](const auto& place) { return known_units.contains(place); });
    if (places.empty()) co_return success();
    if (known_units.size() > kKnownUnitsMax) known_units.clear();
    auto question = look_up_units(database.clinic(), places);
    WARDLINE_CO_TRY(
        const auto rows, co_await database.main().run(*question.query, std::move(question.params))
    );
    std::map<UnitPlace, UnitSlot> found;
    add_units(rows, found);
    std::vector<KeyNumber> numbers;
    numbers.reserve(found.size());
    for (const auto& [place, slot] : found) numbers.push_back(slot.key);
    WARDLINE_CO_TRY(co_await keys.find(std::move(numbers)));
    known_units.insert(found.begin(), found.end());
    while (keys.ready() < places.size() - found.size()) {
        WARDLINE_CO_TRY(co_await keys.top_up());
    }
    co_return success();
}

// Without the key ring, messages that would need a key from it are refused; nothing else is.
void JournalWriter::Impl::refuse_cold(JournalBatch& batch, const Error& error) {
    const auto day = retention::day_of(now());
    batch.remove_if([&](JournalBatch::Pending& pending) {
        const auto& ask = pending.act->message;
        if (!ask || known_units.contains({ask->thread, ask->message_class, day})) return false;
        pending.done(Error{Code::unavailable, error.detail});
        return true;
    });
}

Task<void> JournalWriter::Impl::lock(JournalBatch& batch) {
    const auto day = retention::day_of(now());
    auto questions = lock_and_look_up(database.clinic(), batch.acts, day);
    WARDLINE_CO_TRY(
        const auto answers, co_await connection->run(std::move(questions), options.deadline)
    );
    batch.facts = facts_of(batch.acts, answers);
    batch.time = std::max(now(), batch.facts.head_time);
    // Another node's clock, or midnight, may have moved the day.
    const auto places = places_of(batch.acts, retention::day_of(batch.time));
    if (retention::day_of(batch.time) != day && !places.empty()) {
        auto question = look_up_units(database.clinic(), places);
        WARDLINE_CO_TRY(
            const auto rows,
            co_await connection->run(*question.query, std::move(question.params), options.deadline)
        );
        batch.facts.live_units.clear();
        add_units(rows, batch.facts.live_units);
    }
    if (batch.facts.head_seq < seen) {
        loaded = false;
        co_return Error{Code::unavailable, "the journal is shorter than it was"};
    }
    // Judged in the light of everything before.
    WARDLINE_CO_TRY(co_await catch_up(batch.facts.head_seq));
    if (seen != batch.facts.head_seq) co_return Error{Code::unavailable, "a gap was not read"};
    if (kKeepsTrail) {
        WARDLINE_CO_TRY(co_await extend_edge(batch.facts.head_seq));
    }
    batch.edge = edge;
    co_return success();
}

Task<UnitSlot> JournalWriter::Impl::unit_for(JournalBatch& batch, const UnitPlace& place) {
    const auto found = batch.facts.live_units.find(place);
    if (found != batch.facts.live_units.end()) co_return found->second;
    // Under the lock nobody else makes the same unit. Its first key lends it its number, too: both
    // are never used again.
    WARDLINE_CO_TRY(const auto key, co_await keys.take());
    const UnitSlot slot{key.number, key.number};
    batch.facts.live_units.emplace(place, slot);
    batch.writes.units.emplace_back(place, slot);
    co_return slot;
}

Task<void> JournalWriter::Impl::place_payloads(JournalBatch& batch) {
    std::map<UnitNumber, KeyNumber> named;
    for (const auto& [seq, slot] : batch.facts.units_of) named[slot.unit] = slot.key;
    for (std::size_t i = 0; i < batch.writes.entries.size(); ++i) {
        auto& entry = batch.writes.entries[i];
        for (std::size_t p = 0; p < entry.payloads.size(); ++p) {
            UnitSlot slot;
            if (const auto unit = batch.payload_units[i][p]) {
                const auto known = named.find(*unit);
                if (known == named.end() || !entry.thread) {
                    co_return Error{Code::internal, "a draft names a unit that it did not ask for"};
                }
                slot = {*unit, known->second};
            } else {
                if (!entry.thread || !entry.message_class) {
                    co_return Error{Code::internal, "a draft's payload has no thread or class"};
                }
                const UnitPlace place{
                    *entry.thread, *entry.message_class, retention::day_of(entry.time)
                };
                WARDLINE_CO_TRY(slot, co_await unit_for(batch, place));
            }
            const auto* key = keys.cached(slot.key);
            if (key == nullptr) {
                WARDLINE_CO_TRY(co_await keys.find({slot.key}));
                key = keys.cached(slot.key);
            }
            if (key == nullptr) co_return Error{Code::internal, "a live unit has no key"};
            entry.payloads[p].unit = slot.unit;
            crypto::GcmNonce nonce{};
            random.fill(nonce);
            const PayloadPlace place{entry.seq, *entry.thread, slot.unit};
            auto wrapped = wrap_payload(*key, nonce, place, entry.payloads[p].bytes);
            batch.writes.payloads.push_back({entry.seq, slot.unit, entry.kind, std::move(wrapped)});
        }
    }
    co_return success();
}

// The outcome is known only if the server said so and nothing else: a notice during the commit may
// say that it was not replicated.
Task<void> JournalWriter::Impl::commit(JournalBatch& batch) {
    const auto notices = connection->notices();
    auto statements = writes_of(database.clinic(), batch.writes);
    const auto done = co_await connection->run(std::move(statements), options.deadline);
    if (!done) co_return done.error();
    if (connection->notices() != notices) {
        connection->close();
        co_return Error{Code::unavailable, "a notice came with the commit"};
    }
    co_return success();
}

Task<void> JournalWriter::Impl::attempt(JournalBatch& batch) {
    // The less is left to be read under the lock, the shorter others wait for it.
    if (look()) {
        WARDLINE_CO_TRY(co_await catch_up(INT64_MAX));
    }
    const auto warm = co_await warm_up(batch.acts);
    if (!warm) refuse_cold(batch, warm.error());
    WARDLINE_CO_TRY(co_await lock(batch));
    batch.judge(state, options.batch_bytes_max);
    const auto& writes = batch.writes;
    if (!writes.entries.empty()) {
        if (!clinic && !writes.founds) {
            co_return Error{Code::internal, "an entry before genesis"};
        }
        WARDLINE_CO_TRY(co_await place_payloads(batch));
        batch.extend_tree(writes.founds ? *writes.founds : *clinic, audit_key, random);
    }
    if (writes.entries.empty() && writes.side.empty() && !batch.repeats) {
        WARDLINE_CO_TRY(co_await connection->run(kRollback, {}, options.deadline));
        co_return success();
    }
    co_return co_await commit(batch);
}

void JournalWriter::Impl::succeed(JournalBatch& batch) {
    disk_full_at.reset();
    ++stats.batches;
    auto& writes = batch.writes;
    stats.entries += writes.entries.size();
    if (!writes.entries.empty()) {
        seen = writes.entries.back().seq;
        edge = std::move(batch.edge);
        head = std::move(writes.head);
        if (writes.founds) clinic = writes.founds;
    }
    for (const auto& [place, slot] : batch.facts.live_units) known_units[place] = slot;
    // What this batch had no room for comes first in the next, before what came since.
    std::size_t answered = batch.pending.size();
    while (answered > 0 && !batch.answers[answered - 1]) {
        queue.push_front(std::move(batch.pending[--answered]));
    }
    for (std::size_t i = 0; i < answered; ++i) {
        if (!*batch.answers[i]) ++stats.refused;
        batch.pending[i].done(*std::move(batch.answers[i]));
    }
    if (!writes.entries.empty()) state.committed(std::move(writes.entries));
}

// Nothing is known to be stored. Whether the state has to be rebuilt depends on whether it was
// asked to judge.
void JournalWriter::Impl::fail(JournalBatch& batch, const Error& error) {
    if (connection) connection->close();
    if (batch.judged) loaded = false;
    give_back_side(std::move(batch.writes.side));
    const bool refused_by_database = error.code == Code::conflict || error.code == Code::internal;
    if (refused_by_database && batch.pending.size() > 1) {
        // One of them cannot be stored: it shall fail alone.
        alone += batch.pending.size();
        while (!batch.pending.empty()) {
            queue.push_front(std::move(batch.pending.back()));
            batch.pending.pop_back();
        }
        return;
    }
    if (error.code == Code::read_only) disk_full_at = Steady::now();
    if (batch.judged && error.code == Code::unavailable) ++stats.unknown_commits;
    const auto code = error.code == Code::read_only ? Code::read_only
                      : refused_by_database         ? Code::internal
                                                    : Code::unavailable;
    for (auto& pending : batch.pending) pending.done(Error{code, error.detail});
}

void JournalWriter::Impl::give_back_side(SideWrites lost) {
    for (const auto& [name, value] : lost.cursors) {
        auto& now_at = side.cursors[name];
        now_at = {std::max(now_at.first, value.first), std::max(now_at.second, value.second)};
    }
    for (const auto& [device, at] : lost.seen) side.seen[device] = std::max(side.seen[device], at);
}

void JournalWriter::Impl::fail_all(Code code, const char* why) {
    auto failed = std::exchange(queue, {});
    for (auto& pending : failed) pending.done(Error{code, why});
}

net::awaitable<void> JournalWriter::Impl::one_batch() {
    JournalBatch batch;
    take_batch(batch);
    std::optional<Error> failure;
    try {
        auto done = co_await attempt(batch);
        if (!done) failure = std::move(done).error();
    } catch (const std::exception& broken) {
        // A broken invariant in a judgement: this batch ends, the state is built anew.
        failure = Error{Code::internal, broken.what()};
        batch.judged = true;
    }
    if (failure) {
        fail(batch, *failure);
    } else {
        succeed(batch);
    }
}

net::awaitable<void> JournalWriter::Impl::idle() {
    const bool hinted = co_await woken.wait(side.empty() ? options.poll : kSidePause / 4);
    if (hinted && !look()) co_return;
    if (!queue.empty()) co_return;  // Its batch will see what others wrote.
    if (!co_await catch_up(INT64_MAX)) {
        if (connection) connection->close();
        co_return;
    }
    auto newest = co_await reader.head();
    if (newest && newest.value()) head = std::move(newest).value();
}

JournalWriter::JournalWriter(
    Database& database,
    KeyRing& keys,
    JournalState& state,
    SigningSecret audit_key,
    std::function<Instant()> now,
    crypto::Random& random,
    JournalWriterOptions options
)
    : impl_{std::make_unique<Impl>(
          database, keys, state, std::move(audit_key), std::move(now), random, options
      )} {}

JournalWriter::~JournalWriter() = default;

void JournalWriter::submit(std::unique_ptr<Act> act, Completion done) {
    if (impl_->stopping) {
        done(Error{Code::shutting_down, "the server is shutting down"});
    } else if (impl_->queue.size() >= impl_->options.queue_max) {
        done(Error{Code::unavailable, "too many requests wait for the journal"});
    } else if (read_only()) {
        done(Error{Code::read_only, "the disk is full"});
    } else {
        impl_->queue.push_back({std::move(act), std::move(done)});
        impl_->woken.notify();
    }
}

namespace {

struct Slot {
    explicit Slot(const net::any_io_executor& executor) : answered{executor} {}
    pg::Event answered;
    std::optional<Result<Appended>> result;
};

Task<Appended> answer_of(std::shared_ptr<Slot> slot) {
    while (!slot->result) co_await slot->answered.wait(std::chrono::hours{1});
    co_return *std::move(slot->result);
}

}  // namespace

// Not a coroutine itself: what it queues, it queues when called.
Task<Appended> JournalWriter::append(std::unique_ptr<Act> act) {
    auto slot = std::make_shared<Slot>(impl_->database.executor());
    submit(std::move(act), [slot](Result<Appended> result) {
        slot->result = std::move(result);
        slot->answered.notify();
    });
    return answer_of(slot);
}

void JournalWriter::note_cursor(
    const DeviceId& device, const ThreadId& thread, Seq delivered, Seq read
) {
    auto& cursor = impl_->side.cursors[{device, thread}];
    cursor = {std::max(cursor.first, delivered), std::max(cursor.second, read)};
}

void JournalWriter::note_seen(const DeviceId& device, Instant at) {
    auto& seen = impl_->side.seen[device];
    seen = std::max(seen, at);
}

net::awaitable<void> JournalWriter::run() {
    auto& impl = *impl_;
    while (!impl.stopping || !impl.queue.empty() || !impl.side.empty()) {
        if (!co_await impl.make_ready()) {
            if (impl.connection) impl.connection->close();
            impl.fail_all(Code::unavailable, "the database is away");
            if (impl.stopping) break;
            co_await impl.woken.wait(impl.options.reconnect);
        } else if (!impl.queue.empty() || impl.side_due() || impl.stopping) {
            co_await impl.one_batch();
        } else {
            co_await impl.idle();
        }
    }
    impl.connection.reset();
}

void JournalWriter::stop() {
    impl_->stopping = true;
    impl_->woken.notify();
}

void JournalWriter::wake(Seq newest) {
    if (newest <= impl_->seen) return;
    impl_->rumoured = std::max(impl_->rumoured, newest);
    impl_->woken.notify();
}

bool JournalWriter::available() const {
    return impl_->loaded && impl_->connection && !impl_->connection->broken();
}
bool JournalWriter::read_only() const {
    return impl_->disk_full_at && Steady::now() - *impl_->disk_full_at < kReadOnlyPause;
}
Seq JournalWriter::seen() const {
    return impl_->seen;
}
const std::optional<audit::SignedHead>& JournalWriter::head() const {
    return impl_->head;
}
JournalWriterStats JournalWriter::stats() const {
    return impl_->stats;
}

}  // namespace wardline::storage
