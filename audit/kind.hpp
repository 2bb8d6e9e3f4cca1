#pragma once

#include "protocol/wire/entry_kind.hpp"

#include <optional>
#include <string>
#include <string_view>

// Kinds of entries as text, and kinds that a later version, or a vandal, may have written. Pure;
// any thread.
namespace wardline::audit {

using wire::EntryKind;

// Whether this version knows the kind: name_of() and info_of() are for such kinds alone.
bool is_known(EntryKind kind) noexcept;
// The kind of that published name.
std::optional<EntryKind> kind_named(std::string_view name) noexcept;
// Its published name, or the number of an unknown one.
std::string text_of(EntryKind kind);

}  // namespace wardline::audit
