#pragma once

#include "storage/database.hpp"
#include "storage/journal_reader.hpp"
#include "storage/journal_writer.hpp"
#include "storage/key_ring.hpp"
#include "tests/storage_support/run_task.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace wardline::testing {

// Judges as it is told and remembers what it hears.
class FakeState final : public storage::JournalState {
public:
    using Judge = std::function<
        Result<std::vector<storage::Draft>>(const storage::Act&, const storage::JudgeFacts&)>;

    Result<std::vector<storage::Draft>> judge(
        const storage::Act& act, const storage::JudgeFacts& facts
    ) override;
    void apply(std::vector<storage::StoredEntry> entries) override;
    void committed(std::vector<storage::StoredEntry> entries) override;
    storage::Task<Seq> reload() override;

    std::vector<Seq> heard_seqs() const;

    std::vector<storage::StoredEntry> heard;  // Applied and committed, in the order heard.
    std::size_t applied{0};
    std::size_t reloads{0};
    Seq told{0};
};

// An act with the drafts that it becomes, decided by a function.
struct TestAct final : storage::Act {
    FakeState::Judge judge;
};

// One node of one clinic on databases of its own.
struct TestNode {
    explicit TestNode(
        storage::DatabaseOptions options, storage::JournalWriterOptions writer_options = {}
    );
    ~TestNode();

    template <class T>
    Result<T> run(storage::Task<T> task) {
        return testing::run(io, std::move(task));
    }
    // Starts the writer and waits until it is available.
    void start();
    // Ends it in order.
    void stop();

    Result<storage::Appended> append(std::unique_ptr<storage::Act> act);
    // The first entry of every journal.
    Result<storage::Appended> found();

    boost::asio::io_context io;
    Instant now{1'800'000'000'000};
    storage::Database database;
    storage::KeyRing keys;
    FakeState state;
    storage::JournalWriter writer;
    storage::JournalReader reader;
    bool running{false};
};

ClinicId test_clinic();
SigningSecret test_audit_key();
// A fixed id from a small number.
template <class Fixed>
Fixed id_of(std::uint8_t number) {
    std::array<std::uint8_t, Fixed::kSize> raw{};
    raw.back() = number;
    raw.front() = 0x77;
    return Fixed{raw};
}

// A message of `device` in `thread` with the next counter.
struct MessageOf {
    std::uint8_t device{1};
    std::uint8_t thread{1};
    trust::MessageClass message_class{trust::MessageClass::clinical};
};
std::unique_ptr<TestAct> a_message(
    const std::string& text, std::uint32_t number, MessageOf of = {}
);
std::unique_ptr<TestAct> a_statement(const std::string& chain, std::uint64_t pos);
// Condemns those of the units that are live.
std::unique_ptr<TestAct> an_expiry(std::vector<storage::UnitNumber> units);
std::unique_ptr<TestAct> an_act_that(FakeState::Judge judge);
storage::Draft a_plain_draft(audit::EntryKind kind, const std::string& details);

// A test with one node, started and founded.
class JournalTest : public ::testing::Test {
protected:
    explicit JournalTest(storage::JournalWriterOptions options = {});
    storage::DatabaseOptions options_;
    TestNode node_;
};

}  // namespace wardline::testing
