#include "protocol/trust/epoch.hpp"

namespace wardline::trust {
namespace {

constexpr std::string_view kEpochBox = "wardline/1 epoch box";
constexpr std::string_view kPreviousBox = "wardline/1 previous epoch box";
constexpr std::string_view kBoxesHash = "wardline/1 epoch boxes";

crypto::BoxContext context_of(std::string_view domain, const EpochName& name) {
    Bytes context{name.reader.begin(), name.reader.end()};
    context.push_back(0);
    append_u64(context, name.number);
    append(context, name.key.view());
    return {domain, std::move(context)};
}

Error wrong_box() {
    return Error{Code::undecryptable, "a box of the epoch is not what its readers need"};
}

Result<BoxSecret> key_in(
    const crypto::Box& box,
    const BoxSecret& reader,
    const crypto::BoxContext& context,
    const BoxKey& expected
) {
    WARDLINE_TRY(const auto opened, crypto::open_box(box, reader, context));
    WARDLINE_TRY(auto secret, BoxSecret::from(opened.reveal()));
    if (crypto::box_key_of(secret) != expected) return wrong_box();
    return secret;
}

}  // namespace

std::string team_reader(const TeamName& team) {
    return "team:" + team.text();
}
std::string device_reader(const DeviceId& device) {
    return "device:" + device.hex();
}
std::string patient_context(const PatientId& patient) {
    return ChainName::patient(patient).text();
}

Result<EpochBoxes> make_epoch_boxes(
    const BoxSecret& epoch, const EpochName& name, const EpochReaders& readers
) {
    const auto context = context_of(kEpochBox, name);
    EpochBoxes out;
    out.boxes.reserve(readers.devices.size() + 2);
    for (const auto& device : readers.devices) {
        WARDLINE_TRY(auto box, crypto::seal_box(epoch.reveal(), device, context));
        out.boxes.push_back(box);
    }
    WARDLINE_TRY(auto vault_box, crypto::seal_box(epoch.reveal(), readers.vault, context));
    out.boxes.push_back(vault_box);
    if (readers.previous != nullptr) {
        const auto previous_context = context_of(kPreviousBox, name);
        WARDLINE_TRY(
            auto box, crypto::seal_box(readers.previous->reveal(), name.key, previous_context)
        );
        out.boxes.push_back(box);
        out.previous = true;
    }
    return out;
}

Hash hash_of_boxes(std::span<const crypto::Box> boxes) {
    Bytes joined;
    joined.reserve(boxes.size() * crypto::kBoxBytes);
    for (const auto& box : boxes) append(joined, box.view());
    return crypto::hash(kBoxesHash, joined);
}

Result<void> check_epoch_boxes(
    const EpochBoxes& boxes, std::size_t devices, std::uint64_t number, const Hash& expected
) {
    if (boxes.previous && number == 1) {
        return Error{Code::bad_statement, "a first epoch has no key before it"};
    }
    if (boxes.boxes.size() != devices + 1 + (boxes.previous ? 1 : 0)) {
        return Error{Code::bad_statement, "not one box for each reader of the epoch"};
    }
    if (hash_of_boxes(boxes.boxes) != expected) {
        return Error{Code::bad_statement, "the boxes are not those that the statement names"};
    }
    return success();
}

Result<BoxSecret> open_epoch_box(
    const crypto::Box& box, const BoxSecret& device, const EpochName& name
) {
    return key_in(box, device, context_of(kEpochBox, name), name.key);
}

Result<void> verify_epoch_boxes(
    const EpochBoxes& boxes,
    const BoxSecret& epoch,
    const EpochName& name,
    const std::vector<BoxKey>& devices,
    const BoxKey& vault,
    const BoxKey* previous_key
) {
    if (crypto::box_key_of(epoch) != name.key) return wrong_box();
    EpochReaders readers{devices, vault, nullptr};
    std::optional<BoxSecret> previous;
    if (boxes.previous) {
        if (previous_key == nullptr) return wrong_box();
        WARDLINE_TRY(previous, open_previous_box(boxes, epoch, name, *previous_key));
        readers.previous = &*previous;
    }
    WARDLINE_TRY(const auto expected, make_epoch_boxes(epoch, name, readers));
    if (expected != boxes) return wrong_box();
    return success();
}

Result<BoxSecret> open_previous_box(
    const EpochBoxes& boxes,
    const BoxSecret& epoch,
    const EpochName& name,
    const BoxKey& previous_key
) {
    if (!boxes.previous || boxes.boxes.empty()) {
        return Error{Code::not_found, "the maker of this epoch did not have the key before it"};
    }
    return key_in(boxes.boxes.back(), epoch, context_of(kPreviousBox, name), previous_key);
}

Result<crypto::Box> make_admit_box(
    const BoxSecret& epoch, const EpochName& name, const BoxKey& device
) {
    return crypto::seal_box(epoch.reveal(), device, context_of(kEpochBox, name));
}

cbor::Json boxes_to_json(std::span<const crypto::Box> boxes) {
    auto list = cbor::Json::array();
    for (const auto& box : boxes) list.push_back(cbor::binary(box.view()));
    return list;
}

Result<std::vector<crypto::Box>> parse_boxes(const cbor::Json& list, std::size_t boxes_max) {
    if (!list.is_array() || list.size() > boxes_max) {
        return Error{Code::bad_frame, "not a list of boxes"};
    }
    std::vector<crypto::Box> out;
    out.reserve(list.size());
    for (const auto& item : list) {
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item, crypto::kBoxBytes));
        WARDLINE_TRY(const auto box, crypto::Box::from(raw));
        out.push_back(box);
    }
    return out;
}

}  // namespace wardline::trust
