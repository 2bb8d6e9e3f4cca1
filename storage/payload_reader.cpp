#include "storage/payload_reader.hpp"

#include "storage/database.hpp"
#include "storage/key_ring.hpp"
#include "storage/payload_queries.hpp"
#include "storage/pg/pool.hpp"

#include <algorithm>
#include <unordered_map>

namespace wardline::storage {
namespace {

using Index = std::unordered_map<Seq, StoredEntry*>;

bool may_have_payload(const StoredEntry& entry) {
    return entry.kind == audit::EntryKind::message || entry.kind == audit::EntryKind::added_slots;
}

bool lacks_details(const StoredEntry& entry) {
    return may_have_payload(entry) && entry.details.empty();
}

std::vector<Seq> seqs_of(
    const std::vector<StoredEntry>& entries, bool (*wanted)(const StoredEntry&)
) {
    std::vector<Seq> out;
    for (const auto& entry : entries) {
        if (wanted(entry)) out.push_back(entry.seq);
    }
    return out;
}

void add_statements(const pg::Rows& rows, const Index& index) {
    for (int row = 0; row < rows.size(); ++row) {
        StoredStatement statement;
        statement.chain = rows.text(row, 1);
        statement.pos = rows.number(row, 2);
        statement.hash = rows.fixed<Hash>(row, 3);
        statement.bytes = rows.copy(row, 4);
        index.at(rows.number(row, 0))->statement = std::move(statement);
    }
}

void add_erased(const pg::Rows& rows, const Index& index) {
    for (int row = 0; row < rows.size(); ++row) {
        auto& entry = *index.at(rows.number(row, 0));
        entry.erased = rows.fixed<Hash>(row, 1);
        if (!rows.is_null(row, 2)) entry.thread = rows.fixed<ThreadId>(row, 2);
        if (!rows.is_null(row, 3)) {
            entry.message_class = static_cast<trust::MessageClass>(rows.number(row, 3));
        }
    }
}

// The first entry that the page has no room for, or 0.
Task<Seq> add_payloads(KeyRing& keys, const pg::Rows& rows, const Index& index) {
    std::vector<KeyNumber> numbers;
    numbers.reserve(static_cast<std::size_t>(rows.size()));
    for (int row = 0; row < rows.size(); ++row) numbers.push_back(rows.number(row, 2));
    std::unordered_map<KeyNumber, SymmetricKey> found;
    if (!numbers.empty()) {
        WARDLINE_CO_TRY(auto unit_keys, co_await keys.find(std::move(numbers)));
        for (auto& one : unit_keys) found.insert_or_assign(one.number, std::move(one.key));
    }
    for (int row = 0; row < rows.size(); ++row) {
        const auto seq = rows.number(row, 0);
        if (rows.is_null(row, 4)) co_return seq;
        // Where the key is gone the unit was condemned while we read: the payload is as good as
        // gone.
        const auto key = found.find(rows.number(row, 2));
        if (key == found.end()) continue;
        const PayloadPlace place{seq, rows.fixed<ThreadId>(row, 3), rows.number(row, 1)};
        WARDLINE_CO_TRY(auto payload, unwrap_payload(key->second, place, rows.bytes(row, 4)));
        index.at(seq)->payloads.push_back({place.unit, std::move(payload)});
    }
    co_return Seq{0};
}

}  // namespace

Task<bool> fill_entries(
    Database& database,
    KeyRing& keys,
    std::vector<StoredEntry>& entries,
    bool payloads,
    std::size_t bytes_max
) {
    const auto statement_seqs = seqs_of(entries, [](const StoredEntry& entry) {
        return entry.kind == audit::EntryKind::statement;
    });
    const auto payload_seqs = seqs_of(entries, may_have_payload);
    const auto erased_seqs = seqs_of(entries, lacks_details);
    const auto clinic = database.clinic();
    std::vector<pg::Statement> questions;
    const bool read_payloads = payloads && !payload_seqs.empty();
    if (read_payloads) {
        questions.push_back(
            {&kPayloadsOf, pg::Params{}.int4(clinic).int8s(payload_seqs).int8(bytes_max)}
        );
    }
    if (!statement_seqs.empty()) {
        questions.push_back({&kStatementsOf, pg::Params{}.int4(clinic).int8s(statement_seqs)});
    }
    if (!erased_seqs.empty()) {
        questions.push_back({&kErasedOf, pg::Params{}.int4(clinic).int8s(erased_seqs)});
    }
    if (questions.empty()) co_return false;
    Index index;
    for (auto& entry : entries) index.emplace(entry.seq, &entry);

    WARDLINE_CO_TRY(const auto answers, co_await database.main().run(std::move(questions)));
    if (!statement_seqs.empty()) add_statements(answers[read_payloads ? 1 : 0], index);
    if (!erased_seqs.empty()) add_erased(answers.back(), index);
    if (!read_payloads) co_return false;
    WARDLINE_CO_TRY(const auto cut, co_await add_payloads(keys, answers.front(), index));
    if (cut != 0)
        std::erase_if(entries, [cut](const StoredEntry& entry) { return entry.seq >= cut; });
    for (auto& entry : entries) entry.expired = may_have_payload(entry) && entry.payloads.empty();
    co_return cut != 0;
}

}  // namespace wardline::storage
