#pragma once

#include "audit/tree_head.hpp"
#include "clients/core/session.hpp"
#include "protocol/trust/statement.hpp"
#include "tests/adversary/cheating_server/forged_journal.hpp"
#include "tests/adversary/practice.hpp"
#include "tests/support/chain_fixture.hpp"

#include <memory>
#include <optional>
#include <utility>

// What a cheating server makes up: statements under keys of its own, and journals that hold them.
namespace wardline::adversary {

inline Instant now() {
    return client::system_clock().now();
}

// Signed by the server's key, which `claimed` replaces in the body where it is given.
inline trust::Statement forged(
    trust::StatementFields fields, const std::optional<SigningKey>& claimed = std::nullopt
) {
    static const auto kSecret = crypto::random_secret<SigningSecret>(crypto::system_random());
    auto made = trust::sign_statement(kSecret, std::move(fields)).value();
    if (!claimed) return made;
    Bytes body = made.body();
    const auto own = made.by().bytes();
    const auto at = std::search(body.begin(), body.end(), own.begin(), own.end());
    std::copy(claimed->view().begin(), claimed->view().end(), at);
    return trust::Statement::from_parts(std::move(body), made.signature()).value();
}

// A device of the server's own making.
inline wardline::testing::TestDevice a_puppet(const Account& account) {
    static wardline::testing::AClinic maker{"puppets"};
    return maker.new_device(account);
}

inline trust::Grant grant_for(
    const wardline::testing::TestDevice& puppet, const ClinicId& clinic, const Hash& invite
) {
    const auto by = crypto::signing_key_of(puppet.signing);
    return {
        .account = puppet.account,
        .role = puppet.account.is_staff() ? trust::Role::clinician : trust::Role::patient,
        .device = puppet.keys,
        .pop = trust::prove_possession(
            puppet.signing, clinic, by, puppet.keys.identity, puppet.keys.box
        ),
        .invite = invite
    };
}

// The head that a client has kept.
inline Json kept_head(Client& client) {
    const auto kept = client.session().store->get(client::Space{"tree"}, as_bytes("head"));
    return cbor::decode(kept.value()->reveal()).value();
}

// The client stays at the head that it has kept, until it asks for a newer one: then it gets this
// journal's, with proofs that hold.
inline Lies instead_of_the_true_one(Client& client, std::shared_ptr<const ForgedJournal> journal) {
    const auto victim = client.device();
    const auto head = kept_head(client);
    const auto size = audit::parse_head(head.at("body").get_binary()).value().size;
    Lies lies;
    lies.answer = [=](const Line& line, const Json& request, Json& answer) {
        if (line.device != victim) return true;
        const auto type = request.at("t").get<std::string>();
        if (type == "head" || type == "inclusion" || type == "consistency")
            journal->tell(request, answer);
        if (type == "login" && answer.contains("head")) answer["head"] = head;
        if (answer.contains("upto")) answer["upto"] = std::min(answer["upto"].get<Seq>(), size);
        return true;
    };
    lies.push = [=](const Line& line, Json& push) {
        return line.device != victim || push.at("t") != "head";
    };
    return lies;
}

// The victim sees the entry at the end of its chain.
inline Lies shown_to(
    Client& client, std::shared_ptr<const ForgedJournal> journal, const Json& entry
) {
    const auto statement = trust::Statement::from_json(entry.at("statement")).value();
    auto lies = instead_of_the_true_one(client, journal);
    lies.answer = [=,
                   victim = client.device(),
                   tell = lies.answer](const Line& line, const Json& request, Json& answer) {
        if (line.device != victim) return true;
        if (request.at("t") == "chain" && request.at("chain") == entry.at("chain"))
            answer["entries"].push_back(entry);
        if (answer.contains("clinic_head") && statement.chain().is_clinic()) {
            answer["clinic_head"] = {
                {"pos", statement.pos()}, {"hash", cbor::binary(statement.hash().view())}
            };
        }
        return tell(line, request, answer);
    };
    return lies;
}

// Flips a bit in the middle of a byte string.
inline void flip(Json& item) {
    auto& bytes = item.get_binary();
    bytes[bytes.size() / 2] ^= 1;
}

}  // namespace wardline::adversary
