#include "protocol/wire/entry_kind.hpp"

#include <array>

namespace wardline::wire {
namespace {

constexpr std::array<std::string_view, kEntryKinds> kKindNames = {
    "statement",
    "message",
    "added-slots",
    "login",
    "logout",
    "open",
    "close",
    "receipts",
    "expiry",
    "refusal",
    "destroyed",
    "export",
    "server",
    "strangers",
    "erasure",
    "reading",
};

}  // namespace

std::string_view name_of(EntryKind kind) noexcept {
    return kKindNames[static_cast<std::size_t>(kind) - 1];
}

Result<EntryKind> parse_entry_kind(std::uint64_t number) {
    if (number == 0 || number > kKindNames.size()) {
        return Error{Code::bad_frame, "not a kind of entry"};
    }
    return static_cast<EntryKind>(number);
}

}  // namespace wardline::wire
