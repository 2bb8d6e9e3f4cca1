#include "audit/registry.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace wardline::audit {
namespace {

using enum FieldType;

constexpr Field always(std::string_view key, FieldType type, std::string_view meaning) {
    return {key, type, true, meaning};
}
constexpr Field maybe(std::string_view key, FieldType type, std::string_view meaning) {
    return {key, type, false, meaning};
}

constexpr Field kActor = always("actor", text, "the account that acted");
constexpr Field kDevice = always("device", id, "its device");
constexpr Field kThread = always("thread", id, "the thread");
constexpr Field kPatient = always("patient", text, "whose thread it is");

constexpr std::array kStatement{
    maybe("actor", text, "the account that signed; absent where the root key or an invite did"),
    always("chain", text, "`clinic` or `patient/ID`"),
    maybe("device", id, "the device that signed"),
    always("hash", hash, "of the statement"),
    maybe("patient", text, "whose chain it is"),
    always("pos", number, "its position in the chain"),
    maybe("thread", id, "the patient's thread"),
    always("type", text, "of the statement"),
};
constexpr std::array kMessage{
    kActor,
    always("class", text, "of the message"),
    kDevice,
    always("hash", hash, "of the message, which binds its content, header and readers"),
    kPatient,
    always("size", number, "of the padded ciphertext, in bytes"),
    kThread,
};
constexpr std::array kAddedSlots{
    kActor,
    always("audience", text, "which messages: `all` or `internal`"),
    always("count", number, "slots that were added"),
    kDevice,
    kPatient,
    kThread,
};
constexpr std::array kSession{kActor, kDevice};
constexpr std::array kThreadSession{kActor, kDevice, kPatient, kThread};
constexpr std::array kReceipts{
    always("act", text, "`delivered` or `read`"),
    kActor,
    kDevice,
    always("from", number, "seq of the first entry of the range"),
    kPatient,
    kThread,
    always("to", number, "seq of the last"),
};
constexpr std::array kExpiry{
    maybe("actor", text, "who asked; absent for the daily run"),
    always("count", number, "messages in the units, as far as known"),
    maybe("device", id, "its device"),
    always("units", numbers, "retention units that ended"),
};
constexpr std::array kRefusal{
    always("act", text, "what was asked for: a request of protocol.md section 10"),
    maybe("actor", text, "who asked; absent where an invite asked"),
    maybe("class", text, "of the message that was refused"),
    always("code", text, "why, protocol.md section 13"),
    maybe("count", number, "how often, where several of one minute are one entry"),
    maybe("device", id, "its device"),
    maybe("hash", hash, "of the invite's statement"),
    maybe("patient", text, "whose thread it was about"),
    maybe("thread", id, "that thread"),
};
constexpr std::array kDestroyed{
    kActor,
    kDevice,
    always("units", numbers, "retention units whose content the device has destroyed"),
};
constexpr std::array kExport{
    always("act", text, "the format"),
    kActor,
    kDevice,
    always("from", number, "seq of the first entry"),
    maybe("patient", text, "only what is about this patient"),
    maybe("subject", text, "only what this account did"),
    always("to", number, "seq of the last entry that could be in it"),
};
constexpr std::array kServer{
    always("act", text, "`start`, `stop` or `configuration`"),
    maybe("names", texts, "settings that are not what they were at the last start"),
    always("version", text, "of the server's program"),
};
constexpr std::array kStrangers{
    always("act", text, "what was tried"),
    always("code", text, "why it was refused"),
    always("count", number, "how often in this minute"),
    always("from", time, "when the minute began"),
};
constexpr std::array kErasure{
    always("act", text, "`retention`: the trail's own period has ended; `decision`: by statement"),
    always("count", number, "entries whose details were erased"),
    always("from", number, "seq of the first"),
    maybe("hash", hash, "of the statement that decided it"),
    maybe("thread", id, "only entries about this thread"),
    always("to", number, "seq of the last"),
};
constexpr std::array kReading{
    always("act", text, "how it was read"),
    kActor,
    kDevice,
    always("from", number, "seq of the first entry that was looked at"),
    maybe("patient", text, "who was asked about"),
    maybe("subject", text, "the account that was asked about"),
    maybe("to", number, "seq of the last; absent while it goes on with what comes"),
};

// Beside the enumerators of wire::EntryKind, in their order.
constexpr std::array<KindInfo, wire::kEntryKinds> kRegistry{{
    {EntryKind::statement,
     "A signed statement: enrolment, roles, teams, admissions, key epochs, revocations, policies, "
     "proposals and approvals. docs/protocol.md sections 4 and 5 list its types.",
     kStatement},
    {EntryKind::message, "A message was sent.", kMessage},
    {EntryKind::added_slots, "Earlier messages were made readable for a reader.", kAddedSlots},
    {EntryKind::login, "A device logged in.", kSession},
    {EntryKind::logout, "A device's session ended.", kSession},
    {EntryKind::open,
     "A member of staff opened a thread: from here its content was shown.",
     kThreadSession},
    {EntryKind::close, "A member of staff closed a thread.", kThreadSession},
    {EntryKind::receipts,
     "A device has received, or shown, entries of a thread: one range a device, thread and minute.",
     kReceipts},
    {EntryKind::expiry, "Content whose retention period was over was hidden and destroyed.", kExpiry
    },
    {EntryKind::refusal, "An account was refused something.", kRefusal},
    {EntryKind::destroyed, "A device has destroyed content that had expired.", kDestroyed},
    {EntryKind::export_run, "The trail was exported.", kExport},
    {EntryKind::server, "A node of the server started, stopped, or found other settings.", kServer},
    {EntryKind::strangers,
     "Somebody who had not logged in was refused; counted by reason and minute.",
     kStrangers},
    {EntryKind::erasure, "Details of entries were erased.", kErasure},
    {EntryKind::reading, "The trail was read.", kReading},
}};

struct Words {
    EntryKind kind{};
    std::string_view key;
    std::span<const std::string_view> words;
};
constexpr std::array<std::string_view, 2> kReceiptActs{"delivered", "read"};
constexpr std::array<std::string_view, 4> kExportActs{"csv", "fhir", "jsonl", "syslog"};
constexpr std::array<std::string_view, 3> kServerActs{"configuration", "start", "stop"};
constexpr std::array<std::string_view, 5> kStrangerActs{
    "connect", "enrol", "login", "request", "setup"
};
constexpr std::array<std::string_view, 2> kErasureActs{"decision", "retention"};
constexpr std::array<std::string_view, 4> kReadingActs{"access", "list", "show", "verify"};
constexpr std::array kWords{
    Words{EntryKind::receipts, "act", kReceiptActs},
    Words{EntryKind::export_run, "act", kExportActs},
    Words{EntryKind::server, "act", kServerActs},
    Words{EntryKind::strangers, "act", kStrangerActs},
    Words{EntryKind::erasure, "act", kErasureActs},
    Words{EntryKind::reading, "act", kReadingActs},
};

constexpr std::size_t kTextMax = 256;  // Longest: `patient/` and an id, or a code.

Error unfit(EntryKind kind, std::string_view what) {
    return Error{
        Code::internal,
        "details of an entry of kind " + std::string{name_of(kind)} + ": " + std::string{what}
    };
}

bool is_short_text(const cbor::Json& value) {
    return value.is_string() && value.get_ref<const std::string&>().size() <= kTextMax;
}

bool has_type(const cbor::Json& value, FieldType type) {
    switch (type) {
        case text:
            return is_short_text(value);
        case texts:
            return value.is_array() && std::ranges::all_of(value, is_short_text);
        case number:
        case time:
            return value.is_number_unsigned();
        case numbers:
            return value.is_array() && std::ranges::all_of(value, [](const auto& item) {
                       return item.is_number_unsigned();
                   });
        case id:
            return value.is_binary() && value.get_binary().size() == DeviceId::kSize;
        case hash:
            return value.is_binary() && value.get_binary().size() == Hash::kSize;
    }
    return false;
}

}  // namespace

std::span<const KindInfo> registry() noexcept {
    return kRegistry;
}

const KindInfo& info_of(EntryKind kind) noexcept {
    return kRegistry[static_cast<std::size_t>(kind) - 1];
}

const Field* field_of(const KindInfo& info, std::string_view key) noexcept {
    const auto found = std::ranges::find(info.fields, key, &Field::key);
    return found == info.fields.end() ? nullptr : &*found;
}

std::span<const std::string_view> words_of(EntryKind kind, std::string_view key) noexcept {
    for (const auto& entry : kWords) {
        if (entry.kind == kind && entry.key == key) return entry.words;
    }
    return {};
}

Result<void> check_details(EntryKind kind, BytesView details) {
    WARDLINE_TRY(const auto map, cbor::decode(details));
    if (!map.is_object()) return unfit(kind, "not a map");
    const auto& info = info_of(kind);
    for (const auto& [key, value] : map.items()) {
        const auto* field = field_of(info, key);
        if (field == nullptr) return unfit(kind, "no field " + key + " is registered");
        if (!has_type(value, field->type)) return unfit(kind, key + " is of another type");
        const auto words = words_of(kind, key);
        if (!words.empty() &&
            std::ranges::find(words, value.get_ref<const std::string&>()) == words.end()) {
            return unfit(kind, key + " is none of the registered words");
        }
    }
    for (const auto& field : info.fields) {
        if (field.always && !map.contains(field.key)) {
            return unfit(kind, std::string{field.key} + " is missing");
        }
    }
    if (!std::ranges::equal(cbor::encode(map), details))
        return unfit(kind, "not in its one encoding");
    return success();
}

}  // namespace wardline::audit
