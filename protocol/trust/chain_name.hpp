#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Which chain a statement is in, and where. docs/protocol.md sections 1 and 3.
namespace wardline::trust {

// The clinic's chain, or one patient's. Text form "clinic" or "patient/PATIENT-ID".
class ChainName {
public:
    static ChainName clinic() { return ChainName{std::nullopt}; }
    static ChainName patient(PatientId id) { return ChainName{std::move(id)}; }
    // `bad_frame` for any other text; "office" is reserved and refused in this release.
    static Result<ChainName> parse(std::string_view text);

    bool is_clinic() const noexcept { return !patient_; }
    // Nothing for the clinic's chain.
    const std::optional<PatientId>& patient() const noexcept { return patient_; }
    std::string text() const;

    auto operator<=>(const ChainName&) const = default;

private:
    explicit ChainName(std::optional<PatientId> patient) : patient_{std::move(patient)} {}
    std::optional<PatientId> patient_;
};

// A statement of a chain, by its position (from 0) and its hash.
struct ChainPosition {
    std::uint64_t pos{0};
    Hash hash;
    auto operator<=>(const ChainPosition&) const = default;
};

// A seq behind every entry: "as things stand now".
constexpr Seq kNow = UINT64_MAX;

}  // namespace wardline::trust
