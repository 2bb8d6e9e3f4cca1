#pragma once

#include "clients/core/connection.hpp"
#include "clients/core/environment.hpp"
#include "tests/model/dice.hpp"
#include "tests/model/memory_server.hpp"

#include <memory>

// What is around a client: a clock that the test moves, a network that loses requests and answers,
// delays pushes and ends connections, and the sudden death of the client itself.
namespace wardline::model {

// The client dies here. What it had not committed to its store is gone.
struct Crash {};

struct Trouble {
    Dice& dice;
    bool on{true};
    // The control: a server that acknowledges what it has not stored.
    bool lose_acknowledged{false};

    // At every place where the outside world is asked.
    void maybe_crash() {
        if (on && dice.below(1'500) == 0) throw Crash{};
    }
};

class ModelClock final : public client::Clock {
public:
    ModelClock(Instant& now, Trouble& trouble) : now_{now}, trouble_{trouble} {}
    Instant now() override {
        trouble_.maybe_crash();
        return now_;
    }
    std::chrono::steady_clock::time_point steady() override {
        return std::chrono::steady_clock::time_point{std::chrono::milliseconds{now_.ms}};
    }

private:
    Instant& now_;
    Trouble& trouble_;
};

class ModelRandom final : public crypto::Random {
public:
    ModelRandom(Dice& dice, Trouble& trouble) : dice_{dice}, trouble_{trouble} {}
    void fill(std::span<std::uint8_t> out) override {
        trouble_.maybe_crash();
        for (auto& byte : out) byte = static_cast<std::uint8_t>(dice_.next() >> 32);
    }

private:
    Dice& dice_;
    Trouble& trouble_;
};

class BadConnection final : public client::Connection {
public:
    BadConnection(MemoryServer& server, Trouble& trouble, std::size_t node);
    ~BadConnection() override;

    Result<client::Json> request(client::Json frame, client::Milliseconds limit) override;
    Result<std::optional<client::Json>> next_push(client::Milliseconds wait) override;
    void interrupt() override {}
    void close() override {}
    const client::Json& hello() const override { return hello_; }
    std::optional<std::array<std::uint8_t, 32>> binding() const override { return std::nullopt; }

private:
    MemoryServer& server_;
    Trouble& trouble_;
    std::shared_ptr<MemoryServer::Channel> channel_;
    client::Json hello_;
    bool cut_{false};
};

class BadNetwork final : public client::Connector {
public:
    BadNetwork(MemoryServer& server, Trouble& trouble) : server_{server}, trouble_{trouble} {}

    Result<std::unique_ptr<client::Connection>> connect(
        const client::Endpoint& endpoint, client::Milliseconds limit
    ) override;
    Result<client::Json> post(
        const client::Endpoint&, std::string_view, const client::Json&, client::Milliseconds
    ) override {
        return Error{Code::unreachable, "nobody enrols here"};
    }

private:
    MemoryServer& server_;
    Trouble& trouble_;
};

}  // namespace wardline::model
