#include "clients/core/outbox.hpp"

#include "clients/core/queued_codec.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/trust/readers.hpp"

#include <algorithm>

namespace wardline::client {
namespace {

constexpr Space kSpace{"outbox"};
constexpr Space kVersions{"outbox version"};
constexpr Space kLive{"outbox live"};
constexpr Space kSeen{"seen"};
constexpr Space kOwnCounters{"own counter"};
constexpr int kTries = 10;
constexpr std::size_t kBundlesMax = 40;
constexpr std::size_t kDevicesMax = 64;

Error alarm(std::string_view what) {
    return Error{Code::trust_alarm, std::string{what}};
}

// An answer without form refuses nothing: the message stays queued.
template <class T>
Result<T> or_later(Result<T> result) {
    if (result || result.error().code != Code::bad_frame) return result;
    return Error{Code::internal, "the server's answer has no form: " + result.error().detail};
}

Result<Sent> parse_sent(const Json& answer) {
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    Sent sent;
    WARDLINE_TRY(sent.seq, reader.uint("seq"));
    WARDLINE_TRY(const auto time, reader.uint("time"));
    sent.time = Instant{time};
    WARDLINE_TRY(sent.hash, reader.fixed<Hash>("hash"));
    return sent;
}

Bytes place_key(const ThreadId& thread, trust::Audience audience) {
    return concat({thread.view(), as_bytes(trust::name_of(audience))});
}

std::optional<Hash> hash_in(const Error& error) {
    if (!error.extra || !error.extra->contains("hash")) return std::nullopt;
    const auto raw = cbor::bytes_of(error.extra->at("hash"), Hash::kSize);
    if (!raw) return std::nullopt;
    const auto hash = Hash::from(raw.value());
    return hash ? std::optional{hash.value()} : std::nullopt;
}

}  // namespace

bool Outbox::later(const Error& error) {
    switch (error.code) {
        case Code::unreachable:
        case Code::unavailable:
        case Code::rate_limited:
        case Code::read_only:
        case Code::shutting_down:
        case Code::internal:
        case Code::trust_alarm:
            return true;
        default:
            return false;
    }
}

Result<Queued> Outbox::add(
    const PatientId& patient,
    const ThreadId& thread,
    trust::MessageClass message_class,
    const message::Content& content
) {
    WARDLINE_TRY(message::encode(content));  // What could never be sent is refused now.
    WARDLINE_TRY(const auto last, store_.below(kSpace, UINT64_MAX, 1));
    const Instant now = environment_.clock.now();
    Queued queued{
        .order = last.empty() ? 1 : last.front().ordinal + 1,
        .id = message::make_message_id(now, environment_.random),
        .patient = patient,
        .thread = thread,
        .message_class = message_class,
        .content = content,
        .created = now,
        .attempts = {},
        .sealed = {},
        .live = {}
    };
    WARDLINE_TRY(keep(queued));
    return queued;
}

Result<void> Outbox::keep(const Queued& queued) {
    WARDLINE_TRY(auto content, message::encode(queued.content));
    StoreTransaction transaction{store_};
    WARDLINE_TRY(store_.put(kSpace, queued.id.view(), encode(queued, content), queued.order));
    wipe(content);
    if (!queued.sealed.empty()) {
        WARDLINE_TRY(store_.put(kVersions, queued.id.view(), queued.sealed));
        WARDLINE_TRY(
            store_.put(kLive, queued.id.view(), cbor::encode(message::to_json(queued.live)))
        );
    }
    return transaction.commit();
}

Result<std::vector<Queued>> Outbox::pending() {
    WARDLINE_TRY(const auto records, store_.from(kSpace, 0, SIZE_MAX));
    std::vector<Queued> out;
    for (const auto& record : records) {
        WARDLINE_TRY(auto queued, decode_queued(record.ordinal, record.value.reveal()));
        WARDLINE_TRY(const auto sealed, store_.get(kVersions, queued.id.view()));
        WARDLINE_TRY(const auto live, store_.get(kLive, queued.id.view()));
        if (sealed && live) {
            queued.sealed = Bytes{sealed->reveal().begin(), sealed->reveal().end()};
            WARDLINE_TRY(const auto list, cbor::decode(live->reveal()));
            WARDLINE_TRY(queued.live, message::parse_live_slots(list));
        }
        out.push_back(std::move(queued));
    }
    return out;
}

Result<void> Outbox::remove(const Queued& queued) {
    StoreTransaction transaction{store_};
    WARDLINE_TRY(store_.erase(kSpace, queued.id.view()));
    WARDLINE_TRY(store_.erase(kVersions, queued.id.view()));
    WARDLINE_TRY(store_.erase(kLive, queued.id.view()));
    return transaction.commit();
}

Result<Hash> Outbox::last_seen(const ThreadId& thread, trust::Audience audience) {
    WARDLINE_TRY(const auto stored, store_.get(kSeen, place_key(thread, audience)));
    if (!stored) return Hash{};
    return Hash::from(stored->reveal().first(std::min(stored->size(), Hash::kSize)));
}

Result<void> Outbox::saw(
    const ThreadId& thread, trust::Audience audience, Seq seq, const Hash& hash
) {
    const Bytes key = place_key(thread, audience);
    WARDLINE_TRY(const auto stored, store_.get(kSeen, key));
    if (stored && stored->size() == Hash::kSize + 8) {
        Seq before{0};
        for (const auto byte : stored->reveal().subspan(Hash::kSize)) before = before << 8 | byte;
        if (before >= seq) return success();
    }
    Bytes value = hash.bytes();
    append_u64(value, seq);
    return store_.put(kSeen, key, value);
}

Result<std::uint64_t> Outbox::own_counter(const Place& place) {
    WARDLINE_TRY(const auto stored, store_.get(kOwnCounters, place_key(place.first, place.second)));
    std::uint64_t out{0};
    if (!stored) return out;
    for (const auto byte : stored->reveal()) out = out << 8 | byte;
    return out;
}

Result<void> Outbox::keep_own_counter(const Place& place, std::uint64_t counter) {
    Bytes value;
    append_u64(value, counter);
    return store_.put(kOwnCounters, place_key(place.first, place.second), value);
}

// The server's list of devices, which the chains have to allow; a device that nobody admitted gets
// nothing.
Result<Outbox::Recipients> Outbox::recipients(const Queued& queued) {
    const auto audience = trust::audience_of(queued.message_class);
    const auto known = known_.find({queued.thread, audience});
    if (known != known_.end() && known->second.revision == chains_.revision()) return known->second;
    const Json body{
        {"thread", cbor::binary(queued.thread.view())},
        {"class", trust::name_of(queued.message_class)}
    };
    WARDLINE_TRY(const auto answer, link_.request("recipients", body));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    const auto head_of = [&](std::string_view key) -> Result<trust::ChainPosition> {
        WARDLINE_TRY(const auto* map, reader.map(key));
        WARDLINE_TRY(auto head, cbor::MapReader::over(*map));
        trust::ChainPosition out;
        WARDLINE_TRY(out.pos, head.uint("pos"));
        WARDLINE_TRY(out.hash, head.fixed<Hash>("hash"));
        return out;
    };
    WARDLINE_TRY(const auto clinic_head, head_of("clinic_head"));
    WARDLINE_TRY(const auto patient_head, head_of("patient_head"));
    WARDLINE_TRY(chains_.compare_clinic_head(clinic_head));
    WARDLINE_TRY(const auto* chain, chains_.patient(queued.patient));
    if (chain->head() != patient_head) {
        WARDLINE_TRY(chain, chains_.update_patient(queued.patient));
    }
    const auto entitled = trust::entitled_devices(chains_.clinic(), *chain, audience);
    Recipients out;
    WARDLINE_TRY(out.counter, reader.uint("counter"));
    // A number that stood before would hide one of two messages from their readers.
    WARDLINE_TRY(const auto used, own_counter({queued.thread, audience}));
    if (out.counter <= used) {
        return alarm("the server asks this device to number a message like one that it has written"
        );
    }
    WARDLINE_TRY(const auto* devices, reader.array("devices", kDevicesMax));
    for (const auto& item : *devices) {
        WARDLINE_TRY(const auto raw, cbor::bytes_of(item, DeviceId::kSize));
        WARDLINE_TRY(const auto device, DeviceId::from(raw));
        if (device == self_.device()) continue;
        if (!std::binary_search(entitled.staff.begin(), entitled.staff.end(), device) &&
            !std::binary_search(entitled.patient.begin(), entitled.patient.end(), device)) {
            return Error{
                Code::trust_alarm,
                "the server asks for the message's key for a device that nobody admitted to this "
                "thread"
            };
        }
        out.devices.push_back(device);
    }
    out.revision = chains_.revision();
    known_[{queued.thread, audience}] = out;
    return out;
}

Result<void> Outbox::begin_sessions(
    signal::SignalTransaction& transaction, const std::vector<signal::Peer>& peers
) {
    Json wanted = Json::array();
    std::map<DeviceId, signal::Peer> by_id;
    for (const auto& peer : peers) {
        wanted.push_back(cbor::binary(peer.device.view()));
        by_id.emplace(peer.device, peer);
    }
    WARDLINE_TRY(
        const auto answer, link_.request("prekeys-get", Json{{"devices", std::move(wanted)}})
    );
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    WARDLINE_TRY(const auto* bundles, reader.array("bundles", kBundlesMax));
    for (const auto& item : *bundles) {
        WARDLINE_TRY(auto map, cbor::MapReader::over(item));
        WARDLINE_TRY(const auto device, map.fixed<DeviceId>("device"));
        const auto peer = by_id.find(device);
        if (peer == by_id.end()) continue;
        signal::PrekeyBundle bundle;
        WARDLINE_TRY(const auto registration, map.uint("registration", UINT32_MAX));
        bundle.registration = static_cast<std::uint32_t>(registration);
        WARDLINE_TRY(const auto* signed_prekey, map.map("signed"));
        WARDLINE_TRY(bundle.signed_prekey, signal::parse_signed_prekey(*signed_prekey));
        if (item.contains("one_time") && !item.at("one_time").is_null()) {
            WARDLINE_TRY(bundle.one_time, signal::parse_one_time_prekey(item.at("one_time")));
        }
        auto begun = transaction.begin_session(peer->second, bundle);
        if (!begun && begun.error().code == Code::bad_signature) {
            return Error{
                Code::trust_alarm,
                "the server handed out a key for device " + device.hex() +
                    " that is not that device's"
            };
        }
        WARDLINE_TRY(begun);
    }
    return success();
}

Result<std::vector<message::LiveSlot>> Outbox::live_slots(
    signal::SignalTransaction& transaction,
    const std::vector<DeviceId>& devices,
    const trust::PatientChain& chain,
    const message::Composed& composed
) {
    std::vector<signal::Peer> peers;
    std::vector<signal::Peer> strangers;
    for (const auto& device : devices) {
        const auto* record = trust::find_device(chains_.clinic(), chain, device);
        if (!record) return Error{Code::trust_alarm, "the chains know no device " + device.hex()};
        const signal::Peer peer{.device = device, .identity = record->keys.identity};
        peers.push_back(peer);
        WARDLINE_TRY(const bool known, transaction.has_session(device));
        if (!known) strangers.push_back(peer);
    }
    if (!strangers.empty()) {
        WARDLINE_TRY(begin_sessions(transaction, strangers));
    }
    const auto plaintext = message::live_plaintext(composed.key, composed.header_hash);
    std::vector<message::LiveSlot> out;
    for (const auto& peer : peers) {
        WARDLINE_TRY(const bool ready, transaction.has_session(peer.device));
        if (!ready) {
            // It has uploaded no prekeys yet, and will read by a reader slot.
            out.push_back(message::LiveSlot{
                .device = peer.device, .kind = message::LiveKind::message, .bytes = {0}
            });
            continue;
        }
        WARDLINE_TRY(auto sealed, transaction.encrypt(peer, plaintext.reveal()));
        out.push_back(message::LiveSlot{
            .device = peer.device, .kind = sealed.kind, .bytes = std::move(sealed.bytes)
        });
    }
    return out;
}

// Makes a version: fresh message key, current readers, next counter. On the disk with its ratchets
// when this returns.
Result<void> Outbox::compose(Queued& queued) {
    WARDLINE_TRY(const auto to, recipients(queued));
    WARDLINE_TRY(const auto* chain, chains_.patient(queued.patient));
    const auto audience = trust::audience_of(queued.message_class);
    WARDLINE_TRY(const auto prev, last_seen(queued.thread, audience));
    const auto clinic_head = chains_.clinic().head();
    const auto patient_head = chain->head();
    message::Header header{
        .clinic = self_.clinic,
        .thread = queued.thread,
        .patient = queued.patient,
        .id = queued.id,
        .device = self_.device(),
        .counter = to.counter,
        .message_class = queued.message_class,
        .sent = queued.created,
        .commit = {},
        .prev = prev,
        .clinic_head = {.pos = clinic_head.pos, .hash = clinic_head.hash},
        .patient_head = {.pos = patient_head.pos, .hash = patient_head.hash},
        .tree = tree_.ref()
    };
    const auto readers = trust::expected_slots(chains_.clinic(), *chain, audience);
    WARDLINE_TRY(
        const auto composed,
        message::compose(
            std::move(header), queued.content, readers, self_.signing, environment_.random
        )
    );
    auto transaction = signal_.begin();
    WARDLINE_TRY(auto live, live_slots(transaction, to.devices, *chain, composed));
    queued.sealed = message::encode(composed.message);
    queued.live = std::move(live);
    queued.attempts.push_back(composed.hash);
    StoreTransaction stored{store_};
    WARDLINE_TRY(keep(queued));
    WARDLINE_TRY(signal_store_.write(transaction.changes()));
    return stored.commit();
}

// Nothing: make another version. A value: it stands. An error: see later().
Result<std::optional<Sent>> Outbox::judge(Queued& queued, const Result<Json>& answer) {
    const Place place{queued.thread, trust::audience_of(queued.message_class)};
    if (answer) {
        WARDLINE_TRY(const auto sent, or_later(parse_sent(answer.value())));
        WARDLINE_TRY(const auto stands, message::decode_message(queued.sealed));
        if (message::message_hash(stands) != sent.hash)
            return alarm("the server has put another message in the place of the one that was sent"
            );
        WARDLINE_TRY(const auto header, message::parse_header(stands.header));
        WARDLINE_TRY(keep_own_counter(place, header.counter));
        const auto known = known_.find(place);
        if (known != known_.end()) ++known->second.counter;
        return std::optional{sent};
    }
    const Error& error = answer.error();
    if (error.code == Code::id_reused) {
        const auto hash = hash_in(error);
        if (hash && std::find(queued.attempts.begin(), queued.attempts.end(), *hash) !=
                        queued.attempts.end()) {
            known_.erase(place);
            Sent sent;
            sent.hash = *hash;
            const auto seq = error.extra->find("seq");
            if (seq != error.extra->end() && seq->is_number_unsigned())
                sent.seq = seq->get<std::uint64_t>();
            return std::optional{sent};
        }
        return Error{
            Code::trust_alarm,
            "the server has a message under this one's id that this device never wrote"
        };
    }
    if (error.code != Code::recipients_changed && error.code != Code::out_of_order) return error;
    known_.erase(place);
    // Verified first: the next version is for whom the chains name, not for whom the server names.
    WARDLINE_TRY(chains_.update_clinic());
    WARDLINE_TRY(chains_.update_patient(queued.patient));
    return std::optional<Sent>{};
}

Result<Sent> Outbox::send(Queued& queued) {
    if (queued.message_class == trust::MessageClass::clinical && tree_.head() &&
        audit::is_stale(*tree_.head(), environment_.clock.now())) {
        return Error{
            Code::unavailable,
            "what the server shows of its journal is more than 7 days old: nothing clinical is sent"
        };
    }
    for (int i = 0; i < kTries; ++i) {
        if (queued.sealed.empty()) {
            WARDLINE_TRY(or_later(compose(queued)));
        }
        WARDLINE_TRY(const auto message, cbor::decode(queued.sealed));
        const auto answer = link_.request(
            "send", Json{{"message", message}, {"live", message::to_json(queued.live)}}
        );
        WARDLINE_TRY(const auto sent, judge(queued, answer));
        if (sent) return *sent;
        queued.sealed.clear();
    }
    return Error{
        Code::unavailable,
        "the readers of this thread change faster than a message can be written: it stays queued"
    };
}

}  // namespace wardline::client
