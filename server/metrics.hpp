#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <string>

// What a node counts, in Prometheus' terms; shown at GET /metrics on the loopback port. Numbers
// only: no label is ever taken from a client. One thread changes them; text() may be called from it
// too.
namespace wardline::server {

class Metrics {
    prometheus::Registry registry_;  // First: the members below live in it.

public:
    Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // Connections (server/net)
    prometheus::Gauge& connections;  // TCP connections, of every kind.
    prometheus::Gauge& websockets;   // Open WebSockets.
    prometheus::Counter& connections_accepted;
    prometheus::Counter& connections_shed;  // Closed before TLS: over a limit.
    prometheus::Counter& handshakes_failed;
    prometheus::Counter& http_requests;
    prometheus::Counter& http_rate_limited;
    prometheus::Counter& frames_received;
    prometheus::Counter& frames_sent;
    prometheus::Counter& bytes_received;  // Of frames, before TLS.
    prometheus::Counter& bytes_sent;
    prometheus::Counter& slow_consumers_dropped;  // Closed with 1013.

    // Sessions and requests
    prometheus::Gauge& devices_online;
    prometheus::Counter& logins;
    prometheus::Counter& logins_failed;
    prometheus::Counter& requests;
    prometheus::Counter& requests_refused;  // Answered with an error code.
    prometheus::Counter& requests_rate_limited;
    prometheus::Counter& faults;  // Answered `internal`.
    prometheus::Counter& pushes;

    // Journal
    prometheus::Gauge& journal_seq;
    prometheus::Gauge& journal_queue;  // Acts waiting for the writer.
    prometheus::Counter& messages_committed;
    prometheus::Counter& entries_committed;
    prometheus::Counter& batches_committed;
    prometheus::Counter& commits_failed;
    prometheus::Histogram& batch_size;
    prometheus::Histogram& commit_seconds;
    prometheus::Gauge& database_up;  // 1 or 0.
    prometheus::Counter& messages_expired;

    // Everything in the Prometheus text format, version 0.0.4.
    std::string text() const;
};

}  // namespace wardline::server
