#include "clients/core/epoch_keys.hpp"

#include "protocol/base/cbor.hpp"

#include <algorithm>

namespace wardline::client {
namespace {

constexpr Space kSpace{"epoch"};
constexpr std::size_t kAdmittedMax = 4'096;

Error others_boxes() {
    return Error{
        Code::trust_alarm, "the server hands out other boxes of a key than their maker signed"
    };
}

trust::EpochName name_of(const KeyReader& reader, const trust::EpochRecord& epoch) {
    return {.reader = EpochKeys::context_of(reader), .number = epoch.number, .key = epoch.key};
}

}  // namespace

std::string EpochKeys::context_of(const KeyReader& reader) {
    if (const auto* team = std::get_if<TeamName>(&reader)) return trust::team_reader(*team);
    return trust::patient_context(std::get<PatientId>(reader));
}

Result<const trust::EpochHistory*> EpochKeys::history(const KeyReader& reader) {
    if (const auto* team = std::get_if<TeamName>(&reader)) {
        const auto* record = chains_.clinic().team(*team);
        return record ? &record->epochs : nullptr;
    }
    WARDLINE_TRY(const auto* chain, chains_.known_patient(std::get<PatientId>(reader)));
    return chain ? &chain->epochs() : nullptr;
}

Result<BoxKey> EpochKeys::box_key(const KeyReader& reader, const DeviceId& device) {
    const trust::DeviceRecord* record = nullptr;
    if (std::holds_alternative<TeamName>(reader)) {
        record = chains_.clinic().device(device);
    } else {
        WARDLINE_TRY(const auto* chain, chains_.known_patient(std::get<PatientId>(reader)));
        if (chain) record = chain->device(device);
    }
    if (!record) return Error{Code::not_found, "the chains know no such device"};
    return record->keys.box;
}

Result<std::optional<BoxSecret>> EpochKeys::known(const Hash& epoch) {
    WARDLINE_TRY(const auto stored, store_.get(kSpace, epoch.view()));
    if (!stored) return std::optional<BoxSecret>{};
    WARDLINE_TRY(auto secret, BoxSecret::from(stored->reveal()));
    return std::optional<BoxSecret>{std::move(secret)};
}

Result<void> EpochKeys::keep(const Hash& epoch, const BoxSecret& secret) {
    return store_.put(kSpace, epoch.view(), secret.reveal());
}

Result<EpochKeys::Fetched> EpochKeys::fetch(const trust::EpochRecord& epoch) {
    WARDLINE_TRY(
        const auto answer, link_.request("boxes", Json{{"epoch", cbor::binary(epoch.hash.view())}})
    );
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    Fetched out;
    WARDLINE_TRY(const auto* boxes, reader.array("boxes", epoch.devices.size() + 2));
    WARDLINE_TRY(out.boxes.boxes, trust::parse_boxes(*boxes, epoch.devices.size() + 2));
    WARDLINE_TRY(out.boxes.previous, reader.boolean("previous"));
    if (!trust::check_epoch_boxes(out.boxes, epoch.devices.size(), epoch.number, epoch.boxes))
        return others_boxes();
    WARDLINE_TRY(const auto* admitted, reader.array("admitted", kAdmittedMax));
    for (const auto& item : *admitted) {
        WARDLINE_TRY(auto map, cbor::MapReader::over(item));
        WARDLINE_TRY(const auto device, map.fixed<DeviceId>("device"));
        WARDLINE_TRY(const auto box, map.fixed<crypto::Box>("box"));
        const auto signed_hash = trust::hash_of_boxes(std::span{&box, 1});
        const auto is_signed = [&](const trust::AdmittedDevice& signed_for) {
            return signed_for.device == device && signed_for.box == signed_hash;
        };
        if (device == self_.device() &&
            std::none_of(epoch.admitted.begin(), epoch.admitted.end(), is_signed))
            return others_boxes();
        out.admitted.emplace_back(device, box);
    }
    return out;
}

// Every member recomputes every box, so that nobody is quietly left out. What is wrong is
// remembered: the next epoch is then made at once.
Result<void> EpochKeys::check_boxes(
    const KeyReader& reader,
    const trust::EpochRecord& epoch,
    const Fetched& fetched,
    const BoxSecret& secret
) {
    std::vector<BoxKey> devices;
    for (const auto& device : epoch.devices) {
        WARDLINE_TRY(const auto key, box_key(reader, device));
        devices.push_back(key);
    }
    WARDLINE_TRY(const auto* epochs, history(reader));
    const auto* before = epochs->find(epoch.prev);
    const auto checked = trust::verify_epoch_boxes(
        fetched.boxes,
        secret,
        name_of(reader, epoch),
        devices,
        chains_.clinic().genesis().vault,
        before ? &before->key : nullptr
    );
    if (!checked) wrong_.insert(epoch.hash);
    return success();
}

Result<BoxSecret> EpochKeys::from_own_box(
    const KeyReader& reader, const trust::EpochRecord& epoch
) {
    const DeviceId own = self_.device();
    const auto place = std::lower_bound(epoch.devices.begin(), epoch.devices.end(), own);
    const bool listed = place != epoch.devices.end() && *place == own;
    const auto mine = [&](const trust::AdmittedDevice& device) { return device.device == own; };
    const bool admitted = std::any_of(epoch.admitted.begin(), epoch.admitted.end(), mine);
    if (!listed && !admitted)
        return Error{Code::undecryptable, "this epoch has no box for this device"};
    WARDLINE_TRY(const auto fetched, fetch(epoch));
    const trust::EpochName name = name_of(reader, epoch);
    Result<BoxSecret> secret = Error{Code::undecryptable, "the server lacks this device's box"};
    if (listed) {
        secret = trust::open_epoch_box(
            fetched.boxes.boxes[static_cast<std::size_t>(place - epoch.devices.begin())],
            self_.box,
            name
        );
        // A member whose own box is wrong knows enough: the epoch is.
        if (!secret) wrong_.insert(epoch.hash);
    }
    for (const auto& [device, box] : fetched.admitted) {
        if (device == own && !secret) secret = trust::open_epoch_box(box, self_.box, name);
    }
    if (!secret) return secret;
    WARDLINE_TRY(check_boxes(reader, epoch, fetched, secret.value()));
    WARDLINE_TRY(keep(epoch.hash, secret.value()));
    return secret;
}

Result<BoxSecret> EpochKeys::secret(const KeyReader& reader, const Hash& epoch) {
    WARDLINE_TRY(auto stored, known(epoch));
    if (stored) return std::move(*stored);
    const Error cannot{Code::undecryptable, "this device has no key of that time"};
    if (failed_.contains(epoch)) return cannot;
    WARDLINE_TRY(const auto* epochs, history(reader));
    if (!epochs) return Error{Code::not_found, "nothing is known of that reader"};
    const auto& all = epochs->all();
    const auto wanted = std::find_if(all.begin(), all.end(), [&](const auto& record) {
        return record.hash == epoch;
    });
    if (wanted == all.end()) return Error{Code::not_found, "the chain has no such epoch"};
    // The nearest epoch from the wanted one on that opens for this device; from there back by the
    // previous boxes.
    for (auto start = wanted; start != all.end(); ++start) {
        WARDLINE_TRY(auto have, known(start->hash));
        if (!have) {
            auto own = from_own_box(reader, *start);
            if (!own && own.error().code != Code::undecryptable) return own;
            if (own) have = std::move(own).value();
        }
        if (!have) continue;
        BoxSecret secret = std::move(*have);
        auto at = start;
        for (; at != wanted; --at) {
            WARDLINE_TRY(const auto fetched, fetch(*at));
            const auto before = std::prev(at);
            auto opened =
                trust::open_previous_box(fetched.boxes, secret, name_of(reader, *at), before->key);
            if (!opened) break;
            secret = std::move(opened).value();
            WARDLINE_TRY(keep(before->hash, secret));
        }
        if (at == wanted) return secret;
    }
    failed_.insert(epoch);
    return cannot;
}

}  // namespace wardline::client
