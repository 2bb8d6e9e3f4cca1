#pragma once

#include "clients/core/connection.hpp"

#include <functional>
#include <memory>
#include <string>

// Stands between a client and a real server, as a hostile server or a bad network would: sees every
// request, changes answers, loses them.
namespace wardline::e2e {

enum class Fate : std::uint8_t {
    pass,
    lose_request,  // The connection ends before the server has it.
    lose_answer,   // The connection ends after the server has acted.
};

struct Meddling {
    std::function<Fate(const std::string& type)> fate = [](const std::string&) {
        return Fate::pass;
    };
    std::function<void(const std::string& type, client::Json& answer)> answer =
        [](const std::string&, client::Json&) {};
    std::function<void(client::Json& frame)> request = [](client::Json&) {};
};

class MeddlingConnection final : public client::Connection {
public:
    MeddlingConnection(std::unique_ptr<client::Connection> real, Meddling& meddling)
        : real_{std::move(real)}, meddling_{meddling} {}

    Result<client::Json> request(client::Json frame, client::Milliseconds limit) override {
        const Error lost{Code::unreachable, "the test cut the line"};
        if (cut_) return lost;
        const auto type = frame.at("t").get<std::string>();
        const auto fate = meddling_.fate(type);
        cut_ = fate != Fate::pass;
        if (fate == Fate::lose_request) return lost;
        meddling_.request(frame);
        auto answer = real_->request(std::move(frame), limit);
        if (fate == Fate::lose_answer) return lost;
        if (answer) meddling_.answer(type, answer.value());
        return answer;
    }
    Result<std::optional<client::Json>> next_push(client::Milliseconds wait) override {
        return real_->next_push(wait);
    }
    void interrupt() override { real_->interrupt(); }
    void close() override { real_->close(); }
    const client::Json& hello() const override { return real_->hello(); }
    std::optional<std::array<std::uint8_t, 32>> binding() const override {
        return real_->binding();
    }

private:
    std::unique_ptr<client::Connection> real_;
    Meddling& meddling_;
    bool cut_{false};
};

class MeddlingConnector final : public client::Connector {
public:
    Result<std::unique_ptr<client::Connection>> connect(
        const client::Endpoint& endpoint, client::Milliseconds limit
    ) override {
        WARDLINE_TRY(auto real, client::tls_connector().connect(endpoint, limit));
        std::unique_ptr<client::Connection> out =
            std::make_unique<MeddlingConnection>(std::move(real), meddling);
        return out;
    }
    Result<client::Json> post(
        const client::Endpoint& endpoint,
        std::string_view path,
        const client::Json& body,
        client::Milliseconds limit
    ) override {
        return client::tls_connector().post(endpoint, path, body, limit);
    }

    Meddling meddling;
};

}  // namespace wardline::e2e
