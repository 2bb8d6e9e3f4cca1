#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"
#include "protocol/wire/entry_kind.hpp"

#include <span>
#include <string_view>

// Every kind of entry with the fields that its details may have: the one list that the server
// writes by, readers and exports read by, and docs/audit.md is made from. Details are metadata:
// ids, names that the clinic chose, counts, times, and words from fixed lists. Pure; any thread.
namespace wardline::audit {

using wire::EntryKind;

enum class FieldType : std::uint8_t {
    text,     // A word of a fixed list, an account, a patient id or a name.
    texts,    // Several.
    number,   // A count, a seq, a position or a size.
    numbers,  // Several.
    time,     // Milliseconds since 1970-01-01T00:00:00Z.
    id,       // 16 bytes: a device or a thread.
    hash,     // 32 bytes.
};

struct Field {
    std::string_view key;
    FieldType type{};
    bool always{false};  // Every entry of the kind has it.
    std::string_view meaning;
};

struct KindInfo {
    EntryKind kind{};
    std::string_view meaning;
    std::span<const Field> fields;  // Sorted by key, as they are encoded.
};

// In the order of the kinds' numbers.
std::span<const KindInfo> registry() noexcept;
const KindInfo& info_of(EntryKind kind) noexcept;
// Null for a field that no entry of this kind has.
const Field* field_of(const KindInfo& info, std::string_view key) noexcept;

// The values that a text field takes from a fixed list; empty for one that holds a name or code.
std::span<const std::string_view> words_of(EntryKind kind, std::string_view key) noexcept;

// `internal` with a sentence, unless the details are a CBOR map in its one encoding
// (docs/protocol.md section 1, keys sorted) of exactly fields that the registry has for the kind.
Result<void> check_details(EntryKind kind, BytesView details);

}  // namespace wardline::audit
