#include "protocol/trust/class.hpp"

namespace wardline::trust {

std::string_view name_of(MessageClass message_class) noexcept {
    switch (message_class) {
        case MessageClass::appointment:
            return "appointment";
        case MessageClass::clinical:
            return "clinical";
        case MessageClass::photo:
            return "photo";
        case MessageClass::admin:
            return "admin";
        case MessageClass::marketing:
            return "marketing";
        case MessageClass::internal:
            return "internal";
    }
    return "";
}

std::string_view name_of(Audience audience) noexcept {
    return audience == Audience::internal ? "internal" : "all";
}

Result<MessageClass> parse_class(std::string_view name) {
    for (const auto message_class : kAllClasses) {
        if (name_of(message_class) == name) return message_class;
    }
    return Error{Code::bad_frame, "not a message class"};
}

Result<Audience> parse_audience(std::string_view name) {
    if (name == "all") return Audience::all;
    if (name == "internal") return Audience::internal;
    return Error{Code::bad_frame, "not an audience"};
}

}  // namespace wardline::trust
