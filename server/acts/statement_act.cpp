#include "server/acts/statement_act.hpp"

#include <string>
#include <utility>

namespace wardline::server {
namespace {

// As many boxes as an epoch may have: one for each device of a clinic, the vault, the one before.
constexpr std::size_t kBoxesMax = trust::kStaffDevicesMax + 2;

// Who signed, as far as the chains know: nobody for root.
struct Signer {
    std::string account;
    std::optional<DeviceId> device;
};

Signer signer_of(const ClinicRecord& record, const trust::Statement& statement) {
    if (const auto* grant = std::get_if<trust::Grant>(&statement.data())) {
        return {grant->account.text(), trust::device_id_of(grant->device.signing)};
    }
    const auto id = trust::device_id_of(statement.by());
    if (const auto device = record.device(id)) return {device->account().text(), id};
    return {};
}

}  // namespace

storage::Draft statement_draft(const ClinicRecord& record, const trust::Statement& statement) {
    const auto signer = signer_of(record, statement);
    const auto chain = statement.chain().text();
    Details details;
    details.actor = signer.account;
    details.device = signer.device;
    details.chain = chain;
    details.hash = statement.hash();
    details.pos = statement.pos();
    details.type = statement.type();
    if (const auto& patient = statement.chain().patient()) {
        details.patient = patient->text();
        if (const auto* found = record.patient(*patient)) details.thread = found->thread();
    }
    storage::Draft out;
    out.kind = audit::EntryKind::statement;
    out.details = details.encode();
    out.statement =
        storage::StoredStatement{chain, statement.pos(), statement.hash(), statement.encode()};
    return out;
}

Result<std::unique_ptr<StatementAct>> StatementAct::parse(
    const DeviceId& sender, const cbor::Json& request
) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(request));
    WARDLINE_TRY(const auto* map, fields.map("statement"));
    WARDLINE_TRY(auto statement, trust::Statement::from_json(*map));
    auto act = std::make_unique<StatementAct>(std::move(statement));
    act->sender = sender;
    if (fields.has("boxes")) {
        WARDLINE_TRY(const auto* list, fields.array("boxes", kBoxesMax));
        WARDLINE_TRY(act->boxes.boxes, trust::parse_boxes(*list, kBoxesMax));
    }
    if (fields.has("previous")) {
        WARDLINE_TRY(act->boxes.previous, fields.boolean("previous"));
    }
    return act;
}

Result<std::unique_ptr<StatementAct>> StatementAct::parse_enrolment(const cbor::Json& request) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(request));
    WARDLINE_TRY(const auto* map, fields.map("statement"));
    WARDLINE_TRY(auto statement, trust::Statement::from_json(*map));
    const auto* grant = std::get_if<trust::Grant>(&statement.data());
    if (grant == nullptr || !grant->invite) {
        return Error{Code::bad_statement, "an enrolment is a grant by an invite"};
    }
    return std::make_unique<StatementAct>(std::move(statement));
}

Result<void> StatementAct::check_sender(
    const ClinicRecord& record, const storage::JudgeFacts& facts
) const {
    if (!sender) return success();
    WARDLINE_TRY(const auto device, require_live(record, *sender, facts));
    const bool own = statement.by() == device.record->keys.signing;
    const bool root = device.is_staff() && statement.by() == record.clinic().genesis().root;
    if (!own && !root) return Error{Code::forbidden, "signed by another device"};
    // Before anything is said about a chain: may its existence be known?
    if (statement.chain().is_clinic()) {
        if (device.is_staff()) return success();
        return Error{Code::forbidden, "a patient signs nothing in the clinic's chain"};
    }
    const auto* chain = record.patient(*statement.chain().patient());
    const bool may =
        chain != nullptr
            ? record.may_read_chain(device, *chain, facts.seq)
            : record.capabilities(device, facts.seq).has(trust::Capability::enrol_patient);
    if (!may) return Error{Code::forbidden, "the chain may not be known"};
    return success();
}

Result<void> StatementAct::check_boxes() const {
    if (const auto* epoch = std::get_if<trust::Epoch>(&statement.data())) {
        return trust::check_epoch_boxes(boxes, epoch->devices.size(), epoch->number, epoch->boxes);
    }
    if (const auto* admit = std::get_if<trust::Admit>(&statement.data())) {
        if (boxes.boxes.size() == 1 && trust::hash_of_boxes(boxes.boxes) == admit->box) {
            return success();
        }
        return Error{Code::bad_statement, "an admission comes with the box that it names"};
    }
    if (!boxes.boxes.empty()) return Error{Code::bad_statement, "boxes without an epoch"};
    return success();
}

Result<std::vector<storage::Draft>> StatementAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    auto& record = ground.record;
    if (!record.founded()) return Error{Code::no_clinic, "there is no clinic yet"};
    WARDLINE_TRY(check_sender(record, facts));
    WARDLINE_TRY(check_boxes());
    const trust::LocatedStatement located{facts.seq, facts.time, statement};
    WARDLINE_TRY(record.apply(located));

    auto draft = statement_draft(record, statement);
    if (std::holds_alternative<trust::Epoch>(statement.data())) {
        storage::EpochBoxes stored{statement.hash(), {}, boxes.previous};
        for (const auto& box : boxes.boxes) stored.boxes.push_back(box.bytes());
        draft.epoch_boxes = std::move(stored);
    } else if (const auto* admit = std::get_if<trust::Admit>(&statement.data())) {
        draft.admit_box =
            storage::AdmitBox{admit->epoch, admit->device, boxes.boxes.front().bytes()};
    }
    return one(std::move(draft));
}

Asker StatementAct::asker() const {
    Asker out{.act = sender ? "statement" : "enrol", .device = sender};
    if (const auto* grant = std::get_if<trust::Grant>(&statement.data())) out.hash = grant->invite;
    return out;
}

Result<std::vector<storage::Draft>> SetupAct::judge(
    Ground& ground, const storage::JudgeFacts& facts
) const {
    auto& record = ground.record;
    if (record.founded()) return Error{Code::clinic_exists, "the clinic is set up already"};
    const auto* data = std::get_if<trust::Genesis>(&genesis.data());
    if (data == nullptr || !std::holds_alternative<trust::Grant>(grant.data())) {
        return Error{Code::bad_statement, "a clinic begins with genesis and a grant"};
    }
    if (data->audit != audit_key || data->tls != tls_pin) {
        return Error{Code::bad_statement, "genesis names other keys than this server's"};
    }
    // Both or neither: the pair is tried on a record of its own first.
    const trust::LocatedStatement first{facts.seq, facts.time, genesis};
    const trust::LocatedStatement second{facts.seq + 1, facts.time, grant};
    ClinicRecord trial;
    WARDLINE_TRY(trial.apply(first));
    WARDLINE_TRY(trial.apply(second));
    record = std::move(trial);

    std::vector<storage::Draft> drafts;
    drafts.push_back(statement_draft(record, genesis));
    drafts.back().founds = genesis.clinic();
    drafts.push_back(statement_draft(record, grant));
    return drafts;
}

}  // namespace wardline::server
