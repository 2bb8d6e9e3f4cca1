#pragma once

#include "protocol/base/ids.hpp"
#include "server/client_connection.hpp"
#include "server/clinic_state.hpp"
#include "server/shared_seqs.hpp"

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

// Who is online, and what of each committed entry goes to whom. docs/protocol.md section 10. Every
// push stream begins behind its login's entry and misses nothing that its device may see. Also
// closes, as soon as a statement says so, connections and threads that may not go on. One thread.
namespace wardline::server {

class Metrics;

class Router final : public EntryListener {
public:
    using Connection = std::shared_ptr<ClientConnection>;
    // What others have to do about what the router finds.
    struct Effects {
        // A thread that was open on a connection is so no more.
        std::function<void(const DeviceId&, const ThreadId&)> thread_closed;
        // A device of another node has moved its cursor.
        std::function<void(const DeviceId&, const ThreadId&, Seq delivered, Seq read)>
            receipt_heard;
    };

    Router(ClinicState& state, Metrics& metrics, SharedSeqs& shared_seqs, Effects effects)
        : state_{state},
          metrics_{metrics},
          shared_seqs_{shared_seqs},
          effects_{std::move(effects)} {}

    // After a login is committed and before its entry is routed. An older connection of the device
    // is closed.
    void joined(const Connection& connection);
    void left(const ClientConnection& connection);

    void committed(const std::vector<storage::StoredEntry>& entries) override;

    // One frame to everybody, or to those who may read the thread.
    void push_to_all(const Bytes& frame);
    // `frame_for` answers what a device gets; an empty frame is not sent.
    using FrameFor = std::function<Bytes(const KnownDevice&)>;
    void push_to_readers(const ThreadId& thread, const FrameFor& frame_for);

    // Of this node.
    std::size_t online() const noexcept { return online_.size(); }
    const std::unordered_map<DeviceId, Connection>& connections() const noexcept { return online_; }

private:
    void route(const storage::StoredEntry& entry);
    void route_statement(const storage::StoredEntry& entry);
    void route_content(const storage::StoredEntry& entry);
    void route_login(const storage::StoredEntry& entry);
    void route_receipts(const storage::StoredEntry& entry);
    void route_refusal(const storage::StoredEntry& entry);
    void close_what_may_not_go_on();
    void push(ClientConnection& connection, Bytes frame);
    // Null unless the device is online and the entry is behind its login.
    ClientConnection* online(const DeviceId& device, Seq seq) const;
    // The staff devices of the thread's teams that are online.
    void for_each_member(
        const trust::PatientChain& thread,
        Seq seq,
        const std::function<void(ClientConnection&)>& act
    ) const;

    ClinicState& state_;
    Metrics& metrics_;
    SharedSeqs& shared_seqs_;
    Effects effects_;
    std::unordered_map<DeviceId, Connection> online_;
};

}  // namespace wardline::server
