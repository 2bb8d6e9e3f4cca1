#include "clients/core/tree_state.hpp"

#include "audit/leaf.hpp"
#include "audit/tree.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace wardline::client {
namespace {

constexpr Space kSpace{"tree"};
constexpr std::string_view kKey{"head"};
constexpr std::size_t kSeqsMax = 64;
constexpr std::size_t kPathMax = 128;
// A node may publish a head that another node's last batch is not yet in.
constexpr int kCoverTries = 30;
constexpr Milliseconds kCoverWait{100};

Error alarm(std::string_view what) {
    return Error{
        Code::trust_alarm,
        "the server's journal is not the one that this device has seen before: " +
            std::string{what} + "; tell the clinic by another way"
    };
}

Result<audit::SignedHead> parse_signed(const Json& map) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    audit::SignedHead out;
    WARDLINE_TRY(out.body, reader.bytes("body", audit::kHeadBytesMax));
    WARDLINE_TRY(out.sig, reader.fixed<Signature>("sig"));
    return out;
}

Result<std::vector<Hash>> parse_path(const Json& list) {
    std::vector<Hash> out;
    if (!list.is_array() || list.size() > kPathMax)
        return Error{Code::bad_frame, "a proof has no form"};
    for (const auto& item : list) {
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item, Hash::kSize));
        WARDLINE_TRY(const auto hash, Hash::from(raw));
        out.push_back(hash);
    }
    return out;
}

}  // namespace

Hash leaf_of(const wire::Entry& entry) {
    return audit::leaf_hash(
        entry.seq, entry.time, entry.kind, audit::details_hash(entry.salt, entry.details)
    );
}

Result<void> TreeState::load(const ClinicId& clinic, const SigningKey& audit_key) {
    clinic_ = clinic;
    audit_key_ = audit_key;
    WARDLINE_TRY(const auto stored, store_.get(kSpace, as_bytes(kKey)));
    if (!stored) return success();
    WARDLINE_TRY(const auto map, cbor::decode(stored->reveal()));
    WARDLINE_TRY(const auto parsed, parse_signed(map));
    WARDLINE_TRY(head_, audit::verify_head(parsed, audit_key_, clinic_));
    return success();
}

message::TreeRef TreeState::ref() const {
    if (!head_) return {};
    return {.size = head_->size, .root = head_->root};
}

Result<void> TreeState::keep(const Json& signed_head, const audit::TreeHead& head) {
    WARDLINE_TRY(store_.put(kSpace, as_bytes(kKey), cbor::encode(signed_head)));
    head_ = head;
    return success();
}

Result<void> TreeState::accept(const Json& signed_head) {
    WARDLINE_TRY(const auto parsed, parse_signed(signed_head));
    auto verified = audit::verify_head(parsed, audit_key_, clinic_);
    if (!verified) return alarm("its head is not signed by the clinic's audit key");
    const audit::TreeHead& next = verified.value();
    if (!head_) return keep(signed_head, next);
    if (next.size == head_->size) {
        if (next.root != head_->root) return alarm("two heads of one size differ");
        return next.time > head_->time ? keep(signed_head, next) : Result<void>{success()};
    }
    if (next.size < head_->size)
        return require_consistent(next.size, next.root, head_->size, head_->root);
    WARDLINE_TRY(require_consistent(head_->size, head_->root, next.size, next.root));
    return keep(signed_head, next);
}

Result<void> TreeState::require_consistent(
    std::uint64_t from, const Hash& from_root, std::uint64_t to, const Hash& to_root
) {
    if (from == 0) return success();
    if (from == to)
        return from_root == to_root ? Result<void>{success()}
                                    : alarm("two heads of one size differ");
    auto answer = link_.request("consistency", Json{{"from", from}, {"to", to}});
    if (!answer) {
        if (answer.error().code == Code::not_found)
            return alarm("it cannot show that one continues the other");
        return answer.error();
    }
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer.value()));
    WARDLINE_TRY(const auto* list, reader.array("path", kPathMax));
    WARDLINE_TRY(const auto path, parse_path(*list));
    if (!audit::verify_consistency(from, from_root, to, to_root, path))
        return alarm("one does not continue the other");
    return success();
}

Result<void> TreeState::cover(Seq seq) {
    for (int i = 0; !head_ || head_->size < seq; ++i) {
        if (i == kCoverTries)
            return Error{
                Code::unavailable, "the server did not publish a head of its newest entries"
            };
        if (i > 0) std::this_thread::sleep_for(kCoverWait);
        WARDLINE_TRY(const auto answer, link_.request("head"));
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* head, reader.map("head"));
        WARDLINE_TRY(accept(*head));
    }
    return success();
}

Result<void> TreeState::prove(std::span<const wire::Entry> entries) {
    if (entries.empty()) return success();
    const auto newest = std::max_element(
        entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; }
    );
    WARDLINE_TRY(cover(newest->seq));
    while (!entries.empty()) {
        const auto part = entries.first(std::min(entries.size(), kSeqsMax));
        entries = entries.subspan(part.size());
        Json seqs = Json::array();
        for (const auto& entry : part) seqs.push_back(entry.seq);
        WARDLINE_TRY(
            const auto answer,
            link_.request("inclusion", Json{{"seqs", std::move(seqs)}, {"size", head_->size}})
        );
        WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
        WARDLINE_TRY(const auto* paths, reader.array("paths", kSeqsMax));
        if (paths->size() != part.size()) return alarm("it lacks a proof for an entry");
        for (std::size_t i = 0; i < part.size(); ++i) {
            WARDLINE_TRY(const auto path, parse_path((*paths)[i]));
            if (!audit::verify_inclusion(
                    leaf_of(part[i]), part[i].seq - 1, head_->size, path, head_->root
                )) {
                return alarm("entry " + std::to_string(part[i].seq) + " is not in it");
            }
        }
    }
    return success();
}

Result<void> TreeState::cross_check(const message::TreeRef& seen) {
    if (seen.size == 0 || !head_) return success();
    WARDLINE_TRY(cover(seen.size));
    return require_consistent(seen.size, seen.root, head_->size, head_->root);
}

}  // namespace wardline::client
