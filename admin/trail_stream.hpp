#pragma once

#include "audit/export.hpp"
#include "clients/core/trail.hpp"

#include <functional>

// A reading of the trail as export and verification want it: entries, and behind each the signed
// head that covers exactly so many.
namespace wardline::admin {

struct TrailSink {
    std::function<Result<void>(const audit::TrailEntry&)> entry;
    std::function<Result<void>(const audit::SignedHead&)> head;
};

audit::ExportHeader header_of(const client::Trail& trail, bool complete);
// Which of the kept heads go with it: none where entries are missing, all, or only such as lie far
// enough apart that checking their signatures does not slow down who verifies. The newest always.
enum class Heads : std::uint8_t { none, all, apart };

// To the end; an error of the sink ends it.
Result<void> stream(
    client::Client& client, client::Trail& trail, Heads heads, const TrailSink& sink
);

}  // namespace wardline::admin
