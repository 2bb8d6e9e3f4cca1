#pragma once

#include "protocol/base/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

// What kind of message a message is: decides who may write and read it and how long it is kept.
// docs/protocol.md section 1.
namespace wardline::trust {

enum class MessageClass : std::uint8_t {
    appointment,
    clinical,
    photo,
    admin,
    marketing,
    internal,  // Among staff; the patient has no slot and no cursor for it.
};
constexpr std::array kAllClasses = {
    MessageClass::appointment,
    MessageClass::clinical,
    MessageClass::photo,
    MessageClass::admin,
    MessageClass::marketing,
    MessageClass::internal,
};

// Who sees messages of a class. Counters and `prev` run per audience.
enum class Audience : std::uint8_t { all, internal };

constexpr Audience audience_of(MessageClass message_class) noexcept {
    return message_class == MessageClass::internal ? Audience::internal : Audience::all;
}

std::string_view name_of(MessageClass message_class) noexcept;
std::string_view name_of(Audience audience) noexcept;
// `bad_frame` for any other text.
Result<MessageClass> parse_class(std::string_view name);
Result<Audience> parse_audience(std::string_view name);

}  // namespace wardline::trust
