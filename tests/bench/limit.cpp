#include "protocol/crypto/crypto.hpp"
#include "storage/database.hpp"
#include "storage/embedded_postgres.hpp"
#include "storage/journal_rows.hpp"
#include "storage/pg/connection.hpp"
#include "storage/session_settings.hpp"
#include "tests/bench/bench_clinic.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/private_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <fmt/core.h>
#include <stdexcept>

namespace wardline::bench {
namespace {

namespace net = boost::asio;
using storage::BatchWrites;

constexpr std::size_t kThreads = 100;  // As many as the relay has pairs.
constexpr std::size_t kDetailsBytes = 190;
constexpr std::size_t kTileHashes = 256;
constexpr std::chrono::milliseconds kDeadline{30'000};

Bytes random_bytes(std::size_t size) {
    Bytes out(size);
    crypto::system_random().fill(out);
    return out;
}

// Of one message as the server stores it.
std::size_t payload_bytes() {
    testing::AClinic clinic;
    const auto nurse = clinic.a_staff_device("nurse");
    const auto team = clinic.team_of("team", nurse);
    clinic.open_patient("P-1", clinic.admin, {team});
    const auto patient = clinic.a_patient_device("P-1", clinic.admin);
    clinic.next_patient_epoch(patient);
    PrepareOptions options;
    options.count = 1;
    options.live = {nurse.id};
    return prepare(clinic, clinic.patient("P-1"), patient, options).front().frame.size();
}

// Batches of the rows that the journal writer writes for messages, filled with random bytes.
class Rows {
public:
    explicit Rows(std::size_t batch) : payload_bytes_{payload_bytes()} {
        auto& random = crypto::system_random();
        for (std::size_t i = 0; i < kThreads; ++i) {
            threads_.push_back(crypto::random_fixed<ThreadId>(random));
            devices_.push_back(crypto::random_fixed<DeviceId>(random));
        }
        for (std::size_t i = 0; i < batch; ++i) next_message(i);
        writes_.head = {random_bytes(140), crypto::random_fixed<Signature>(random)};
    }

    // The same content under new numbers and ids.
    const BatchWrites& next() {
        const bool first = seq_ == 0;
        writes_.units.clear();
        writes_.tiles.clear();
        writes_.counters.clear();
        for (std::size_t i = 0; first && i < kThreads; ++i) {
            const storage::UnitPlace place{threads_[i], trust::MessageClass::appointment, 20'000};
            writes_.units.push_back({place, {i + 1, i + 1}});
        }
        for (std::size_t i = 0; i < writes_.entries.size(); ++i) {
            ++seq_;
            writes_.entries[i].seq = seq_;
            writes_.entries[i].time = Instant{1'800'000'000'000 + seq_};
            writes_.payloads[i].seq = seq_;
            auto& row = writes_.messages[i];
            row.name.second = crypto::random_fixed<MessageId>(crypto::system_random());
            row.answer.seq = seq_;
            const auto thread = seq_ % kThreads;
            writes_.counters[{devices_[thread], threads_[thread], trust::Audience::all}] = seq_;
            if (seq_ % kTileHashes == 0) add_tile();
        }
        return writes_;
    }

private:
    void next_message(std::size_t i) {
        auto& random = crypto::system_random();
        const auto thread = i % kThreads;
        storage::StoredEntry entry;
        entry.kind = audit::EntryKind::message;
        entry.salt = crypto::random_fixed<audit::Salt>(random);
        entry.details = random_bytes(kDetailsBytes);
        entry.thread = threads_[thread];
        entry.message_class = trust::MessageClass::appointment;
        writes_.entries.push_back(std::move(entry));
        writes_.leaves.push_back(crypto::random_fixed<Hash>(random));
        writes_.payloads.push_back(
            {0,
             thread + 1,
             audit::EntryKind::message,
             random_bytes(payload_bytes_ + storage::kWrapBytes)}
        );
        writes_.messages.push_back(
            {{devices_[thread], MessageId{}}, {0, Instant{}, crypto::random_fixed<Hash>(random)}}
        );
    }
    void add_tile() {
        audit::Tile tile;
        tile.id = {0, seq_ / kTileHashes - 1};
        tile.hashes.resize(kTileHashes);
        for (auto& hash : tile.hashes) hash = writes_.leaves.front();
        tile.root = writes_.leaves.front();
        writes_.tiles.push_back(std::move(tile));
    }

    std::size_t payload_bytes_;
    std::vector<ThreadId> threads_;
    std::vector<DeviceId> devices_;
    BatchWrites writes_;
    Seq seq_{0};
};

net::awaitable<double> insert_for(
    net::io_context& context, const std::string& conninfo, const LimitOptions& options
) {
    storage::pg::ConnectOptions how;
    how.conninfo = conninfo;
    how.role = "wardline_server";
    how.settings = storage::kSessionSettings;
    auto opened = co_await storage::pg::Connection::open(context.get_executor(), how);
    const auto connection = std::move(opened.value());
    Rows rows{options.batch};
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::duration<double> passed{0};
    std::size_t messages = 0;
    while (passed < std::chrono::seconds{options.seconds}) {
        const auto& writes = rows.next();
        auto statements = storage::lock_and_look_up(1, {}, 0);
        auto more = storage::writes_of(1, writes);
        std::move(more.begin(), more.end(), std::back_inserter(statements));
        const auto done = co_await connection->run(std::move(statements), kDeadline);
        if (!done) throw std::runtime_error{"the database refused: " + done.error().detail};
        messages += writes.entries.size();
        passed = std::chrono::steady_clock::now() - begin;
    }
    co_return static_cast<double>(messages) / passed.count();
}

}  // namespace

Report limit(const LimitOptions& options) {
    const PrivateFolder folder{options.below};
    auto postgres = storage::EmbeddedPostgres::start(
        {.folder = (folder.path() / "server").string(), .binaries = {}}
    );
    if (!postgres) throw std::runtime_error{postgres.error().detail};
    const auto conninfo = postgres.value().main_conninfo();
    const auto prepared =
        storage::prepare_databases({.main = conninfo, .keys = postgres.value().keys_conninfo()});
    if (!prepared) throw std::runtime_error{prepared.error().detail};
    net::io_context context{1};
    auto rate = net::co_spawn(context, insert_for(context, conninfo, options), net::use_future);
    context.run();

    Report report{fmt::format("Limit: the same rows by bulk insert, batches of {}", options.batch)};
    report.figure("messages_per_second", rate.get());
    report.note("One connection, one pipeline a transaction, fsync on, no server.");
    return report;
}

}  // namespace wardline::bench
