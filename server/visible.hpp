#pragma once

#include "storage/journal_state.hpp"

// What an entry says about who may see it. Pure.
namespace wardline::server {

// A message, or slots added to messages.
bool is_content(const storage::StoredEntry& entry) noexcept;
// Of the audience `internal`: nothing of it is for the patient. When in doubt it is.
bool is_internal(const storage::StoredEntry& entry);

}  // namespace wardline::server
