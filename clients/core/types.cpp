#include "clients/core/types.hpp"

namespace wardline::client {

std::string_view name_of(MessageState state) noexcept {
    switch (state) {
        case MessageState::queued:
            return "queued";
        case MessageState::sent:
            return "sent";
        case MessageState::delivered:
            return "delivered";
        case MessageState::read:
            return "read";
        case MessageState::received:
            return "received";
        case MessageState::refused:
            return "refused";
        case MessageState::expired:
            return "expired";
        case MessageState::notice:
            return "notice";
    }
    return "unknown";
}

}  // namespace wardline::client
