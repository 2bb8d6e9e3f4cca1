#include "tests/bench/exchange.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <poll.h>
#include <stdexcept>
#include <string>

namespace wardline::bench {
namespace {

constexpr int kPatienceMs = 60'000;

bool speaks_of(BytesView frame, const MessageId& id) {
    return head_of(frame).type == "entry" &&
           ::memmem(frame.data(), frame.size(), id.view().data(), id.view().size()) != nullptr;
}

}  // namespace

Exchange::Exchange(std::unique_ptr<Wire> sender, std::unique_ptr<Wire> receiver)
    : sender_{std::move(sender)}, receiver_{std::move(receiver)} {
    sender_->go_async();
    receiver_->go_async();
}

void Exchange::send(std::span<const Prepared> messages, std::size_t at_once) {
    while (!messages.empty()) {
        const auto count = std::min(at_once, messages.size());
        burst(messages.first(count));
        messages = messages.subspan(count);
    }
}

void Exchange::burst(std::span<const Prepared> messages) {
    for (const auto& message : messages) sender_->queue(message.frame);
    std::size_t acknowledged = 0;
    std::size_t arrived = 0;
    while (!sender_->pump_write() || acknowledged < messages.size() || arrived < messages.size()) {
        sender_->pump_read([&](BytesView frame) {
            const auto head = head_of(frame);
            if (head.type == "error") {
                throw std::runtime_error{"the server refused: " + std::string{as_text(frame)}};
            }
            if (head.type == "send") ++acknowledged;
        });
        receiver_->pump_read([&](BytesView frame) {
            if (arrived < messages.size() && speaks_of(frame, messages[arrived].id)) ++arrived;
        });
        if (acknowledged < messages.size() || arrived < messages.size()) wait();
    }
}

void Exchange::wait() const {
    std::array<pollfd, 2> both{
        {{sender_->descriptor(), POLLIN, 0}, {receiver_->descriptor(), POLLIN, 0}}
    };
    if (::poll(both.data(), both.size(), kPatienceMs) <= 0) {
        throw std::runtime_error{"a message was not acknowledged or did not arrive"};
    }
}

}  // namespace wardline::bench
