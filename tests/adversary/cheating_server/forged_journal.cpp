#include "tests/adversary/cheating_server/forged_journal.hpp"

#include "audit/leaf.hpp"
#include "audit/tree_head.hpp"
#include "protocol/crypto/crypto.hpp"

#include <bit>
#include <chrono>

namespace wardline::adversary {
namespace {

Instant wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    return {static_cast<std::uint64_t>(ms)};
}

Hash leaf_of(const Json& entry) {
    const auto salt = audit::Salt::from(entry.at("salt").get_binary()).value();
    const Bytes& details = entry.at("details").get_binary();
    return audit::leaf_hash(
        entry.at("seq").get<Seq>(),
        Instant{entry.at("time").get<std::uint64_t>()},
        static_cast<audit::EntryKind>(entry.at("kind").get<std::uint64_t>()),
        audit::details_hash(salt, details)
    );
}

// The largest power of two below the size (RFC 9162 section 2.1.1).
std::size_t split(std::size_t size) {
    return std::bit_floor(size - 1);
}

}  // namespace

Json json_of(const std::vector<Hash>& hashes) {
    Json out = Json::array();
    for (const auto& hash : hashes) out.push_back(cbor::binary(hash.view()));
    return out;
}

ForgedJournal::ForgedJournal(CheatingServer& server, Rewrite rewrite)
    : server_{server}, clinic_{server.clinic()}, rewrite_{std::move(rewrite)} {
    for (const auto& stored : server.journal()) {
        Json entry{
            {"seq", stored.seq},
            {"time", stored.time.ms},
            {"kind", static_cast<std::uint64_t>(stored.kind)},
            {"details", cbor::binary(stored.details)},
            {"salt", cbor::binary(stored.salt.view())}
        };
        if (rewrite_) rewrite_(entry);
        leaves_.push_back(leaf_of(entry));
    }
}

Json ForgedJournal::append(wardline::Bytes details, std::uint64_t kind, Json payload) {
    Json entry = std::move(payload);
    entry["seq"] = leaves_.size() + 1;
    entry["time"] = wall_clock().ms;
    entry["kind"] = kind;
    entry["details"] = cbor::binary(details);
    entry["salt"] = cbor::binary(audit::Salt{}.view());
    leaves_.push_back(leaf_of(entry));
    return entry;
}

Json ForgedJournal::append(const trust::Statement& statement) {
    const Json details{
        {"actor", "s:admin"},
        {"chain", statement.chain().text()},
        {"hash", cbor::binary(statement.hash().view())},
        {"pos", statement.pos()},
        {"type", statement.type()}
    };
    return append(
        cbor::encode(details),
        static_cast<std::uint64_t>(audit::EntryKind::statement),
        {{"chain", statement.chain().text()}, {"statement", statement.to_json()}}
    );
}

Json ForgedJournal::signed_head() const {
    const audit::TreeHead head{
        .clinic = clinic_,
        .size = leaves_.size(),
        .root = root(0, leaves_.size()),
        .time = wall_clock()
    };
    const auto made = audit::sign_head(head, server_.audit_key());
    return {{"body", cbor::binary(made.body)}, {"sig", cbor::binary(made.sig.view())}};
}

void ForgedJournal::tell(const Json& request, Json& answer) const {
    const auto type = request.at("t").get<std::string>();
    const auto id = answer.at("id");
    if (type == "inclusion") {
        const auto size = request.at("size").get<std::size_t>();
        Json paths = Json::array();
        for (const auto& seq : request.at("seqs"))
            paths.push_back(json_of(inclusion(seq.get<std::size_t>() - 1, 0, size)));
        answer = {{"t", type}, {"id", id}, {"paths", std::move(paths)}};
    } else if (type == "consistency") {
        const auto from = request.at("from").get<std::size_t>();
        const auto to = request.at("to").get<std::size_t>();
        const auto path =
            from == 0 || from == to ? std::vector<Hash>{} : consistency(from, 0, to, true);
        answer = {{"t", type}, {"id", id}, {"path", json_of(path)}};
    } else if (answer.contains("head")) {
        answer["head"] = signed_head();
    }
    if (answer.contains("upto") && answer["upto"] > size()) answer["upto"] = size();
    if (!rewrite_ || !answer.contains("entries")) return;
    for (auto& entry : answer["entries"]) rewrite_(entry);
}

void ForgedJournal::tell_push(Json& push) const {
    if (push.at("t") == "head") push["head"] = signed_head();
    if (push.at("t") == "entry" && rewrite_) rewrite_(push["entry"]);
}

Hash ForgedJournal::root(std::size_t from, std::size_t to) const {
    if (to - from == 1) return leaves_[from];
    const auto half = from + split(to - from);
    return audit::node_hash(root(from, half), root(half, to));
}

std::vector<Hash> ForgedJournal::inclusion(std::size_t index, std::size_t from, std::size_t to)
    const {
    if (to - from == 1) return {};
    const auto half = from + split(to - from);
    auto path = index < half ? inclusion(index, from, half) : inclusion(index, half, to);
    path.push_back(index < half ? root(half, to) : root(from, half));
    return path;
}

std::vector<Hash> ForgedJournal::consistency(
    std::size_t old, std::size_t from, std::size_t to, bool whole
) const {
    if (old == to) return whole ? std::vector<Hash>{} : std::vector{root(from, to)};
    const auto half = from + split(to - from);
    auto path =
        old <= half ? consistency(old, from, half, whole) : consistency(old, half, to, false);
    path.push_back(old <= half ? root(half, to) : root(from, half));
    return path;
}

}  // namespace wardline::adversary
