#include "tests/storage_support/journal_fixture.hpp"

#include <boost/asio/co_spawn.hpp>

namespace wardline::testing {

using storage::Act;
using storage::Draft;
using storage::JudgeFacts;
using storage::StoredEntry;

Result<std::vector<Draft>> FakeState::judge(const Act& act, const JudgeFacts& facts) {
    return dynamic_cast<const TestAct&>(act).judge(act, facts);
}

void FakeState::apply(std::vector<StoredEntry> entries) {
    applied += entries.size();
    committed(std::move(entries));
}

void FakeState::committed(std::vector<StoredEntry> entries) {
    for (auto& entry : entries) {
        told = entry.seq;
        heard.push_back(std::move(entry));
    }
}

storage::Task<Seq> FakeState::reload() {
    ++reloads;
    co_return told;
}

std::vector<Seq> FakeState::heard_seqs() const {
    std::vector<Seq> out;
    for (const auto& entry : heard) out.push_back(entry.seq);
    return out;
}

ClinicId test_clinic() {
    return id_of<ClinicId>(200);
}

SigningSecret test_audit_key() {
    SigningSecret key;
    std::ranges::fill(key.writable(), std::uint8_t{7});
    return key;
}

namespace {

SymmetricKey test_key_encryption_key() {
    SymmetricKey key;
    std::ranges::fill(key.writable(), std::uint8_t{9});
    return key;
}

}  // namespace

TestNode::TestNode(storage::DatabaseOptions options, storage::JournalWriterOptions writer_options)
    : database{io.get_executor(), std::move(options)},
      keys{database, test_key_encryption_key(), crypto::system_random()},
      writer{
          database,
          keys,
          state,
          test_audit_key(),
          [this] { return now; },
          crypto::system_random(),
          writer_options
      },
      reader{database, keys} {}

TestNode::~TestNode() {
    stop();
    database.close();
}

void TestNode::start() {
    boost::asio::co_spawn(
        io,
        [](TestNode& node) -> boost::asio::awaitable<void> {
            node.running = true;
            co_await node.writer.run();
            node.running = false;
        }(*this),
        [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        }
    );
    if (!run_until(io, [this] { return writer.available(); })) {
        throw std::runtime_error{"the writer does not become available"};
    }
}

void TestNode::stop() {
    if (!running) return;
    writer.stop();
    run_until(io, [this] { return !running; });
}

Result<storage::Appended> TestNode::append(std::unique_ptr<Act> act) {
    return run(writer.append(std::move(act)));
}

Draft a_plain_draft(audit::EntryKind kind, const std::string& details) {
    Draft draft;
    draft.kind = kind;
    draft.details = Bytes{details.begin(), details.end()};
    return draft;
}

std::unique_ptr<TestAct> an_act_that(FakeState::Judge judge) {
    auto act = std::make_unique<TestAct>();
    act->judge = std::move(judge);
    return act;
}

std::unique_ptr<TestAct> a_statement(const std::string& chain, std::uint64_t pos) {
    return an_act_that([chain, pos](const Act&, const JudgeFacts&) {
        auto draft = a_plain_draft(audit::EntryKind::statement, "statement of " + chain);
        const auto text = chain + "#" + std::to_string(pos);
        draft.statement = storage::StoredStatement{
            chain, pos, crypto::sha256(as_bytes(text)), Bytes{text.begin(), text.end()}
        };
        return std::vector<Draft>{std::move(draft)};
    });
}

Result<storage::Appended> TestNode::found() {
    return append(an_act_that([](const Act&, const JudgeFacts&) {
        auto draft = a_plain_draft(audit::EntryKind::statement, "genesis");
        draft.founds = test_clinic();
        draft.statement = storage::StoredStatement{
            "clinic", 0, crypto::sha256(as_bytes("genesis")), Bytes{1, 2, 3}
        };
        return std::vector<Draft>{std::move(draft)};
    }));
}

std::unique_ptr<TestAct> a_message(const std::string& text, std::uint32_t number, MessageOf of) {
    auto act = an_act_that([text](const Act& asked, const JudgeFacts& facts) {
        auto draft = a_plain_draft(audit::EntryKind::message, "details of a message");
        draft.thread = asked.message->thread;
        draft.message_class = asked.message->message_class;
        draft.payloads.push_back({Bytes{text.begin(), text.end()}, std::nullopt});
        draft.counter = facts.last_counter + 1;
        return std::vector<Draft>{std::move(draft)};
    });
    Bytes id(MessageId::kSize);
    for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(number >> (8 * i));
    act->message = storage::MessageAsk{
        id_of<DeviceId>(of.device),
        MessageId::from(id).value(),
        crypto::sha256(as_bytes(text)),
        id_of<ThreadId>(of.thread),
        of.message_class
    };
    return act;
}

std::unique_ptr<TestAct> an_expiry(std::vector<storage::UnitNumber> units) {
    auto act = an_act_that([](const Act&, const JudgeFacts& facts) {
        auto draft = a_plain_draft(audit::EntryKind::expiry, "expiry");
        draft.condemn = facts.live;
        return std::vector<Draft>{std::move(draft)};
    });
    act->condemn = std::move(units);
    return act;
}

JournalTest::JournalTest(storage::JournalWriterOptions options)
    : options_{TestDatabases::shared().fresh()}, node_{options_, options} {
    node_.start();
    const auto founded = node_.found();
    if (!founded) throw std::runtime_error{founded.error().detail};
}

}  // namespace wardline::testing
