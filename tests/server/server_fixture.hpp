#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/message/sealed_message.hpp"
#include "protocol/trust/class.hpp"
#include "server/application.hpp"
#include "server/clinic_state.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/setup_tokens.hpp"
#include "server/task_group.hpp"
#include "storage/database.hpp"
#include "storage/journal_writer.hpp"
#include "storage/key_ring.hpp"
#include "tests/storage_support/run_task.hpp"
#include "tests/storage_support/test_databases.hpp"
#include "tests/support/chain_fixture.hpp"
#include "tests/support/seeded_random.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

// A whole node without network: real PostgreSQL, real chains, frames in and out.
namespace wardline::testing {

using cbor::Json;

// The other end of a WebSocket: what was pushed, in order, and how it was closed.
struct FakePeer final : server::Peer {
    bool push(Bytes frame) override;
    void close(server::CloseCode code, std::string_view reason) override;
    std::size_t queued_bytes() const override { return 0; }
    boost::asio::awaitable<bool> room() override { co_return !closed; }
    void authenticated() override { is_authenticated = true; }
    const Hash& tls_exporter() const override { return exporter; }
    const std::string& address() const override { return from; }

    std::deque<Json> frames;
    std::optional<server::CloseCode> closed;
    bool is_authenticated{false};
    Hash exporter{crypto::sha256(as_bytes("this TLS session"))};
    std::string from{"127.0.0.1"};
};

SigningSecret server_audit_key();
Hash server_pin();

// One node. Several may share databases.
class ServerNode {
public:
    ServerNode(const storage::DatabaseOptions& databases, const Instant& clock);
    ~ServerNode();

    void start();
    void stop();
    // Runs the node until `done`; a failure of the test when it does not come true.
    template <class Done>
    void until(Done done) {
        ASSERT_TRUE(run_until(io, done)) << log_text.str();
    }
    template <class T>
    Result<T> run(storage::Task<T> task) {
        return testing::run(io, std::move(task));
    }
    server::HttpResponse http(const std::string& method, const std::string& path, const Json& body);
    // The body of the answer; `status` where the test wants to see it.
    Json post(const std::string& path, const Json& body, unsigned* status = nullptr);

    boost::asio::io_context io;
    std::stringstream log_text;
    const Instant& now;
    ScratchFolder folder{"setup-tokens"};
    server::Log log;
    server::Metrics metrics;
    storage::Database database;
    storage::KeyRing keys;
    server::ClinicState state;
    storage::JournalWriter journal;
    server::SetupTokens tokens;
    std::optional<server::Application> application;
    server::TaskGroup tasks;
    bool running{false};
};

// A client's connection to a node, speaking raw frames.
class RawClient {
public:
    explicit RawClient(ServerNode& to);
    RawClient(RawClient&&) noexcept = default;
    RawClient& operator=(RawClient&&) = delete;
    ~RawClient();

    const Json& hello() const { return hello_; }
    // Sends a request and waits for its answer (or error); pushes are kept.
    Json ask(const std::string& type, Json body = Json::object());
    // Sends without waiting; its number.
    std::uint64_t send(const std::string& type, Json body = Json::object());
    Json answer_to(std::uint64_t id);
    void send_raw(Bytes frame);
    Json login(const TestDevice& device, const ClinicId& clinic, std::uint64_t generation = 0);
    // The next push of that type; waits for it.
    Json push(const std::string& type);
    // Pushes of that type that came until now.
    std::vector<Json> pushed(const std::string& type);
    void wait_until_closed();
    void hang_up();

    ServerNode& node;
    std::shared_ptr<FakePeer> peer;

private:
    std::optional<Json> take(const std::function<bool(const Json&)>& wanted);

    std::unique_ptr<server::Session> session_;
    Json hello_;
    std::uint64_t next_id_{1};
};

// A clinic with a team "front" (reception, nurse), a team "other" (outsider), and a patient
// "P-1" on "front" with one device and an epoch; all of it stored by the node.
class ServerTest : public ::testing::Test {
protected:
    ServerTest();

    // Everything that `clinic` has and the node does not is put into the journal.
    void store();
    RawClient connect(const TestDevice& device) { return connect(node, device); }
    RawClient connect(ServerNode& to, const TestDevice& device);

    // What a client does to send: asks for the recipients, seals, sends.
    struct Draft {
        trust::MessageClass message_class{trust::MessageClass::clinical};
        std::string text{"hello"};
        std::optional<std::uint64_t> counter{};
        std::optional<MessageId> id{};
    };
    Json prepare(RawClient& from, const TestDevice& device, const Draft& draft);
    Json send(RawClient& from, const TestDevice& device, const Draft& draft);
    Json send(RawClient& from, const TestDevice& device) { return send(from, device, Draft{}); }

    Json thread() { return cbor::binary(clinic.patient("P-1").thread().view()); }
    static ThreadId id_of_nothing() { return ThreadId{{9, 9, 9}}; }
    static Json thread_of(const ThreadId& id) { return cbor::binary(id.view()); }
    Json details_of(const Json& entry);
    // Entries of that kind with that `act`, `code` … as the journal has them, by node 1.
    std::vector<Json> stored_details(audit::EntryKind kind);
    // The same, once there are as many: what nobody waits for is filed behind an answer.
    std::vector<Json> filed(audit::EntryKind kind, std::size_t count);
    // Whatever a test has done: every entry says what the registry has for it, and nothing else.
    void TearDown() override;

    storage::DatabaseOptions databases;
    AClinic clinic;
    ServerNode node;
    std::size_t stored{0};

    TestDevice reception;
    TestDevice nurse;
    TestDevice outsider;
    TestDevice patient;
    TeamName front;
    TeamName other;
};

// A node that has no clinic yet.
class EmptyServerTest : public ::testing::Test {
protected:
    EmptyServerTest();

    storage::DatabaseOptions databases;
    AClinic clinic;
    ServerNode node;
    std::string token;
};

std::string code_of(const Json& answer);
Json statement_json(const trust::LocatedStatement& located);

}  // namespace wardline::testing
