#pragma once

#include "protocol/base/result.hpp"
#include "protocol/trust/class.hpp"

#include <cstdint>
#include <map>

// How long the clinic keeps what. In this release: the days a class that genesis names, counted
// from the server's receipt. Pure; any thread.
namespace wardline::retention {

constexpr std::uint32_t kKeepDaysMin = 1;
constexpr std::uint32_t kKeepDaysMax = 36'500;

class Policy {
public:
    // `bad_statement` unless every class has 1 to 36,500 days.
    static Result<Policy> from(const std::map<trust::MessageClass, std::uint32_t>& keep_days);

    std::uint32_t keep_days(trust::MessageClass message_class) const;
    bool operator==(const Policy&) const = default;

private:
    explicit Policy(std::map<trust::MessageClass, std::uint32_t> keep_days)
        : keep_days_{std::move(keep_days)} {}
    std::map<trust::MessageClass, std::uint32_t> keep_days_;
};

}  // namespace wardline::retention
