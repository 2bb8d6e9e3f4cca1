#pragma once

#include "audit/leaf.hpp"
#include "audit/tree.hpp"
#include "audit/tree_head.hpp"
#include "clients/core/connection.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/wire/entry.hpp"
#include "tests/support/chain_fixture.hpp"

#include <deque>
#include <functional>
#include <map>

// The part of a server that chains and trees are asked of, in memory, over the journal of a test's
// clinic. It can be made to lie.
namespace wardline::client {

// The journal as entries with a Merkle tree over it.
class FakeJournal final : public audit::TileSource {
public:
    explicit FakeJournal(const wardline::testing::AClinic& clinic) : clinic_{clinic} { extend(); }

    // Takes in what the clinic's journal has gained.
    void extend() {
        while (entries_.size() < clinic_.journal.size()) add(clinic_.journal[entries_.size()]);
    }
    const std::vector<wire::Entry>& entries() const { return entries_; }
    std::uint64_t size() const { return entries_.size(); }

    const std::vector<Hash>* tile(const audit::TileId& id) override {
        tiles_[id] = {};
        auto& hashes = tiles_[id];
        // Small journals only: the lowest level has every leaf.
        if (id.level == 0) hashes.assign(leaves_.begin(), leaves_.end());
        return &hashes;
    }
    Hash root(std::uint64_t size) { return audit::root_at(*this, size).value(); }
    Json head(std::uint64_t size) {
        const audit::TreeHead head{
            .clinic = clinic_.id,
            .incarnation = 1,
            .size = size,
            .root = root(size),
            .time = clinic_.now
        };
        const auto made = audit::sign_head(head, clinic_.audit);
        return Json{{"body", cbor::binary(made.body)}, {"sig", cbor::binary(made.sig.view())}};
    }

private:
    void add(const trust::LocatedStatement& located) {
        wire::Entry entry;
        entry.seq = located.seq;
        entry.time = located.time;
        entry.kind = wire::EntryKind::statement;
        entry.chain = located.statement.chain();
        entry.statement = located.statement.encode();
        entry.details = cbor::encode(Json{{"hash", cbor::binary(located.statement.hash().view())}});
        leaves_.push_back(audit::leaf_hash(
            entry.seq,
            entry.time,
            audit::EntryKind::statement,
            audit::details_hash(entry.salt, entry.details)
        ));
        entries_.push_back(std::move(entry));
    }

    const wardline::testing::AClinic& clinic_;
    std::vector<wire::Entry> entries_;
    std::vector<Hash> leaves_;
    std::map<audit::TileId, std::vector<Hash>> tiles_;
};

class FakeConnection final : public Connection {
public:
    using Answer = std::function<Result<Json>(const Json& frame)>;
    FakeConnection(Json hello, Answer answer)
        : hello_{std::move(hello)}, answer_{std::move(answer)} {}

    Result<Json> request(Json frame, Milliseconds) override { return answer_(frame); }
    Result<std::optional<Json>> next_push(Milliseconds) override { return std::optional<Json>{}; }
    void interrupt() override {}
    void close() override {}
    const Json& hello() const override { return hello_; }
    std::optional<std::array<std::uint8_t, 32>> binding() const override { return std::nullopt; }

private:
    Json hello_;
    Answer answer_;
};

class FakeServer final : public Connector {
public:
    explicit FakeServer(wardline::testing::AClinic& clinic) : clinic_{clinic}, journal{clinic} {}

    Result<std::unique_ptr<Connection>> connect(const Endpoint&, Milliseconds) override {
        const Json hello{
            {"t", "hello"},
            {"versions", {1U}},
            {"nonce", cbor::binary(Bytes(32, 7))},
            {"time", clinic_.now.ms},
            {"clinic", cbor::binary(clinic_.id.view())}
        };
        std::unique_ptr<Connection> out = std::make_unique<FakeConnection>(
            hello, [this](const Json& frame) { return answer(frame); }
        );
        return out;
    }
    Result<Json> post(const Endpoint&, std::string_view, const Json&, Milliseconds) override {
        return Error{Code::unknown_type, "not in this test"};
    }

    // Changes an answer before it goes out.
    std::function<void(const std::string& type, Json& answer)> lie = [](const std::string&, Json&) {
    };
    std::vector<std::string> asked;

private:
    Result<Json> answer(const Json& frame) {
        const auto type = frame.at("t").get<std::string>();
        asked.push_back(type);
        Json out{{"t", type}};
        if (type == "login") log_in(out);
        if (type == "head") out["head"] = journal.head(journal.size());
        if (type == "chain") add_chain(frame, out);
        if (type == "consistency") {
            add_path(
                out["path"],
                audit::consistency_path(
                    journal, frame.at("from").get<Seq>(), frame.at("to").get<Seq>()
                )
            );
        }
        if (type == "inclusion") {
            out["paths"] = Json::array();
            for (const auto& seq : frame.at("seqs")) {
                Json path;
                add_path(
                    path,
                    audit::inclusion_path(journal, seq.get<Seq>() - 1, frame.at("size").get<Seq>())
                );
                out["paths"].push_back(std::move(path));
            }
        }
        lie(type, out);
        return out;
    }
    void log_in(Json& out) {
        const auto head = clinic_.chain.head();
        out["account"] = "s:admin";
        out["seq"] = journal.size();
        out["time"] = clinic_.now.ms;
        out["clinic_head"] = Json{{"pos", head.pos}, {"hash", cbor::binary(head.hash.view())}};
        out["head"] = journal.head(journal.size());
        out["one_time_prekeys"] = 100U;
        out["signed_prekey"] = 1U;
    }
    void add_chain(const Json& frame, Json& out) {
        out["entries"] = Json::array();
        out["more"] = false;
        std::uint64_t pos{0};
        for (const auto& entry : journal.entries()) {
            if (entry.chain->text() != frame.at("chain").get<std::string>()) continue;
            if (pos++ < frame.at("from").get<std::uint64_t>()) continue;
            out["entries"].push_back(cbor::decode(wire::encode(entry)).value());
        }
    }
    static void add_path(Json& out, const Result<std::vector<Hash>>& path) {
        out = Json::array();
        for (const auto& hash : path.value()) out.push_back(cbor::binary(hash.view()));
    }

    wardline::testing::AClinic& clinic_;

public:
    FakeJournal journal;
};

}  // namespace wardline::client
