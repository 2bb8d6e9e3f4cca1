#include "clients/core/trail.hpp"

#include "audit/tree.hpp"
#include "clients/core/session.hpp"

#include <algorithm>
#include <utility>

namespace wardline::client {
namespace {

constexpr std::uint64_t kPage = 1'000;
constexpr std::uint64_t kHeadsPage = 256;
constexpr std::size_t kFrontierMax = 64;
constexpr std::size_t kDetailsBytesMax = 16'384;
constexpr std::size_t kAddressBytesMax = 64;
constexpr int kEmptyPagesMax = 100'000;  // Of a server that goes on answering without an entry.

Result<audit::TrailEntry> parse_entry(const Json& map) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    audit::TrailEntry out;
    WARDLINE_TRY(out.seq, reader.uint("seq", INT64_MAX));
    WARDLINE_TRY(out.time.ms, reader.uint("time", INT64_MAX));
    WARDLINE_TRY(const auto kind, reader.uint("kind"));
    WARDLINE_TRY(out.kind, wire::parse_entry_kind(kind));
    WARDLINE_TRY(out.leaf, reader.fixed<Hash>("leaf"));
    if (reader.has("salt")) {
        WARDLINE_TRY(out.salt, reader.fixed<audit::Salt>("salt"));
        WARDLINE_TRY(out.details, reader.bytes("details", kDetailsBytesMax));
    } else {
        WARDLINE_TRY(out.erased, reader.fixed<Hash>("erased"));
    }
    if (reader.has("address")) {
        WARDLINE_TRY(out.address, reader.text("address", kAddressBytesMax));
    }
    return out;
}

Json question_of(const TrailQuestion& question) {
    Json out{{"act", question.act}};
    if (question.from) out["from"] = *question.from;
    if (question.to) out["to"] = *question.to;
    if (question.since) out["since"] = question.since->ms;
    if (question.until) out["until"] = question.until->ms;
    if (question.patient) out["patient"] = question.patient->text();
    if (question.subject) out["subject"] = question.subject->text();
    if (question.device) out["device"] = cbor::binary(question.device->view());
    if (question.follow) out["follow"] = true;
    if (!question.kinds.empty()) {
        auto kinds = Json::array();
        for (const auto kind : question.kinds) kinds.push_back(static_cast<unsigned>(kind));
        out["kinds"] = std::move(kinds);
    }
    return out;
}

}  // namespace

audit::Witness identity_of(Client& client) {
    const auto& clinic = client.session().chains.clinic();
    return {.clinic = clinic.clinic(), .audit_key = clinic.genesis().audit, .head = {}};
}

Result<Trail> Trail::begin(Client& client, const TrailQuestion& question) {
    WARDLINE_TRY(client.connect());
    auto& session = client.session();
    WARDLINE_TRY(const auto answer, session.link.request("audit-begin", question_of(question)));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    Trail out{client};
    WARDLINE_TRY(out.from_, reader.uint("from", INT64_MAX));
    WARDLINE_TRY(out.to_, reader.uint("to", INT64_MAX));
    if (out.from_ == 0) return Error{Code::bad_frame, "a trail begins with entry 1"};
    WARDLINE_TRY(const auto* head, reader.map("head"));
    WARDLINE_TRY(session.tree.accept(*head));
    out.head_ = identity_of(client);
    WARDLINE_TRY(out.head_.head, parse_signed_head(*head));
    WARDLINE_TRY(const auto* before, reader.array("before", kFrontierMax));
    WARDLINE_TRY(out.before_, parse_hashes(*before));
    out.reached_ = out.from_ - 1;
    out.follows_ = question.follow;
    return out;
}

Result<std::vector<audit::TrailEntry>> Trail::next() {
    std::vector<audit::TrailEntry> out;
    for (int i = 0; out.empty() && i < kEmptyPagesMax; ++i) {
        if (!follows_ && reached_ >= to_) break;
        WARDLINE_TRY(
            const auto answer,
            client_->session().link.request("audit", {{"after", reached_}, {"limit", kPage}})
        );
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto upto, reader.uint("upto", INT64_MAX));
        WARDLINE_TRY(const bool more, reader.boolean("more"));
        WARDLINE_TRY(const auto* list, reader.array("entries", kPage));
        auto last = reached_;
        for (const auto& item : *list) {
            WARDLINE_TRY(auto entry, parse_entry(item));
            if (entry.seq <= last || (!follows_ && entry.seq > to_)) {
                return Error{Code::trust_alarm, "the server's entries are out of their order"};
            }
            last = entry.seq;
            out.push_back(std::move(entry));
        }
        const bool stands = upto <= reached_ && out.empty();
        reached_ = std::max(upto, last);
        if (stands || !more) break;
    }
    return out;
}

Result<void> Trail::wait(Milliseconds limit) {
    WARDLINE_TRY(client_->next_event(limit));
    return success();
}

Result<audit::Witness> newest_head(Client& client) {
    WARDLINE_TRY(client.connect());
    auto& session = client.session();
    WARDLINE_TRY(const auto answer, session.link.request("head"));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* head, reader.map("head"));
    WARDLINE_TRY(session.tree.accept(*head));
    auto out = identity_of(client);
    WARDLINE_TRY(out.head, parse_signed_head(*head));
    return out;
}

Result<std::vector<audit::SignedHead>> kept_heads(Client& client, std::uint64_t after) {
    WARDLINE_TRY(client.connect());
    WARDLINE_TRY(
        const auto answer,
        client.session().link.request("audit-heads", {{"after", after}, {"limit", kHeadsPage}})
    );
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* list, reader.array("heads", kHeadsPage));
    std::vector<audit::SignedHead> out;
    for (const auto& item : *list) {
        WARDLINE_TRY(auto head, parse_signed_head(item));
        out.push_back(std::move(head));
    }
    return out;
}

Result<void> check_witness(Client& client, const audit::Witness& witness) {
    WARDLINE_TRY(client.connect());
    const auto own = identity_of(client);
    if (witness.clinic != own.clinic) return Error{Code::usage, "that head is of another clinic"};
    const Json head{
        {"body", cbor::binary(witness.head.body)}, {"sig", cbor::binary(witness.head.sig.view())}
    };
    return client.session().tree.accept(head);
}

Result<EntryProof> prove(Client& client, const audit::TrailEntry& entry) {
    auto& session = client.session();
    WARDLINE_TRY(session.tree.cover(entry.seq));
    EntryProof out{.head = *session.tree.head(), .path = {}};
    WARDLINE_TRY(
        const auto answer,
        session.link.request("inclusion", {{"seqs", {entry.seq}}, {"size", out.head.size}})
    );
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* paths, reader.array("paths", 1));
    if (paths->size() != 1 || !(*paths)[0].is_array()) {
        return Error{Code::bad_frame, "a proof has no form"};
    }
    WARDLINE_TRY(out.path, parse_hashes((*paths)[0]));
    const auto details =
        entry.salt ? audit::details_hash(*entry.salt, entry.details) : entry.erased;
    const auto leaf = audit::leaf_hash(entry.seq, entry.time, entry.kind, details);
    if (!audit::verify_inclusion(leaf, entry.seq - 1, out.head.size, out.path, out.head.root)) {
        return Error{
            Code::trust_alarm,
            "entry " + std::to_string(entry.seq) + " is not what the server signed"
        };
    }
    return out;
}

}  // namespace wardline::client
