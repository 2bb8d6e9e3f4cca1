// Frames of a logged-in device, from the first byte to the handler: a hostile member's requests.
// Each gets an answer in the published form, none is a fault of the server, and what the journal
// would be asked to take is judged too.
#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"
#include "server/acts/message_act.hpp"
#include "server/acts/statement_act.hpp"
#include "server/request.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/small_node.hpp"

#include <cstdint>
#include <memory>
#include <optional>

using namespace wardline;
using fuzz::require;

namespace {

struct FuzzPeer final : server::Peer {
    bool push(Bytes frame) override {
        frames.push_back(std::move(frame));
        return !closed;
    }
    void close(server::CloseCode code, std::string_view) override { closed = code; }
    std::size_t queued_bytes() const override { return 0; }
    server::net::awaitable<bool> room() override { co_return true; }
    void authenticated() override {}
    const Hash& tls_exporter() const override { return exporter; }
    const std::string& address() const override { return from; }

    std::vector<Bytes> frames;
    std::optional<server::CloseCode> closed;
    Hash exporter;
    std::string from{"127.0.0.1"};
};

// Every answer is in the profile, and no error is the server's own fault.
void check(const std::vector<Bytes>& frames) {
    for (const auto& bytes : frames) {
        const auto frame = wire::parse_frame(bytes);
        require(frame.has_value());
        if (frame.value().type != "error") continue;
        require(wire::parse_error(frame.value().body).code != Code::internal);
    }
}

// What a handler would hand to the journal, judged by the clinic's state.
void judge(fuzz::SmallNode& node, const DeviceId& sender, const wire::Frame& frame) {
    const storage::JudgeFacts facts{
        .seq = node.clinic.seq + 1, .time = node.clinic.now, .units = {}, .live = {}
    };
    if (frame.type == "send") {
        if (const auto act = server::MessageAct::parse(sender, frame.body)) {
            (void)node.state.judge(*act.value(), facts);
        }
    } else if (frame.type == "statement") {
        // One that stood would change the clinic for the inputs that follow.
        const auto act = server::StatementAct::parse(sender, frame.body);
        if (!act || act.value()->statement.verify_signature()) return;
        const auto version = node.state.record().version();
        (void)node.state.judge(*act.value(), facts);
        require(node.state.record().version() == version);
    }
}

// A connection of that person, or before login.
std::shared_ptr<server::ClientConnection> connect(
    const fuzz::SmallNode& node, std::size_t who, const std::shared_ptr<FuzzPeer>& peer
) {
    auto out = std::make_shared<server::ClientConnection>(peer, trust::LoginNonce{});
    if (who >= node.people.size()) return out;
    const auto& person = node.people[who];
    out->logged_in({person.id, person.account, person.account.text(), node.clinic.seq});
    out->release({});
    return out;
}

}  // namespace

// The first byte: who has logged in; from 3 on nobody, who may only log in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::SmallNode node;
    if (size == 0) return 0;
    const std::size_t who = data[0] % 4;
    const auto frame = wire::parse_frame(BytesView{data, size}.subspan(1));
    if (!frame) return 0;
    const auto& [type, id, body] = frame.value();
    const auto* known = server::find_request_type(type);
    if (known == nullptr || (who >= node.people.size()) != (type == "login")) return 0;
    auto peer = std::make_shared<FuzzPeer>();
    const auto connection = connect(node, who, peer);
    server::serve(
        node.services,
        std::make_shared<server::Request>(node.services, connection, *known, id.value_or(1), body)
    );
    node.settle();
    require(!peer->frames.empty() || peer->closed);
    check(peer->frames);
    if (who < node.people.size()) judge(node, node.people[who].id, frame.value());
    return 0;
}
