#pragma once

#include "clients/core/connection.hpp"

#include <functional>
#include <memory>
#include <string>

// Stands between a client and a real server, as a bad network would: loses requests and answers.
namespace wardline::e2e {

enum class Fate : std::uint8_t {
    pass,
    lose_request,  // The connection ends before the server has it.
    lose_answer,   // The connection ends after the server has acted.
};
// By the request's `t`, or the path of what is posted.
using FateOf = std::function<Fate(const std::string& type)>;
inline Fate pass_all(const std::string& /*type*/) {
    return Fate::pass;
}

class LossyConnection final : public client::Connection {
public:
    LossyConnection(std::unique_ptr<client::Connection> real, const FateOf& fate)
        : real_{std::move(real)}, fate_{fate} {}

    Result<client::Json> request(client::Json frame, client::Milliseconds limit) override {
        const Error lost{Code::unreachable, "the test cut the line"};
        if (cut_) return lost;
        const auto type = frame.at("t").get<std::string>();
        const auto fate = fate_(type);
        cut_ = fate != Fate::pass;
        if (fate == Fate::lose_request) return lost;
        auto answer = real_->request(std::move(frame), limit);
        if (fate == Fate::lose_answer) return lost;
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
    const FateOf& fate_;
    bool cut_{false};
};

class LossyConnector final : public client::Connector {
public:
    Result<std::unique_ptr<client::Connection>> connect(
        const client::Endpoint& endpoint, client::Milliseconds limit
    ) override {
        WARDLINE_TRY(auto real, client::tls_connector().connect(endpoint, limit));
        std::unique_ptr<client::Connection> out =
            std::make_unique<LossyConnection>(std::move(real), fate);
        return out;
    }
    Result<client::Json> post(
        const client::Endpoint& endpoint,
        std::string_view path,
        const client::Json& body,
        client::Milliseconds limit
    ) override {
        const Error lost{Code::unreachable, "the test cut the line"};
        const auto to = fate(std::string{path});
        if (to == Fate::lose_request) return lost;
        auto answer = client::tls_connector().post(endpoint, path, body, limit);
        if (to == Fate::lose_answer) return lost;
        return answer;
    }

    FateOf fate{pass_all};
};

}  // namespace wardline::e2e
