#pragma once

#include "audit/registry.hpp"
#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

// The details of an entry, read in one pass over their bytes without copies, as the registry has
// them: a map in its one encoding of fields that the kind may have, each of its type. Pure; any
// thread.
namespace wardline::audit {

// The value of a field. It refers to the bytes that it was read from.
struct Detail {
    const Field* field{nullptr};
    std::uint64_t number{0};  // number, time
    BytesView bytes;          // text, id, hash; texts and numbers: the items, encoded
    std::size_t items{0};     // texts, numbers: how many

    std::string_view text() const noexcept { return as_text(bytes); }
    std::vector<std::uint64_t> numbers() const;
    std::vector<std::string_view> texts() const;
};

class Details {
public:
    static constexpr std::size_t kFieldsMax = 16;

    // `internal` with a sentence for anything but what check_details() accepts.
    static Result<Details> read(EntryKind kind, BytesView encoded);

    // Sorted by key.
    std::span<const Detail> all() const noexcept { return std::span{fields_}.first(count_); }
    // Null where the entry does not have the field.
    const Detail* find(std::string_view key) const noexcept;
    // Empty, or 0, where the entry does not have it.
    std::string_view text(std::string_view key) const noexcept;
    std::uint64_t number(std::string_view key) const noexcept;

private:
    std::array<Detail, kFieldsMax> fields_{};
    std::size_t count_{0};
};

}  // namespace wardline::audit
