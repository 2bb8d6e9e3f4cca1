#include "admin/trail_stream.hpp"

#include <deque>

namespace wardline::admin {
namespace {

// Checking a signature costs as much as some sixty entries.
constexpr Seq kApart = 128;

std::uint64_t size_of(const audit::SignedHead& head) {
    const auto parsed = audit::parse_head(head.body);
    return parsed ? parsed.value().size : 0;
}

// The heads that the server keeps, asked for as they are needed.
class KeptHeads {
public:
    KeptHeads(client::Client& client, std::uint64_t after) : client_{client}, after_{after} {}

    // Heads of exactly this size, or smaller ones that were passed: a server that keeps a head
    // which no entry met is found out by whoever verifies.
    Result<std::vector<audit::SignedHead>> upto(std::uint64_t size) {
        std::vector<audit::SignedHead> out;
        for (;;) {
            if (waiting_.empty() && !ended_) {
                WARDLINE_TRY(const auto page, client::kept_heads(client_, after_));
                for (const auto& head : page) {
                    const auto head_size = size_of(head);
                    if (head_size <= after_) return Error{Code::trust_alarm, kOrder};
                    after_ = head_size;
                    waiting_.push_back(head);
                }
                ended_ = page.empty();
            }
            if (waiting_.empty() || size_of(waiting_.front()) > size) return out;
            out.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
    }

private:
    static constexpr const char* kOrder = "the server's kept heads are out of their order";

    client::Client& client_;
    std::uint64_t after_;
    std::deque<audit::SignedHead> waiting_;
    bool ended_{false};
};

}  // namespace

audit::ExportHeader header_of(const client::Trail& trail, bool complete) {
    audit::ExportHeader out;
    out.clinic = trail.head().clinic;
    out.audit_key = trail.head().audit_key;
    out.from = trail.from();
    out.to = trail.to();
    out.complete = complete;
    if (complete) out.before = trail.before();
    return out;
}

Result<void> stream(
    client::Client& client, client::Trail& trail, Heads heads, const TrailSink& sink
) {
    KeptHeads kept{client, trail.from() - 1};
    Seq last_given = trail.from() - 1;
    const auto give = [&](const audit::SignedHead& head) -> Result<void> {
        last_given = size_of(head);
        return sink.head(head);
    };
    for (;;) {
        WARDLINE_TRY(const auto page, trail.next());
        if (page.empty()) break;
        for (const auto& entry : page) {
            WARDLINE_TRY(sink.entry(entry));
            if (heads == Heads::none) continue;
            WARDLINE_TRY(const auto met, kept.upto(entry.seq));
            for (const auto& head : met) {
                const bool far = size_of(head) >= last_given + kApart;
                if (heads == Heads::apart && !far) continue;
                WARDLINE_TRY(give(head));
            }
        }
    }
    if (heads == Heads::none || last_given == trail.to()) return success();
    return give(trail.head().head);
}

}  // namespace wardline::admin
