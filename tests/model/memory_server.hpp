#pragma once

#include "clients/core/connection.hpp"
#include "server/client_connection.hpp"
#include "server/metrics.hpp"
#include "server/router.hpp"
#include "tests/model/memory_journal.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Two nodes that answer clients, over one journal in memory: the server's own rules, its own
// router, and requests answered as docs/protocol.md section 10 says. What is between a client and
// it (the network, in which everything fails) is the test's.
namespace wardline::model {

using client::Json;

// The prekeys of a device, as they were uploaded.
struct UploadedPrekeys {
    std::uint64_t registration{0};
    Json signed_prekey;
    std::deque<Json> one_time;
};

class MemoryServer {
public:
    // Of one WebSocket.
    class Channel;

    // Continues a journal and the prekeys beside it.
    MemoryServer(
        MemoryJournal journal,
        std::map<DeviceId, UploadedPrekeys> prekeys,
        const SigningSecret& audit_key,
        const Instant& now
    );
    ~MemoryServer();

    std::shared_ptr<Channel> connect(std::size_t node);
    Result<Json> answer(Channel& channel, const Json& frame);
    // The clinic's chain to who has an invite of staff, and the grant that comes of it.
    Result<Json> post(std::string_view path, const Json& body);
    // The client is gone: as a node notices it.
    void hang_up(Channel& channel);
    // A wake-up arrives at a node.
    void wake(std::size_t node);
    // A node is killed: what was connected to it is cut off.
    void restart(std::size_t node);
    // A statement that somebody else signs.
    MemoryNode::Answer put(const SigningSecret& by, trust::StatementData data);

    MemoryJournal journal;
    std::map<DeviceId, UploadedPrekeys> prekeys;
    const server::ClinicRecord& record() const;

private:
    struct Node;
    using Handler = Result<Json> (MemoryServer::*)(Channel&, const Json&);
    static const std::map<std::string, Handler>& handlers();

    Result<Json> log_in(Channel& channel, const Json& frame);
    Result<Json> chain(Channel& channel, const Json& frame);
    Result<Json> statement(Channel& channel, const Json& frame);
    Result<Json> boxes(Channel& channel, const Json& frame);
    Result<Json> threads(Channel& channel, const Json& frame);
    Result<Json> recipients(Channel& channel, const Json& frame);
    Result<Json> prekeys_put(Channel& channel, const Json& frame);
    Result<Json> prekeys_get(Channel& channel, const Json& frame);
    Result<Json> send(Channel& channel, const Json& frame);
    Result<Json> open(Channel& channel, const Json& frame);
    Result<Json> close(Channel& channel, const Json& frame);
    Result<Json> history(Channel& channel, const Json& frame);
    Result<Json> sync(Channel& channel, const Json& frame);
    Result<Json> nothing(Channel& channel, const Json& frame);
    Result<Json> receipts(Channel& channel, const Json& frame);
    Result<Json> newest_head(Channel& channel, const Json& frame);
    Result<Json> consistency(Channel& channel, const Json& frame);
    Result<Json> inclusion(Channel& channel, const Json& frame);
    Result<Json> slots(Channel& channel, const Json& frame);
    Result<Json> add_slots(Channel& channel, const Json& frame);

    Json head(Seq size);
    Json shown(const storage::StoredEntry& entry, bool whole, const DeviceId& device) const;
    std::optional<server::KnownDevice> asker(const Channel& channel) const;

    SigningSecret audit_key_;
    const Instant& now_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::uint64_t nonces_{0};
};

class MemoryServer::Channel final : public server::Peer {
public:
    Channel(std::size_t its_node, const trust::LoginNonce& its_nonce)
        : node{its_node}, nonce{its_nonce} {}

    bool push(Bytes frame) override;
    void close(server::CloseCode, std::string_view) override { closed = true; }
    std::size_t queued_bytes() const override { return 0; }
    server::net::awaitable<bool> room() override { co_return !closed; }
    void authenticated() override {}
    const Hash& tls_exporter() const override { return exporter_; }
    const std::string& address() const override { return address_; }

    std::size_t node;
    trust::LoginNonce nonce;
    std::shared_ptr<server::ClientConnection> connection;
    std::deque<Json> pushes;
    bool closed{false};

private:
    Hash exporter_;
    std::string address_;
};

}  // namespace wardline::model
