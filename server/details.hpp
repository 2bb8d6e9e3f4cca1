#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The details of an entry: metadata that a leaf binds. Which kind has which: audit/registry.hpp.
// Only ids, kinds, counts and names from fixed lists; what is absent is not written. Pure.
namespace wardline::server {

struct Details {
    std::string_view act{};  // What was asked, of an entry that says that it was refused.
    std::string_view actor{};
    std::string_view audience{};
    std::string_view chain{};
    std::string_view message_class{};
    std::optional<Code> code{};
    std::optional<std::uint64_t> count{};
    std::optional<DeviceId> device{};
    std::optional<std::uint64_t> from{};
    std::optional<Hash> hash{};
    std::vector<std::string> names{};
    std::string_view patient{};
    std::optional<std::uint64_t> pos{};
    std::optional<std::uint64_t> size{};
    std::string_view subject{};
    std::optional<ThreadId> thread{};
    std::optional<std::uint64_t> to{};
    std::string_view type{};
    std::vector<std::uint64_t> units{};
    std::string_view version{};

    // The views only need to live until here.
    Bytes encode() const;
};

}  // namespace wardline::server
