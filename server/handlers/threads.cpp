#include "server/handlers/handlers.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::uint64_t kLimitMax = 256;

struct Listed {
    ThreadId thread;
    std::string patient;
    std::vector<std::string> teams;
};

struct Page {
    std::vector<Listed> threads;
    bool more{false};
};

// In the order of patient ids, behind `after`, the threads of the device's teams.
Page page_of(
    const ClinicRecord& record, const DeviceId& device, const std::string& after, std::size_t limit
) {
    Page out;
    for (const auto& [patient, chain] : record.patients()) {
        if (patient.text() <= after) continue;
        if (!trust::in_thread_team(record.clinic(), *chain, device)) continue;
        if (out.threads.size() == limit) {
            out.more = true;
            break;
        }
        Listed item{chain->thread(), patient.text(), {}};
        for (const auto& team : chain->teams()) item.teams.push_back(team.text());
        out.threads.push_back(std::move(item));
    }
    return out;
}

// How far the account has read in each thread, on whichever of its devices.
Task<std::unordered_map<ThreadId, Seq>> read_by(Services& services, std::vector<DeviceId> devices) {
    std::unordered_map<ThreadId, Seq> out;
    for (const auto& device : devices) {
        WARDLINE_CO_TRY(const auto cursors, co_await services.cursors.of_device(device));
        for (const auto& cursor : cursors) {
            auto& read = out[cursor.thread];
            read = std::max(read, cursor.read);
        }
    }
    co_return out;
}

cbor::Json to_json(const Listed& item, const storage::ThreadLast* last, Seq read) {
    cbor::Json out{
        {"thread", cbor::binary(item.thread.view())},
        {"patient", item.patient},
        {"teams", item.teams},
        {"last_seq", 0},
        {"last_time", 0},
        {"last_class", nullptr},
        {"read", read}
    };
    if (last != nullptr) {
        out["last_seq"] = last->seq;
        out["last_time"] = last->time.ms;
        if (last->message_class) out["last_class"] = trust::name_of(*last->message_class);
    }
    return out;
}

}  // namespace

Task<Bytes> threads(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto fields, cbor::MapReader::over(request->body()));
    WARDLINE_CO_TRY(const auto after, fields.text("after", 64));
    WARDLINE_CO_TRY(const auto limit, fields.uint("limit"));
    if (!request->account().is_staff()) {
        services.file_refusal({.act = "threads", .device = request->device()}, Code::forbidden);
        co_return Error{Code::forbidden, "a patient has one thread"};
    }
    const auto count = std::clamp<std::uint64_t>(limit, 1, kLimitMax);
    const auto page = page_of(services.record(), request->device(), after, count);
    std::vector<DeviceId> devices;
    for (const auto* device : services.record().clinic().live_devices_of(request->account())) {
        devices.push_back(device->id);
    }
    std::vector<ThreadId> ids;
    for (const auto& item : page.threads) ids.push_back(item.thread);
    WARDLINE_CO_TRY(const auto read, co_await read_by(services, std::move(devices)));
    WARDLINE_CO_TRY(const auto newest, co_await services.reader.last_of(std::move(ids)));
    std::unordered_map<ThreadId, const storage::ThreadLast*> last;
    for (const auto& item : newest) last.emplace(item.thread, &item);

    auto list = cbor::Json::array();
    for (const auto& item : page.threads) {
        const auto found = last.find(item.thread);
        const auto seen = read.find(item.thread);
        list.push_back(to_json(
            item,
            found == last.end() ? nullptr : found->second,
            seen == read.end() ? 0 : seen->second
        ));
    }
    cbor::Json answer{{"threads", std::move(list)}, {"more", page.more}};
    co_return request->frame(std::move(answer));
}

}  // namespace wardline::server::handlers
