#include "protocol/base/cbor_writer.hpp"
#include "server/handlers/handlers.hpp"
#include "server/signed_head.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 1'000;
// Rows that one request reads at most, however few of them fit the question.
constexpr int kPagesMax = 8;
constexpr std::size_t kBytesMax = cbor::kItemBytesMax - 1'024;

// Whether the entry is of whom the reading asks about. What is erased is of nobody.
bool fits(const Reading& reading, const audit::TrailEntry& entry) {
    if (reading.subject.empty() && !reading.device) return true;
    const auto details = cbor::decode(entry.details);
    if (!details || !details.value().is_object()) return false;
    auto fields = cbor::MapReader::over(details.value());
    if (!fields) return false;
    if (!reading.subject.empty()) {
        const auto actor = fields.value().text("actor", 128);
        if (!actor || actor.value() != reading.subject) return false;
    }
    if (!reading.device) return true;
    const auto device = fields.value().fixed<DeviceId>("device");
    return device && device.value() == *reading.device;
}

Bytes encode(const audit::TrailEntry& entry) {
    cbor::Writer out{256};
    out.map((entry.salt ? 6U : 5U) + (entry.address.empty() ? 0U : 1U));
    if (!entry.address.empty()) out.text("address").text(entry.address);
    if (entry.salt) out.text("details").bytes(entry.details);
    if (!entry.salt) out.text("erased").bytes(entry.erased.view());
    out.text("kind").uint(static_cast<std::uint64_t>(entry.kind));
    out.text("leaf").bytes(entry.leaf.view());
    if (entry.salt) out.text("salt").bytes(entry.salt->view());
    out.text("seq").uint(entry.seq);
    out.text("time").uint(entry.time.ms);
    return std::move(out).take();
}

struct Page {
    std::vector<Bytes> entries;
    std::size_t bytes{0};
    Seq upto{0};
    bool full{false};
};

// Takes what fits of a page that was read.
void take(Page& page, const Reading& reading, const storage::TrailPage& read, std::size_t limit) {
    for (const auto& entry : read.entries) {
        if (fits(reading, entry)) {
            auto encoded = encode(entry);
            if (page.bytes + encoded.size() > kBytesMax || page.entries.size() >= limit) {
                page.full = true;
                return;
            }
            page.bytes += encoded.size();
            page.entries.push_back(std::move(encoded));
        }
        page.upto = entry.seq;
    }
    page.upto = read.upto;
}

storage::Task<storage::TrailPage> read_page(
    Services& services, const Reading& reading, storage::TrailRange range
) {
    if (reading.thread) return services.trail.about(range, *reading.thread, reading.chain);
    return services.trail.range(range, reading.kinds);
}

// The kinds of a thread's entries are looked at here: its page comes from other indexes.
void drop_other_kinds(const Reading& reading, storage::TrailPage& page) {
    if (!reading.thread || reading.kinds.empty()) return;
    std::erase_if(page.entries, [&reading](const auto& entry) {
        return std::ranges::find(reading.kinds, entry.kind) == reading.kinds.end();
    });
}

Bytes frame_of(const Page& page, std::uint64_t id, bool more) {
    cbor::Writer out{page.bytes + 256};
    out.map(5).text("entries").array(page.entries.size());
    for (const auto& entry : page.entries) out.item(entry);
    out.text("id").uint(id).text("more").boolean(more).text("t").text("audit");
    out.text("upto").uint(page.upto);
    return std::move(out).take();
}

bool may_still_read(Services& services, const DeviceId& id) {
    const auto device = services.record().live_device(id);
    return device && services.record().capabilities(*device).has(trust::Capability::read_audit);
}

}  // namespace

Task<Bytes> audit(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto after, fields.uint("after", INT64_MAX));
    WARDLINE_CO_TRY(const auto asked, fields.uint("limit"));
    if (!request->from().reading) co_return Error{Code::not_open, "begin with audit-begin"};
    const Reading reading = *request->from().reading;
    const auto limit = static_cast<std::size_t>(std::clamp<std::uint64_t>(asked, 1, kLimitMax));
    const auto end = reading.follows ? newest_size(services) : reading.to;
    co_await request->room();

    Page page;
    page.upto = std::max(after, reading.from - 1);
    for (int i = 0; i < kPagesMax && page.upto < end && !page.full; ++i) {
        const storage::TrailRange range{page.upto, end, limit - page.entries.size()};
        if (range.limit == 0) break;
        WARDLINE_CO_TRY(auto read, co_await read_page(services, reading, range));
        drop_other_kinds(reading, read);
        take(page, reading, read, limit);
    }
    // The right to read may have ended meanwhile.
    if (!may_still_read(services, request->device())) {
        services.file_refusal({.act = "audit", .device = request->device()}, Code::forbidden);
        co_return Error{Code::forbidden, "needs read-audit"};
    }
    co_return frame_of(page, request->id(), page.upto < end);
}

}  // namespace wardline::server::handlers
