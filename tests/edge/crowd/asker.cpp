#include "tests/edge/crowd/asker.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/wire/frames.hpp"

#include <optional>
#include <poll.h>
#include <stdexcept>

namespace wardline::edge {
namespace {

constexpr std::chrono::milliseconds kPatience{30'000};

}  // namespace

bool wait_readable(int descriptor, std::chrono::milliseconds limit) {
    pollfd watched{descriptor, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(limit.count())) == 1;
}

Asker::Answer Asker::ask(std::string_view type, bench::Json body) {
    const auto id = wire_->take_id();
    const Bytes frame = wire::make_request(type, id, std::move(body));
    std::optional<Bytes> answer;
    const auto begin = std::chrono::steady_clock::now();
    wire_->queue(frame);
    wire_->pump_write();
    while (!answer) {
        if (!wait_readable(wire_->descriptor(), kPatience))
            throw std::runtime_error{"no answer to " + std::string{type}};
        wire_->pump_read([&](BytesView came) {
            if (bench::head_of(came).id == id) answer.emplace(came.begin(), came.end());
        });
    }
    const auto time = std::chrono::steady_clock::now() - begin;
    auto decoded = cbor::decode(*answer).value();
    decoded.erase("id");
    return {std::move(decoded), time};
}

}  // namespace wardline::edge
