#include "audit/registry.hpp"
#include "server/acts/trail_acts.hpp"
#include "server/handlers/handlers.hpp"
#include "server/signed_head.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::size_t kKindsMax = wire::kEntryKinds;
constexpr std::size_t kKindBytesMax = 32;
constexpr std::size_t kNameBytesMax = 96;

struct Asked {
    audit::EntryKind kind{audit::EntryKind::reading};
    std::string_view act;
    Reading reading;
    std::optional<Instant> since;
    std::optional<Instant> until;
};

// How it is to be read: a word of the registry, of a reading or of an export.
Result<void> parse_act(cbor::MapReader& fields, Asked& out) {
    WARDLINE_TRY(const auto act, fields.text("act", kKindBytesMax));
    for (const auto kind : {audit::EntryKind::reading, audit::EntryKind::export_run}) {
        const auto words = audit::words_of(kind, "act");
        const auto found = std::ranges::find(words, act);
        if (found == words.end()) continue;
        out.kind = kind;
        out.act = *found;
        return success();
    }
    return Error{Code::bad_frame, "act is no way to read the trail"};
}

Result<std::vector<audit::EntryKind>> parse_kinds(const cbor::Json& list) {
    std::vector<audit::EntryKind> out;
    for (const auto& item : list) {
        if (!item.is_number_unsigned()) return Error{Code::bad_frame, "kinds are numbers"};
        WARDLINE_TRY(const auto kind, wire::parse_entry_kind(item.get<std::uint64_t>()));
        out.push_back(kind);
    }
    return out;
}

// Who is asked about has to be somebody: a name that is mistyped would look like one who did
// nothing.
Result<void> parse_whom(const ClinicRecord& record, cbor::MapReader& fields, Reading& out) {
    if (fields.has("patient")) {
        WARDLINE_TRY(const auto text, fields.text("patient", kNameBytesMax));
        WARDLINE_TRY(const auto patient, PatientId::parse(text));
        const auto* chain = record.patient(patient);
        if (chain == nullptr) return Error{Code::not_found, "there is no such patient id"};
        out.thread = chain->thread();
        out.chain = chain->name().text();
    }
    if (fields.has("subject")) {
        WARDLINE_TRY(const auto text, fields.text("subject", kNameBytesMax));
        WARDLINE_TRY(const auto account, Account::parse(text));
        const bool known =
            account.is_staff()
                ? record.clinic().account(account) != nullptr
                : record.patient(PatientId::parse(account.name()).value()) != nullptr;
        if (!known) return Error{Code::not_found, "there is no such account"};
        out.subject = account.text();
    }
    if (fields.has("device")) {
        WARDLINE_TRY(out.device, fields.fixed<DeviceId>("device"));
        if (!record.device(*out.device)) return Error{Code::not_found, "there is no such device"};
    }
    return success();
}

Result<Asked> parse(const ClinicRecord& record, const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    Asked out;
    WARDLINE_TRY(parse_act(fields, out));
    auto& reading = out.reading;
    if (fields.has("from")) {
        WARDLINE_TRY(reading.from, fields.uint("from", INT64_MAX));
        if (reading.from == 0) return Error{Code::bad_frame, "entries are numbered from 1"};
    }
    if (fields.has("to")) {
        WARDLINE_TRY(reading.to, fields.uint("to", INT64_MAX));
    }
    if (fields.has("since")) {
        WARDLINE_TRY(const auto ms, fields.uint("since"));
        out.since = Instant{ms};
    }
    if (fields.has("until")) {
        WARDLINE_TRY(const auto ms, fields.uint("until"));
        out.until = Instant{ms};
    }
    if (fields.has("follow")) {
        WARDLINE_TRY(reading.follows, fields.boolean("follow"));
    }
    if (fields.has("kinds")) {
        WARDLINE_TRY(const auto* list, fields.array("kinds", kKindsMax));
        WARDLINE_TRY(reading.kinds, parse_kinds(*list));
    }
    WARDLINE_TRY(parse_whom(record, fields, reading));
    return out;
}

// Times become numbers of entries; nothing reaches beyond the head.
Task<Reading> bounded(Services& services, Asked asked, std::uint64_t size) {
    auto reading = std::move(asked.reading);
    if (asked.since) {
        WARDLINE_CO_TRY(const auto first, co_await services.trail.first_at(*asked.since, size));
        reading.from = std::max(reading.from, first);
    }
    reading.to = reading.to == 0 ? size : std::min(reading.to, size);
    if (asked.until) {
        WARDLINE_CO_TRY(const auto behind, co_await services.trail.first_at(*asked.until, size));
        reading.to = std::min(reading.to, behind - 1);
    }
    reading.from = std::min(reading.from, size + 1);
    co_return std::move(reading);
}

std::unique_ptr<ReadingAct> act_of(
    const Request& request, const Asked& asked, const Reading& read
) {
    auto act = std::make_unique<ReadingAct>();
    act->device = request.device();
    act->kind = asked.kind;
    act->act = asked.act;
    act->from = read.from;
    if (!read.follows) act->to = read.to;
    act->thread = read.thread;
    act->subject = read.subject;
    return act;
}

Result<void> may_read(Services& services, const Request& request) {
    const auto device = services.record().live_device(request.device());
    if (device && services.record().capabilities(*device).has(trust::Capability::read_audit)) {
        return success();
    }
    services.file_refusal({.act = "audit-begin", .device = request.device()}, Code::forbidden);
    return Error{Code::forbidden, "needs read-audit"};
}

}  // namespace

Task<Bytes> audit_begin(Services& services, SharedRequest request) {
    // First, so that who may not read is told nothing of what there is.
    WARDLINE_CO_TRY(may_read(services, *request));
    WARDLINE_CO_TRY(auto asked, parse(services.record(), request->body()));
    request->from().reading.reset();
    const auto head = newest_head(services);
    const auto size = newest_size(services);
    WARDLINE_CO_TRY(auto reading, co_await bounded(services, asked, size));
    WARDLINE_CO_TRY(
        const auto done, co_await services.journal.append(act_of(*request, asked, reading))
    );
    auto before = cbor::Json::array();
    WARDLINE_CO_TRY(const auto edge, co_await services.reader.tree_edge(reading.from - 1));
    for (const auto& hash : edge.frontier().hashes()) before.push_back(cbor::binary(hash.view()));
    request->from().reading = reading;
    co_return request->frame(
        {{"seq", done.seq},
         {"from", reading.from},
         {"to", reading.to},
         {"head", head},
         {"before", std::move(before)}}
    );
}

}  // namespace wardline::server::handlers
