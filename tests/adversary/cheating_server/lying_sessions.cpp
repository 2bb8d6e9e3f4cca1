#include "tests/adversary/cheating_server/lying_sessions.hpp"

#include <utility>

namespace wardline::adversary {

// The client as the honest part of the server knows it.
class LyingPeer final : public server::Peer {
public:
    LyingPeer(LyingSessions& owner, std::shared_ptr<server::Peer> real)
        : owner_{owner}, real_{std::move(real)} {}

    bool push(Bytes frame) override {
        auto map = cbor::decode(frame).value();
        if (!tell(map)) return true;
        return real_->push(cbor::encode(map));
    }
    void close(server::CloseCode code, std::string_view reason) override {
        real_->close(code, reason);
    }
    std::size_t queued_bytes() const override { return real_->queued_bytes(); }
    boost::asio::awaitable<bool> room() override { return real_->room(); }
    void authenticated() override { real_->authenticated(); }
    const Hash& tls_exporter() const override { return real_->tls_exporter(); }
    const std::string& address() const override { return real_->address(); }

    void push_made_up(const Json& frame) { real_->push(cbor::encode(frame)); }
    const Line& line() const { return line_; }

    // A request from the client; false when it goes no further.
    bool take(Json& request) {
        if (request.value("t", std::string{}) == "login" && request.contains("device")) {
            const auto device = DeviceId::from(request.at("device").get_binary());
            if (device) line_.device = device.value();
        }
        if (request.contains("id")) asked_[request.at("id").get<std::uint64_t>()] = request;
        const std::lock_guard lock{owner_.mutex_};
        return !owner_.lies_.request || owner_.lies_.request(line_, request);
    }

private:
    // What becomes of a frame to the client; false when it is withheld.
    bool tell(Json& frame) {
        const std::lock_guard lock{owner_.mutex_};
        const auto& lies = owner_.lies_;
        if (!frame.contains("id")) return !lies.push || lies.push(line_, frame);
        const auto request = asked_.extract(frame.at("id").get<std::uint64_t>());
        if (request.empty() || !lies.answer) return true;
        return lies.answer(line_, request.mapped(), frame);
    }

    LyingSessions& owner_;
    std::shared_ptr<server::Peer> real_;
    Line line_;
    std::map<std::uint64_t, Json> asked_;
};

class LyingSession final : public server::Session {
public:
    LyingSession(std::shared_ptr<LyingPeer> peer, std::unique_ptr<server::Session> honest)
        : peer_{std::move(peer)}, honest_{std::move(honest)} {}

    void received(Bytes frame) override {
        auto map = cbor::decode(frame);
        if (!map || !map.value().is_object()) return honest_->received(std::move(frame));
        if (peer_->take(map.value())) honest_->received(cbor::encode(map.value()));
    }
    void disconnected() override { honest_->disconnected(); }

private:
    std::shared_ptr<LyingPeer> peer_;
    std::unique_ptr<server::Session> honest_;
};

std::unique_ptr<server::Session> LyingSessions::connected(std::shared_ptr<server::Peer> peer) {
    auto lying = std::make_shared<LyingPeer>(*this, std::move(peer));
    peers_.remove_if([](const auto& known) { return known.expired(); });
    peers_.push_back(lying);
    auto honest = sessions_.connected(lying);
    return std::make_unique<LyingSession>(std::move(lying), std::move(honest));
}

boost::asio::awaitable<server::HttpResponse> LyingSessions::handle(server::HttpRequest request) {
    const auto path = request.target;
    const auto asked = cbor::decode(request.body);
    auto response = co_await http_.handle(std::move(request));
    const std::lock_guard lock{mutex_};
    auto answer = cbor::decode(response.body);
    if (!lies_.post || !asked || !answer) co_return response;
    lies_.post(path, asked.value(), answer.value());
    response.body = cbor::encode(answer.value());
    co_return response;
}

void LyingSessions::set(Lies lies) {
    const std::lock_guard lock{mutex_};
    lies_ = std::move(lies);
}

void LyingSessions::push(const DeviceId& device, const Json& frame) {
    for (const auto& known : peers_) {
        const auto peer = known.lock();
        if (peer && peer->line().device == device) peer->push_made_up(frame);
    }
}

}  // namespace wardline::adversary
