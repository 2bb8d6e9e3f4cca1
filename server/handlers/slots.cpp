#include "protocol/message/slots.hpp"

#include "protocol/message/sealed_message.hpp"
#include "server/handlers/handlers.hpp"
#include "server/message_payload.hpp"
#include "server/visible.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 200;
constexpr std::size_t kPage = 200;
constexpr std::size_t kAnswerBytesMax = cbor::kItemBytesMax - 1'024;

// A message without its ciphertext.
struct Bare {
    Bytes header;
    Bytes slots;
    std::vector<message::AddedSlot> added;

    std::size_t bytes() const { return header.size() + slots.size() + added.size() * 256 + 64; }
};

using Found = std::map<Seq, Bare>;

Result<Bare> bare_of(const storage::StoredEntry& entry) {
    const auto payload = MessagePayload::of(entry.payloads.front().bytes);
    if (!payload) return Error{Code::internal, "a stored message is malformed"};
    WARDLINE_TRY(auto sealed, message::decode_message(payload->message));
    return Bare{std::move(sealed.header), std::move(sealed.slots), {}};
}

Result<void> note_added(Found& found, const storage::StoredEntry& entry) {
    for (const auto& payload : entry.payloads) {
        WARDLINE_TRY(auto slots, message::decode_added_slots(payload.bytes));
        for (auto& slot : slots) {
            const auto message = found.find(slot.seq);
            if (message != found.end()) message->second.added.push_back(std::move(slot));
        }
    }
    return success();
}

struct Collected {
    Found messages;
    bool more{false};
};

// The messages behind `after` that the asker may see.
Task<Collected> messages_behind(
    Services& services, ThreadId thread, Seq after, std::size_t limit, bool all
) {
    Collected out;
    for (bool more = true; more && !out.more;) {
        const auto wanted = limit - out.messages.size() + 1;
        WARDLINE_CO_TRY(
            const auto page, co_await services.reader.thread_messages(thread, after, wanted)
        );
        for (const auto& entry : page.entries) {
            if ((!all && is_internal(entry)) || entry.payloads.empty()) continue;
            if (out.messages.size() == limit) {
                out.more = true;
                break;
            }
            WARDLINE_CO_TRY(auto bare, bare_of(entry));
            out.messages.emplace(entry.seq, std::move(bare));
        }
        more = page.more && page.upto > after;
        after = page.upto;
    }
    co_return out;
}

// What was added to them, until now.
Task<void> add_later(Services& services, Found& found, bool all) {
    std::vector<Seq> seqs;
    for (const auto& [seq, bare] : found) seqs.push_back(seq);
    auto after = seqs.empty() ? Seq{0} : seqs.front();
    for (bool more = !seqs.empty(); more;) {
        WARDLINE_CO_TRY(const auto page, co_await services.reader.added_to(seqs, after, kPage));
        for (const auto& entry : page.entries) {
            if (!all && is_internal(entry)) continue;
            WARDLINE_CO_TRY(note_added(found, entry));
        }
        more = page.more && page.upto > after;
        after = page.upto;
    }
    co_return success();
}

cbor::Json to_json(Seq seq, const Bare& bare) {
    cbor::Json out{
        {"seq", seq}, {"header", cbor::binary(bare.header)}, {"slots", cbor::binary(bare.slots)}
    };
    if (bare.added.empty()) return out;
    auto added = cbor::Json::array();
    for (const auto& item : bare.added) added.push_back(message::to_json(item.slot));
    out["added"] = std::move(added);
    return out;
}

}  // namespace

Task<Bytes> slots(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto thread, fields.fixed<ThreadId>("thread"));
    WARDLINE_CO_TRY(const auto after, fields.uint("after", INT64_MAX));
    WARDLINE_CO_TRY(const auto limit, fields.uint("limit"));
    const auto device = services.record().live_device(request->device());
    const auto* chain = services.record().patient_of(thread);
    const bool may = device && chain != nullptr &&
                     services.record().may_read(*device, *chain, trust::Audience::all);
    if (!may) {
        services.file_refusal(
            {.act = "slots", .device = request->device(), .thread = thread}, Code::forbidden
        );
        co_return Error{Code::forbidden, "not a reader of the thread"};
    }
    const auto count = static_cast<std::size_t>(std::clamp<std::uint64_t>(limit, 1, kLimitMax));
    const bool staff = device->is_staff();
    co_await request->room();
    WARDLINE_CO_TRY(auto found, co_await messages_behind(services, thread, after, count, staff));
    WARDLINE_CO_TRY(co_await add_later(services, found.messages, staff));
    auto list = cbor::Json::array();
    bool more = found.more;
    std::size_t bytes = 0;
    for (const auto& [seq, bare] : found.messages) {
        bytes += bare.bytes();
        if (!list.empty() && bytes > kAnswerBytesMax) {
            more = true;
            break;
        }
        list.push_back(to_json(seq, bare));
    }
    cbor::Json answer{{"messages", std::move(list)}, {"more", more}};
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
