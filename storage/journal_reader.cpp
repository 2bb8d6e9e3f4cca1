#include "storage/journal_reader.hpp"

#include "storage/database.hpp"
#include "storage/key_ring.hpp"
#include "storage/payload_queries.hpp"
#include "storage/payload_reader.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

#include <algorithm>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

// All that is read of entries themselves, in this order of columns.
#define WARDLINE_ENTRY_COLUMNS "e.seq, e.time, e.kind, d.salt, d.details, d.thread, d.class"

// Entry and details of each number that the rows before it give: by one row of an index each,
// whatever the planner thinks of the tables' sizes.
#define WARDLINE_ENTRY_AT(seq)                                                                  \
    " cross join lateral (select * from entries o where o.clinic = $1::int and o.seq = " seq    \
    " limit 1) e left join lateral (select * from entry_details o where o.clinic = $1::int and" \
    " o.seq = " seq " limit 1) d on true "

constexpr Query kNewest{"newest", "select seq from heads where clinic = $1::int"};
constexpr Query kHead{"head", "select body, sig from heads where clinic = $1::int and seq > 0"};
constexpr Query kClinic{
    "clinic", "select id from clinics where clinic = $1::int and id is not null"
};

constexpr Query kRange{"range", "select " WARDLINE_ENTRY_COLUMNS R"sql(
    from entries e left join lateral (
        select * from entry_details o where o.clinic = $1::int and o.seq = e.seq limit 1
    ) d on true
    where e.clinic = $1::int and e.seq > $2::int8 and e.seq <= $3::int8
    order by e.seq limit $4::int8
)sql"};

// Each thread and chain is read from its own index, so that the question costs what it answers and
// not what the journal holds.
#define WARDLINE_BEHIND(wanted, column, table)                                           \
    "select one.seq from unnest(" wanted ") as wanted (" column                          \
    ") cross join lateral (select"                                                       \
    " t.seq from " table " t where t.clinic = $1::int and t." column " = wanted." column \
    " and t.seq > $2::int8 order by t.seq limit $3::int8) one"

constexpr Query kSyncPage{
    "sync_page",
    "select " WARDLINE_ENTRY_COLUMNS " from (select seq from ("
    WARDLINE_BEHIND("$4::bytea[]", "thread", "entry_details") " union "
    WARDLINE_BEHIND("$5::text[]", "chain", "statements") " union "
    WARDLINE_BEHIND("$6::bytea[]", "thread", "erased_details")
    ") mine order by seq limit $3::int8) page" WARDLINE_ENTRY_AT("page.seq") " order by page.seq"
};

// A thread's page goes over what has details and over messages that lost them.
#define WARDLINE_THREAD_PAGE(which, order)                                                   \
    " from (select seq from ("                                                               \
    "(select d.seq from entry_details d where d.clinic = $1::int and d.thread = $2::bytea"   \
    " and d.seq " which " $3::int8 order by d.seq " order                                    \
    " limit $4::int8) union all"                                                             \
    " (select x.seq from erased_details x where x.clinic = $1::int and x.thread = $2::bytea" \
    " and x.seq " which " $3::int8 order by x.seq " order                                    \
    " limit $4::int8)"                                                                       \
    ") both_kinds order by seq " order                                                       \
    " limit $4::int8) page" WARDLINE_ENTRY_AT("page.seq") " order by page.seq " order

constexpr Query kThreadAfter{
    "thread_after", "select " WARDLINE_ENTRY_COLUMNS WARDLINE_THREAD_PAGE(">", "asc")
};
constexpr Query kThreadBefore{
    "thread_before", "select " WARDLINE_ENTRY_COLUMNS WARDLINE_THREAD_PAGE("<", "desc")
};
// Only messages have a class.
constexpr Query kThreadMessages{"thread_messages", "select " WARDLINE_ENTRY_COLUMNS R"sql(
    from entry_details d join entries e using (clinic, seq)
    where d.clinic = $1::int and d.thread = $2::bytea and d.seq > $3::int8 and d.class is not null
    order by d.seq limit $4::int8
)sql"};
// Added slots lie in the units of their messages, so what is read has the days and classes that
// were asked for, however long the thread goes on behind them.
constexpr Query kAddedTo{"added_to", "select " WARDLINE_ENTRY_COLUMNS R"sql(
    from (
        select distinct added.seq
        from (
            select distinct p.unit from unnest($2::int8[]) as asked (seq) cross join lateral (
                select o.unit from payloads o
                where o.clinic = $1::int and o.seq = asked.seq limit 1
            ) p
        ) units
        cross join lateral (
            select a.seq from payloads a
            where a.clinic = $1::int and a.unit = units.unit and a.kind = 3 and a.seq > $3::int8
        ) added
        order by added.seq limit $4::int8
    ) page
)sql" WARDLINE_ENTRY_AT("page.seq") R"sql(
    order by page.seq
)sql"};
constexpr Query kEntries{"entries", "select " WARDLINE_ENTRY_COLUMNS R"sql(
    from unnest($2::int8[]) as asked (seq)
)sql" WARDLINE_ENTRY_AT("asked.seq") R"sql(
    order by e.seq
)sql"};
constexpr Query kLastOf{"last_of", R"sql(
    select wanted.thread, last.seq, e.time, last.class
    from unnest($2::bytea[]) as wanted (thread) cross join lateral (
        select d.seq, d.class from entry_details d
        where d.clinic = $1::int and d.thread = wanted.thread and d.class is not null
        order by d.seq desc limit 1
    ) last
    join entries e on e.clinic = $1::int and e.seq = last.seq
)sql"};
constexpr Query kStatementPage{"statement_page", "select " WARDLINE_ENTRY_COLUMNS R"sql(
    from statements s
)sql" WARDLINE_ENTRY_AT("s.seq") R"sql(
    where s.clinic = $1::int and s.seq > $2::int8 and s.seq <= $3::int8
    order by s.seq limit $4::int8
)sql"};
constexpr Query kChainPage{"chain_page", "select " WARDLINE_ENTRY_COLUMNS R"sql(
    from statements s
)sql" WARDLINE_ENTRY_AT("s.seq") R"sql(
    where s.clinic = $1::int and s.chain = $2::text and s.pos >= $3::int8
    order by s.pos limit $4::int8
)sql"};
constexpr Query kEpochBoxes{
    "epoch_boxes",
    "select boxes, previous from epoch_boxes where clinic = $1::int and epoch = $2::bytea"
};
constexpr Query kAdmitBoxes{"admit_boxes", R"sql(
    select device, box from admit_boxes where clinic = $1::int and epoch = $2::bytea order by seq
)sql"};

constexpr std::size_t kEveryByte = INT64_MAX;

// PostgreSQL's bigint has a sign.
std::uint64_t as_limit(Seq seq) {
    return std::min<std::uint64_t>(seq, INT64_MAX);
}

std::vector<StoredEntry> entries_of(const pg::Rows& rows) {
    std::vector<StoredEntry> out;
    out.reserve(static_cast<std::size_t>(rows.size()));
    for (int row = 0; row < rows.size(); ++row) {
        auto& entry = out.emplace_back();
        entry.seq = rows.number(row, 0);
        entry.time.ms = rows.number(row, 1);
        entry.kind = static_cast<audit::EntryKind>(rows.number(row, 2));
        if (!rows.is_null(row, 3)) {
            entry.salt = rows.fixed<audit::Salt>(row, 3);
            entry.details = rows.copy(row, 4);
        }
        if (!rows.is_null(row, 5)) entry.thread = rows.fixed<ThreadId>(row, 5);
        if (!rows.is_null(row, 6)) {
            entry.message_class = static_cast<trust::MessageClass>(rows.number(row, 6));
        }
    }
    return out;
}

// From the head as it was before the page was read: what was committed since may be in the page,
// and what is not is newer than this.
EntryPage page_of(const pg::Rows& head, const pg::Rows& rows, std::size_t limit) {
    EntryPage page;
    page.entries = entries_of(rows);
    page.more = page.entries.size() >= limit;
    page.upto = head.empty() ? 0 : head.number(0, 0);
    return page;
}

// Once it is known which entries remain in the page.
void end_page(EntryPage& page, bool cut) {
    page.more = page.more || cut;
    const auto last = page.entries.empty() ? 0 : page.entries.back().seq;
    page.upto = page.more ? last : std::max(page.upto, last);
}

}  // namespace

std::vector<pg::Query> journal_reader_queries() {
    return {
        kNewest,
        kHead,
        kClinic,
        kRange,
        kSyncPage,
        kThreadAfter,
        kThreadMessages,
        kAddedTo,
        kThreadBefore,
        kEntries,
        kLastOf,
        kStatementPage,
        kChainPage,
        kEpochBoxes,
        kAdmitBoxes,
        kStatementsOf,
        kPayloadsOf,
        kErasedOf
    };
}

JournalReader::JournalReader(Database& database, KeyRing& keys)
    : database_{database}, keys_{keys} {}

Task<Seq> JournalReader::newest() {
    WARDLINE_CO_TRY(
        const auto rows, co_await database_.main().run(kNewest, Params{}.int4(database_.clinic()))
    );
    if (rows.empty()) co_return Error{Code::internal, "the journal has no head row"};
    co_return rows.number(0, 0);
}

Task<std::optional<audit::SignedHead>> JournalReader::head() {
    WARDLINE_CO_TRY(
        const auto rows, co_await database_.main().run(kHead, Params{}.int4(database_.clinic()))
    );
    std::optional<audit::SignedHead> head;
    if (!rows.empty()) head = audit::SignedHead{rows.copy(0, 0), rows.fixed<Signature>(0, 1)};
    co_return std::move(head);
}

Task<std::optional<ClinicId>> JournalReader::clinic() {
    WARDLINE_CO_TRY(
        const auto rows, co_await database_.main().run(kClinic, Params{}.int4(database_.clinic()))
    );
    std::optional<ClinicId> id;
    if (!rows.empty()) id = rows.fixed<ClinicId>(0, 0);
    co_return id;
}

Task<EntryPage> JournalReader::page(
    const pg::Query& query, pg::Params params, std::size_t limit, PageOptions options
) {
    std::vector<pg::Statement> questions;
    questions.push_back({&kNewest, Params{}.int4(database_.clinic())});
    questions.push_back({&query, std::move(params)});
    WARDLINE_CO_TRY(const auto answers, co_await database_.main().run(std::move(questions)));
    auto page = page_of(answers[0], answers[1], limit);
    if (options.backwards) std::ranges::reverse(page.entries);
    WARDLINE_CO_TRY(
        const auto cut,
        co_await fill_entries(database_, keys_, page.entries, options.payloads, kPagePayloadBytes)
    );
    end_page(page, cut);
    co_return std::move(page);
}

Task<EntryPage> JournalReader::range(Seq after, Seq upto, std::size_t limit) {
    return page(
        kRange,
        Params{}.int4(database_.clinic()).int8(after).int8(as_limit(upto)).int8(limit),
        limit
    );
}

Task<EntryPage> JournalReader::sync_page(Seq after, std::size_t limit, const SyncFilter& filter) {
    Params params;
    params.int4(database_.clinic()).int8(after).int8(limit).fixed_array(filter.threads);
    params.texts(filter.chains.size());
    for (const auto& chain : filter.chains) params.add_bytes(as_bytes(chain));
    params.fixed_array(filter.payloads ? filter.threads : std::vector<ThreadId>{});
    return page(kSyncPage, std::move(params), limit, {filter.payloads, false});
}

Task<EntryPage> JournalReader::thread_after(const ThreadId& thread, Seq after, std::size_t limit) {
    return page(
        kThreadAfter,
        Params{}.int4(database_.clinic()).bytea(thread.view()).int8(after).int8(limit),
        limit
    );
}

Task<EntryPage> JournalReader::thread_messages(
    const ThreadId& thread, Seq after, std::size_t limit
) {
    return page(
        kThreadMessages,
        Params{}.int4(database_.clinic()).bytea(thread.view()).int8(after).int8(limit),
        limit
    );
}

Task<EntryPage> JournalReader::added_to(
    const std::vector<Seq>& messages, Seq after, std::size_t limit
) {
    return page(
        kAddedTo, Params{}.int4(database_.clinic()).int8s(messages).int8(after).int8(limit), limit
    );
}

Task<EntryPage> JournalReader::thread_before(
    const ThreadId& thread, Seq before, std::size_t limit
) {
    return page(
        kThreadBefore,
        Params{}
            .int4(database_.clinic())
            .bytea(thread.view())
            .int8(as_limit(before == 0 ? UINT64_MAX : before))
            .int8(limit),
        limit,
        {true, true}
    );
}

Task<std::vector<StoredEntry>> JournalReader::entries(std::vector<Seq> seqs) {
    std::ranges::sort(seqs);
    const auto repeated = std::ranges::unique(seqs);
    seqs.erase(repeated.begin(), repeated.end());
    WARDLINE_CO_TRY(
        const auto rows,
        co_await database_.main().run(kEntries, Params{}.int4(database_.clinic()).int8s(seqs))
    );
    auto found = entries_of(rows);
    WARDLINE_CO_TRY(co_await fill_entries(database_, keys_, found, true, kEveryByte));
    co_return std::move(found);
}

Task<std::vector<ThreadLast>> JournalReader::last_of(std::vector<ThreadId> threads) {
    WARDLINE_CO_TRY(
        const auto rows,
        co_await database_.main().run(
            kLastOf, Params{}.int4(database_.clinic()).fixed_array(threads)
        )
    );
    std::vector<ThreadLast> out;
    for (int row = 0; row < rows.size(); ++row) {
        ThreadLast last;
        last.thread = rows.fixed<ThreadId>(row, 0);
        last.seq = rows.number(row, 1);
        last.time.ms = rows.number(row, 2);
        last.message_class = static_cast<trust::MessageClass>(rows.number(row, 3));
        out.push_back(last);
    }
    co_return std::move(out);
}

Task<EntryPage> JournalReader::statements(Seq after, Seq upto, std::size_t limit) {
    return page(
        kStatementPage,
        Params{}.int4(database_.clinic()).int8(after).int8(as_limit(upto)).int8(limit),
        limit
    );
}

Task<EntryPage> JournalReader::chain(
    const std::string& chain, std::uint64_t from, std::size_t limit
) {
    return page(
        kChainPage, Params{}.int4(database_.clinic()).text(chain).int8(from).int8(limit), limit
    );
}

Task<BoxesOfEpoch> JournalReader::boxes(const Hash& epoch) {
    std::vector<pg::Statement> questions;
    for (const auto* query : {&kEpochBoxes, &kAdmitBoxes}) {
        questions.push_back({query, Params{}.int4(database_.clinic()).bytea(epoch.view())});
    }
    BoxesOfEpoch out;
    out.epoch.epoch = epoch;
    WARDLINE_CO_TRY(const auto answers, co_await database_.main().run(std::move(questions)));
    if (answers[0].empty()) co_return Error{Code::not_found, "no such epoch"};
    out.epoch.boxes = answers[0].bytes_array(0, 0);
    out.epoch.previous = answers[0].boolean(0, 1);
    for (int row = 0; row < answers[1].size(); ++row) {
        out.admitted.push_back({answers[1].fixed<DeviceId>(row, 0), answers[1].copy(row, 1)});
    }
    co_return std::move(out);
}

}  // namespace wardline::storage
