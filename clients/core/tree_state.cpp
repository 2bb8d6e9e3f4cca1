#include "clients/core/tree_state.hpp"

#include "audit/leaf.hpp"
#include "audit/tree.hpp"
#include "audit/witness.hpp"
#include "clients/core/private_file.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
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
        "the server's journal is not the one that this device has seen before: " + std::string{what}
    };
}

}  // namespace

Result<audit::SignedHead> parse_signed_head(const Json& map) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    audit::SignedHead out;
    WARDLINE_TRY(out.body, reader.bytes("body", audit::kHeadBytesMax));
    WARDLINE_TRY(out.sig, reader.fixed<Signature>("sig"));
    return out;
}

Result<std::vector<Hash>> parse_hashes(const Json& list) {
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

Hash leaf_of(const wire::Entry& entry) {
    const auto details =
        entry.erased ? *entry.erased : audit::details_hash(entry.salt, entry.details);
    return audit::leaf_hash(entry.seq, entry.time, entry.kind, details);
}

Result<void> TreeState::load(const ClinicId& clinic, const SigningKey& audit_key) {
    clinic_ = clinic;
    audit_key_ = audit_key;
    WARDLINE_TRY(const auto stored, store_.get(kSpace, as_bytes(kKey)));
    if (!stored) return success();
    WARDLINE_TRY(const auto map, cbor::decode(stored->reveal()));
    WARDLINE_TRY(const auto parsed, parse_signed_head(map));
    WARDLINE_TRY(head_, audit::verify_head(parsed, audit_key_, clinic_));
    signed_ = parsed;
    return success();
}

message::TreeRef TreeState::ref() const {
    if (!head_) return {};
    return {.size = head_->size, .root = head_->root};
}

Result<void> TreeState::keep(const audit::SignedHead& signed_head, const audit::TreeHead& head) {
    const Json map{
        {"body", cbor::binary(signed_head.body)}, {"sig", cbor::binary(signed_head.sig.view())}
    };
    WARDLINE_TRY(store_.put(kSpace, as_bytes(kKey), cbor::encode(map)));
    head_ = head;
    signed_ = signed_head;
    return success();
}

Result<void> TreeState::accept(const Json& signed_head) {
    WARDLINE_TRY(const auto parsed, parse_signed_head(signed_head));
    auto verified = audit::verify_head(parsed, audit_key_, clinic_);
    if (!verified) return alarm("its head is not signed by the clinic's audit key");
    const audit::TreeHead& next = verified.value();
    if (!head_) return keep(parsed, next);
    WARDLINE_TRY(require_consistent({.size = next.size, .root = next.root}, &parsed));
    const bool newer = next.size > head_->size || next.time > head_->time;
    return next.size >= head_->size && newer ? keep(parsed, next) : Result<void>{success()};
}

Error TreeState::contradiction(
    std::string_view why, const message::TreeRef& shown, const audit::SignedHead* signed_head
) const {
    auto what = fmt::format(
        "{}: it signed {} entries with root {} before, and now {} entries with root {}",
        why,
        head_->size,
        head_->root.hex(),
        shown.size,
        shown.root.hex()
    );
    if (signed_head != nullptr) {
        const auto file = evidence_ / fmt::format("evidence-{}-{}.jsonl", head_->size, shown.size);
        const auto lines = audit::witness_line({clinic_, audit_key_, signed_}) +
                           audit::witness_line({clinic_, audit_key_, *signed_head});
        // What was seen first is kept.
        std::error_code error;
        const bool kept =
            std::filesystem::exists(file, error) || create_private_file(file, as_bytes(lines));
        if (kept) what += "; both heads, with their signatures, are in " + file.string();
    }
    return alarm(what);
}

Result<std::vector<Hash>> TreeState::ask_for_proof(std::uint64_t from, std::uint64_t to) {
    WARDLINE_TRY(const auto answer, link_.request("consistency", Json{{"from", from}, {"to", to}}));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* list, reader.array("path", kPathMax));
    return parse_hashes(*list);
}

Result<void> TreeState::require_consistent(
    const message::TreeRef& shown, const audit::SignedHead* signed_head
) {
    const bool grown = shown.size >= head_->size;
    const auto from = grown ? message::TreeRef{.size = head_->size, .root = head_->root} : shown;
    const auto to = grown ? shown : message::TreeRef{.size = head_->size, .root = head_->root};
    if (from.size == 0) return success();
    if (from.size == to.size) {
        if (from.root == to.root) return success();
        return contradiction("two heads of one size differ", shown, signed_head);
    }
    const auto path = ask_for_proof(from.size, to.size);
    if (!path) {
        if (path.error().code != Code::not_found) return path.error();
        return contradiction("it cannot show that one continues the other", shown, signed_head);
    }
    if (audit::verify_consistency(from.size, from.root, to.size, to.root, path.value())) {
        return success();
    }
    return contradiction("one does not continue the other", shown, signed_head);
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
            WARDLINE_TRY(const auto path, parse_hashes((*paths)[i]));
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
    return require_consistent(seen, nullptr);
}

}  // namespace wardline::client
