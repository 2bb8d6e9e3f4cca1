#include "tests/model/bad_network.hpp"

namespace wardline::model {

using client::Json;

namespace {

const Error kCut{Code::unreachable, "the line is cut"};

}  // namespace

BadConnection::BadConnection(MemoryServer& server, Trouble& trouble, std::size_t node)
    : server_{server}, trouble_{trouble}, channel_{server.connect(node)} {
    hello_ = {
        {"t", "hello"},
        {"versions", {1U}},
        {"nonce", cbor::binary(channel_->nonce.view())},
        {"clinic", cbor::binary(server.record().clinic().clinic().view())}
    };
}

BadConnection::~BadConnection() {
    server_.hang_up(*channel_);
}

Result<Json> BadConnection::request(Json frame, client::Milliseconds) {
    if (cut_) return kCut;
    trouble_.maybe_crash();
    auto& dice = trouble_.dice;
    const auto fate = trouble_.on ? dice.below(100) : 99;
    if (fate < 3) {
        cut_ = true;  // The server never had it.
        return kCut;
    }
    if (fate == 3) return Error{Code::unavailable, "the database is away"};
    const bool send = frame.at("t") == "send";
    if (trouble_.lose_acknowledged && send && dice.chance(20)) {
        return Json{{"seq", 1U}, {"time", 1U}, {"hash", cbor::binary(Hash{}.view())}};
    }
    auto answer = server_.answer(*channel_, frame);
    if (fate < 8) {
        cut_ = true;  // The server has acted, and nobody hears of it.
        return kCut;
    }
    if (fate < 10) {
        // The answer is on its way; the client dies.
        if (fate == 8 && dice.chance(30)) throw Crash{};
        // The answer comes, and the connection ends behind it.
        cut_ = fate == 9;
    }
    return answer;
}

Result<std::optional<Json>> BadConnection::next_push(client::Milliseconds) {
    trouble_.maybe_crash();
    auto& pushes = channel_->pushes;
    if (trouble_.on && trouble_.dice.below(60) == 0) cut_ = true;  // And what was on its way.
    if (cut_) return kCut;
    if (trouble_.on && trouble_.dice.chance(15)) return std::optional<Json>{};  // Later.
    if (pushes.empty()) {
        if (channel_->closed) return kCut;
        return std::optional<Json>{};
    }
    auto push = std::move(pushes.front());
    // A frame may arrive twice: the client has to know it again.
    if (!trouble_.on || !trouble_.dice.chance(5)) pushes.pop_front();
    return std::optional{std::move(push)};
}

Result<std::unique_ptr<client::Connection>> BadNetwork::connect(
    const client::Endpoint&, client::Milliseconds
) {
    trouble_.maybe_crash();
    if (trouble_.on && trouble_.dice.chance(10)) return kCut;
    std::unique_ptr<client::Connection> out =
        std::make_unique<BadConnection>(server_, trouble_, trouble_.dice.below(2));
    return out;
}

}  // namespace wardline::model
