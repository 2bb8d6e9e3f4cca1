#include "server/acts/added_slots_act.hpp"

#include "protocol/trust/epoch.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace wardline::server {

AddedSlotsAct::AddedSlotsAct(
    const DeviceId& device,
    const ThreadId& of,
    trust::Audience readers,
    std::vector<message::AddedSlot> slots
)
    : sender{device}, thread{of}, audience{readers}, added{std::move(slots)} {
    for (const auto& slot : added) units_of.push_back(slot.seq);
}

// A slot is added for somebody who reads the thread, under whichever of their keys, or it helps
// nobody.
Result<void> AddedSlotsAct::check_readers(
    const ClinicRecord& record, const trust::PatientChain& chain, Seq at
) const {
    std::set<std::string> readers;
    for (const auto& team : chain.teams(at)) readers.insert(trust::team_reader(team));
    if (audience == trust::Audience::all) readers.insert("patient");
    const auto entitled = trust::entitled_devices(record.clinic(), chain, audience, at);
    for (const auto& device : entitled.staff) readers.insert(trust::device_reader(device));
    for (const auto& device : entitled.patient) readers.insert(trust::device_reader(device));
    for (const auto& item : added) {
        if (!readers.contains(item.slot.to)) {
            return Error{Code::bad_frame, "an added slot is for no reader of the thread"};
        }
    }
    return success();
}

Result<std::vector<storage::Draft>> AddedSlotsAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    const auto& record = ground.record;
    WARDLINE_TRY(const auto device, require_live(record, sender, facts));
    const auto* chain = record.patient_of(thread);
    if (chain == nullptr || !record.may_read(device, *chain, audience, facts.seq)) {
        return Error{Code::forbidden, "not a reader of the thread"};
    }
    WARDLINE_TRY(check_readers(record, *chain, facts.seq));

    // What has expired since needs no slot any more.
    std::map<storage::UnitNumber, std::vector<message::AddedSlot>> by_unit;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < added.size() && i < facts.units.size(); ++i) {
        if (!facts.units[i]) continue;
        by_unit[*facts.units[i]].push_back(added[i]);
        ++count;
    }
    if (by_unit.empty()) return Error{Code::not_found, "none of the messages is kept any more"};

    const auto actor = device.account().text();
    Details details;
    details.actor = actor;
    details.device = sender;
    details.thread = thread;
    details.patient = chain->patient().text();
    details.audience = trust::name_of(audience);
    details.count = count;
    storage::Draft draft;
    draft.kind = audit::EntryKind::added_slots;
    draft.details = details.encode();
    draft.thread = thread;
    for (const auto& [unit, slots] : by_unit) {
        draft.payloads.push_back({message::encode_added_slots(slots), unit});
    }
    return one(std::move(draft));
}

}  // namespace wardline::server
