#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/crypto/crypto.hpp"
#include "server/config.hpp"
#include "server/connection.hpp"
#include "storage/task.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

// Everything that the server decides, behind the two interfaces that the network calls. main()
// builds one ClinicState, the JournalWriter over it, then this. One thread.
namespace wardline::storage {
class Database;
class JournalWriter;
class KeyRing;
}  // namespace wardline::storage

namespace wardline::server {

class ClinicState;
class Log;
class Metrics;
class SetupTokens;

// All references outlive the application.
struct ApplicationParts {
    net::any_io_executor executor;
    storage::Database& database;
    storage::KeyRing& keys;
    storage::JournalWriter& journal;
    ClinicState& state;
    SetupTokens& setup_tokens;
    Metrics& metrics;
    const Log& log;
    Limits limits;
    Hash tls_pin;
    SigningKey audit_key;
    std::string version;
    std::function<Instant()> now;
    crypto::Random& random;
    bool embedded_keys{false
    };  // The key ring's cluster is our own: scrub it after destroying keys.
    std::string watched_folder{};  // Where our own databases lie; empty when they lie elsewhere.
};

class Application final : public SessionFactory, public HttpHandler {
public:
    explicit Application(ApplicationParts parts);
    ~Application() override;

    std::unique_ptr<Session> connected(std::shared_ptr<Peer> peer) override;
    net::awaitable<HttpResponse> handle(HttpRequest request) override;

    // The jobs: key ring, daily expiry, coalesced receipts, head pushes. Spawn it once; it ends
    // soon after stop().
    net::awaitable<void> run();
    // Shutting down, in this order: stop(), after which new requests are answered `shutting_down`;
    // wait, with a limit, until idle(): every accepted request is answered; say_goodbye() to every
    // client and close its connection; then JournalWriter::stop(), which writes what is left.
    void stop();
    bool idle() const;
    void say_goodbye();

    // Entries of the trail that this node has started, found these settings to be others than at
    // its last start, and is about to stop. Committed when file_start() answers. Before there is a
    // clinic there is nothing to do: its setup files the start.
    storage::Task<void> file_start(std::vector<std::string> changed_settings);
    void file_stop();
    // What run() does each minute: what was refused, and receipts, become entries. For tests.
    void file_refused();
    void file_receipts();
    // Details that have ended, or whose erasure was decided, and old addresses.
    void erase_details();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::server
