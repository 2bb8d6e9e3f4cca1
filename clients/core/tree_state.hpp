#pragma once

#include "audit/tree_head.hpp"
#include "clients/core/link.hpp"
#include "clients/core/store.hpp"
#include "protocol/message/header.hpp"
#include "protocol/trust/statement_data.hpp"
#include "protocol/wire/entry.hpp"

#include <optional>
#include <span>
#include <vector>

namespace wardline::client {

// What this device knows of the journal's Merkle tree: the newest head that it verified, each
// proved to continue the one before. Kept in the store, so that a server that shows another history
// later is found out: `trust_alarm`.
class TreeState {
public:
    TreeState(Store& store, Link& link) : store_{store}, link_{link} {}

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
    Result<void> require_consistent(
        std::uint64_t from, const Hash& from_root, std::uint64_t to, const Hash& to_root
    );
    Result<void> keep(const Json& signed_head, const audit::TreeHead& head);

    Store& store_;
    Link& link_;
    ClinicId clinic_;
    SigningKey audit_key_;
    std::optional<audit::TreeHead> head_;
};

// The leaf of an entry, from what the wire says of it.
Hash leaf_of(const wire::Entry& entry);

}  // namespace wardline::client
