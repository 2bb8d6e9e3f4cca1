#include "audit/kind.hpp"

namespace wardline::audit {

bool is_known(EntryKind kind) noexcept {
    const auto number = static_cast<std::uint8_t>(kind);
    return number >= 1 && number <= wire::kEntryKinds;
}

std::optional<EntryKind> kind_named(std::string_view name) noexcept {
    for (std::uint8_t number = 1; number <= wire::kEntryKinds; ++number) {
        const auto kind = static_cast<EntryKind>(number);
        if (name_of(kind) == name) return kind;
    }
    return std::nullopt;
}

std::string text_of(EntryKind kind) {
    if (is_known(kind)) return std::string{name_of(kind)};
    return std::to_string(static_cast<unsigned>(kind));
}

}  // namespace wardline::audit
