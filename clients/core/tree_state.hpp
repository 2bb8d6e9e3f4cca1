#pragma once

#include "audit/tree_head.hpp"
#include "clients/core/link.hpp"
#include "clients/core/store.hpp"
#include "protocol/message/header.hpp"
#include "protocol/trust/statement_data.hpp"
#include "protocol/wire/entry.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace wardline::client {

// What this device knows of the journal's Merkle tree: the newest head that it verified, each
// proved to continue the one before. Kept in the store, so that a server that shows another history
// later is found out: `trust_alarm`.
class TreeState {
public:
    // `evidence`: the folder where heads that contradict each other are put, as files.
    TreeState(Store& store, Link& link, std::filesystem::path evidence)
        : store_{store}, link_{link}, evidence_{std::move(evidence)} {}

    // `clinic` decides whose signature heads carry; called once chains are known.
    Result<void> load(const ClinicId& clinic, const SigningKey& audit_key);

    const std::optional<audit::TreeHead>& head() const { return head_; }
    // For the headers of messages: zeros before the first.
    message::TreeRef ref() const;

    // A head from the server: the signature, and that it continues ours (or ours it). An older one
    // is no news.
    Result<void> accept(const Json& signed_head);
    // Asks for the newest head until it covers `seq`.
    Result<void> cover(Seq seq);
    // That these entries are in the tree, as they are: asks for the paths, 64 at a time. Covers
    // them first.
    Result<void> prove(std::span<const wire::Entry> entries);
    // A head that somebody else signed into a message: it and ours are heads of one tree.
    Result<void> cross_check(const message::TreeRef& seen);

private:
    // That the larger of `shown` and ours continues the smaller. `trust_alarm` if not.
    Result<void> require_consistent(
        const message::TreeRef& shown, const audit::SignedHead* signed_head
    );
    Result<std::vector<Hash>> ask_for_proof(std::uint64_t from, std::uint64_t to);
    Result<void> keep(const audit::SignedHead& signed_head, const audit::TreeHead& head);
    // The alarm, with both heads named and, where the server has signed both, kept in a file of
    // witness lines (docs/audit.md) that anybody can check.
    Error contradiction(
        std::string_view why, const message::TreeRef& shown, const audit::SignedHead* signed_head
    ) const;

    Store& store_;
    Link& link_;
    ClinicId clinic_;
    SigningKey audit_key_;
    std::filesystem::path evidence_;
    std::optional<audit::TreeHead> head_;
    audit::SignedHead signed_;  // The same, as it was signed.
};

// A signed head and a list of hashes as frames carry them; nothing is verified. `bad_frame`.
Result<audit::SignedHead> parse_signed_head(const Json& map);
Result<std::vector<Hash>> parse_hashes(const Json& list);

// The leaf of an entry, from what the wire says of it.
Hash leaf_of(const wire::Entry& entry);

}  // namespace wardline::client
