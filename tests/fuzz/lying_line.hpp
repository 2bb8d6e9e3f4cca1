#pragma once

#include "clients/core/connection.hpp"
#include "protocol/message/live_slots.hpp"
#include "tests/fuzz/lies.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/model/bad_network.hpp"
#include "tests/model/memory_server.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The model's server, and between it and a client what the input says.
namespace wardline::fuzz {

// Asked for what there cannot be, because of a lie before, it has no answer.
template <class Ask>
Result<Json> answered(const Ask& ask) {
    try {
        return ask();
    } catch (const std::exception&) {
        return Error{Code::bad_frame, "the server cannot make sense of it"};
    }
}

class LyingLine final : public client::Connection {
public:
    LyingLine(model::MemoryServer& server, model::Trouble& calm, Lies& lies)
        : server_{server}, lies_{lies}, line_{server, calm, 0} {}

    Result<void> begin() {
        WARDLINE_TRY(hello_, lies_.told("hello", line_.hello()));
        return success();
    }
    Result<Json> request(Json frame, client::Milliseconds limit) override {
        const auto type = frame.at("t").get<std::string>();
        if (type == "send") no_strangers(frame);
        auto honest = answered([&] { return line_.request(std::move(frame), limit); });
        return lies_.told(type, std::move(honest));
    }
    Result<std::optional<Json>> next_push(client::Milliseconds wait) override {
        if (lies_.pushes.empty()) return line_.next_push(wait);
        auto push = std::move(lies_.pushes.front());
        lies_.pushes.pop_front();
        return std::optional{std::move(push)};
    }
    void interrupt() override {}
    void close() override {}
    const Json& hello() const override { return hello_; }
    std::optional<std::array<std::uint8_t, 32>> binding() const override { return std::nullopt; }

private:
    // Whoever gets a message's key is in the chains, whatever the server said.
    void no_strangers(const Json& frame) const {
        const auto live = message::parse_live_slots(frame.at("live"));
        require(live.has_value());
        for (const auto& slot : live.value()) {
            require(server_.record().live_device(slot.device).has_value());
        }
    }

    model::MemoryServer& server_;
    Lies& lies_;
    model::BadConnection line_;
    Json hello_;
};

class LyingNetwork final : public client::Connector {
public:
    LyingNetwork(model::MemoryServer& server, model::Trouble& calm, Lies lies)
        : lies{std::move(lies)}, server_{server}, calm_{calm} {}

    Result<std::unique_ptr<client::Connection>> connect(
        const client::Endpoint&, client::Milliseconds
    ) override {
        auto line = std::make_unique<LyingLine>(server_, calm_, lies);
        WARDLINE_TRY(line->begin());
        return std::unique_ptr<client::Connection>{std::move(line)};
    }
    Result<Json> post(
        const client::Endpoint&, std::string_view path, const Json& body, client::Milliseconds
    ) override {
        auto honest = answered([&] { return server_.post(path, body); });
        return lies.told(std::string{path}, std::move(honest));
    }

    Lies lies;

private:
    model::MemoryServer& server_;
    model::Trouble& calm_;
};

}  // namespace wardline::fuzz
