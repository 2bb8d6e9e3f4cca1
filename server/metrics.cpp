#include "server/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace wardline::server {
namespace {

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}
prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}
prometheus::Histogram& histogram(
    prometheus::Registry& registry,
    const char* name,
    const char* help,
    prometheus::Histogram::BucketBoundaries buckets
) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
        {}, std::move(buckets)
    );
}

}  // namespace

// clang-format off: a table.
Metrics::Metrics()
    : connections{gauge(registry_, "wardline_connections", "Open TCP connections")},
      websockets{gauge(registry_, "wardline_websockets", "Open WebSockets")},
      connections_accepted{counter(registry_, "wardline_connections_accepted_total", "TCP connections accepted")},
      connections_shed{counter(registry_, "wardline_connections_shed_total", "Connections closed before TLS, over a limit")},
      handshakes_failed{counter(registry_, "wardline_handshakes_failed_total", "TLS handshakes that failed or took too long")},
      http_requests{counter(registry_, "wardline_http_requests_total", "HTTP requests")},
      http_rate_limited{counter(registry_, "wardline_http_rate_limited_total", "HTTP requests refused by the limit per address")},
      frames_received{counter(registry_, "wardline_frames_received_total", "WebSocket frames received")},
      frames_sent{counter(registry_, "wardline_frames_sent_total", "WebSocket frames sent")},
      bytes_received{counter(registry_, "wardline_frame_bytes_received_total", "Bytes of frames received")},
      bytes_sent{counter(registry_, "wardline_frame_bytes_sent_total", "Bytes of frames sent")},
      slow_consumers_dropped{counter(registry_, "wardline_slow_consumers_dropped_total", "WebSockets closed with 1013")},
      devices_online{gauge(registry_, "wardline_devices_online", "Devices logged in")},
      logins{counter(registry_, "wardline_logins_total", "Logins")},
      logins_failed{counter(registry_, "wardline_logins_failed_total", "Logins refused")},
      requests{counter(registry_, "wardline_requests_total", "Requests over WebSockets")},
      requests_refused{counter(registry_, "wardline_requests_refused_total", "Requests answered with an error code")},
      requests_rate_limited{counter(registry_, "wardline_requests_rate_limited_total", "Requests answered rate_limited")},
      faults{counter(registry_, "wardline_faults_total", "Faults of the server, answered internal")},
      pushes{counter(registry_, "wardline_pushes_total", "Entries pushed to devices")},
      journal_seq{gauge(registry_, "wardline_journal_seq", "Newest journal entry this node knows")},
      journal_queue{gauge(registry_, "wardline_journal_queue", "Acts waiting for the journal writer")},
      messages_committed{counter(registry_, "wardline_messages_committed_total", "Messages committed by this node")},
      entries_committed{counter(registry_, "wardline_entries_committed_total", "Journal entries committed by this node")},
      batches_committed{counter(registry_, "wardline_batches_committed_total", "Transactions of the journal writer")},
      commits_failed{counter(registry_, "wardline_commits_failed_total", "Transactions that failed, or whose result is unknown")},
      batch_size{histogram(registry_, "wardline_batch_size", "Entries of one transaction", {1, 2, 4, 8, 16, 32, 64, 128, 256})},
      commit_seconds{histogram(registry_, "wardline_commit_seconds", "Time of one transaction", {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5})},
      database_up{gauge(registry_, "wardline_database_up", "1 while the database answers")},
      messages_expired{counter(registry_, "wardline_messages_expired_total", "Messages expired by retention")} {}
// clang-format on

std::string Metrics::text() const {
    return prometheus::TextSerializer{}.Serialize(registry_.Collect());
}

}  // namespace wardline::server
