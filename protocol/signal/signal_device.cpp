#include "protocol/signal/signal_device.hpp"

#include "protocol/crypto/crypto.hpp"
#include "protocol/signal/crypto_provider.hpp"
#include "protocol/signal/failure_budget.hpp"
#include "protocol/signal/first_message.hpp"
#include "protocol/signal/handles.hpp"
#include "protocol/signal/staged_store.hpp"

#include <curve.h>
#include <mutex>
#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>
#include <session_pre_key.h>
#include <session_record.h>
#include <session_state.h>
#include <stdexcept>
#include <string>

namespace wardline::signal {

namespace {

using Builder = Handle<session_builder, session_builder_free>;
using SessionCipher = Handle<session_cipher, session_cipher_free>;
using Point = SignalRef<ec_public_key>;

constexpr std::size_t kMessageBytesMax = 65'536;
constexpr std::int32_t kLibraryDevice =
    1;  // Our device ids are whole addresses; the library's number is not used.

Error undecryptable(const char* why) {
    return Error{Code::undecryptable, why};
}

// The library keeps pointers to an address and to its name, so both stay where they are.
class Address {
public:
    explicit Address(const DeviceId& device)
        : name_{device.hex()}, address_{name_.c_str(), name_.size(), kLibraryDevice} {}
    Address(const Address&) = delete;
    Address& operator=(const Address&) = delete;

    const signal_protocol_address& get() const noexcept { return address_; }

private:
    std::string name_;
    signal_protocol_address address_;
};

Error error_of(int result) {
    switch (result) {
        case SG_ERR_DUPLICATE_MESSAGE:
            return Error{Code::conflict, "this Signal message was decrypted before"};
        case SG_ERR_NO_SESSION:
            return Error{Code::not_found, "there is no session with this device"};
        case SG_ERR_UNTRUSTED_IDENTITY:
            return Error{
                Code::trust_alarm, "a Signal session is with another identity than its device's"
            };
        case SG_ERR_INVALID_KEY_ID:
            return undecryptable("the prekey of this Signal message is gone");
        case SG_ERR_NOMEM:
        case SG_ERR_UNKNOWN:
        case kUnexpectedCall:
            return Error{Code::internal, "libsignal-protocol-c failed"};
        default:
            return undecryptable("a Signal message does not decrypt");
    }
}

Result<Point> point_of(BytesView key, signal_context* context) {
    Point point;
    if (curve_decode_point(point.out(), key.data(), key.size(), context) < 0) {
        return Error{Code::bad_frame, "a Signal key is not 05 and 32 bytes"};
    }
    return point;
}

bool is_same(const ec_public_key* point, const IdentityKey& key) {
    signal_buffer* raw = nullptr;
    if (!point || ec_public_key_serialize(&raw, point) < 0) return false;
    const SecretBuffer buffer{raw};
    return equal_constant_time(view_of(raw), key.view());
}

Result<SignalRef<session_record>> read_record(const SecretBytes& bytes, signal_context* context) {
    SignalRef<session_record> record;
    const auto raw = bytes.reveal();
    if (session_record_deserialize(record.out(), raw.data(), raw.size(), context) < 0) {
        return Error{Code::local_store, "the record of a Signal session is damaged"};
    }
    return record;
}

Result<void> check_pair(const SignalIdentity& identity, signal_context* context) {
    SignalRef<ec_private_key> secret;
    Point point;
    const auto raw = identity.secret.reveal();
    if (curve_decode_private_point(secret.out(), raw.data(), raw.size(), context) < 0 ||
        curve_generate_public_key(point.out(), secret.get()) < 0) {
        return Error{Code::internal, "libsignal-protocol-c failed"};
    }
    if (!is_same(point.get(), identity.public_key)) {
        return Error{Code::usage, "the two halves of a Signal identity do not belong together"};
    }
    return success();
}

}  // namespace

struct SignalDevice::Impl {
    Impl(SignalIdentity own, SignalRecords& records)
        : identity{std::move(own)}, store{identity, records}, saved{records} {}

    // The library calls these through C and takes the lock again while it has it.
    static void lock(void* impl) noexcept { static_cast<Impl*>(impl)->mutex.lock(); }
    static void unlock(void* impl) noexcept { static_cast<Impl*>(impl)->mutex.unlock(); }

    SignalIdentity identity;
    std::recursive_mutex mutex;
    bool in_transaction{false};
    FailureBudget budget;
    StagedStore store;
    SignalRecords& saved;
    std::optional<Context> context;  // Before the stores, which it outlives.
    StagedStore::StoreContext connection;
};

struct SignalTransaction::State {
    explicit State(SignalDevice::Impl& owner) : device{owner}, lock{owner.mutex} {
        // Two of one thread would not see each other's ratchets, and encrypt under the same key.
        if (device.in_transaction) throw std::logic_error{"a Signal transaction within another"};
        device.in_transaction = true;
    }
    ~State() { device.in_transaction = false; }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    signal_context* context() const noexcept { return device.context->get(); }

    // Runs one operation on the peer's session. Its writes join the transaction only if all of it
    // succeeds.
    template <class Operation>
    auto run(const Peer& peer, Operation&& operation) {
        const Address address{peer.device};
        const StagedStore::Scope scope{peer.device, peer.identity, changes};
        device.store.start(scope, address.get());
        auto result = operation(address.get());
        StoreChanges written = device.store.finish();
        if (result) changes.merge(std::move(written));
        return result;
    }

    // What a negative result of the library means.
    Error reason(int result) const {
        return device.store.failure() ? *device.store.failure() : error_of(result);
    }

    Result<SignalRef<session_record>> open_record();
    Result<SessionCipher> cipher(const signal_protocol_address& address) const;
    Result<void> check_encrypting_session(const Peer& peer);
    Result<void> check_decrypting_session(const Peer& peer);
    Result<void> build(
        const signal_protocol_address& address, const Peer& peer, const PrekeyBundle& bundle
    );
    Result<Encrypted> encrypt(
        const signal_protocol_address& address, const Peer& peer, BytesView plaintext
    );
    Result<SecretBytes> decrypt(const signal_protocol_address& address, BytesView bytes);
    Result<SecretBytes> decrypt_first(
        const signal_protocol_address& address, const Peer& peer, BytesView bytes
    );
    Result<std::optional<StoreChanges::Begun>> judge_first(
        const Peer& peer, pre_key_signal_message* first
    );

    SignalDevice::Impl& device;
    std::unique_lock<std::recursive_mutex> lock;
    StoreChanges changes;
};

namespace {

SecretBytes take_plaintext(signal_buffer* raw) {
    const SecretBuffer buffer{raw};
    return SecretBytes{view_of(raw)};
}

// Whether a record's current session can encrypt: after some failures a record holds archived
// sessions alone.
bool can_encrypt(session_record* record) {
    auto* const state = session_record_get_state(record);
    return state != nullptr && session_state_has_sender_chain(state) == 1;
}

}  // namespace

// Null where the peer has no record.
Result<SignalRef<session_record>> SignalTransaction::State::open_record() {
    WARDLINE_TRY(const auto bytes, device.store.session());
    if (!bytes) return SignalRef<session_record>{};
    return read_record(*bytes, context());
}

Result<SessionCipher> SignalTransaction::State::cipher(const signal_protocol_address& address
) const {
    session_cipher* raw = nullptr;
    if (session_cipher_create(&raw, device.connection.get(), &address, context()) < 0) {
        return Error{Code::internal, "libsignal-protocol-c failed"};
    }
    return SessionCipher{raw};
}

// The library does not look for itself: without a session it answers "unknown error".
Result<void> SignalTransaction::State::check_encrypting_session(const Peer& peer) {
    WARDLINE_TRY(const auto record, open_record());
    if (!record || !can_encrypt(record.get())) return error_of(SG_ERR_NO_SESSION);
    const auto* const state = session_record_get_state(record.get());
    if (!is_same(session_state_get_remote_identity_key(state), peer.identity)) {
        return error_of(SG_ERR_UNTRUSTED_IDENTITY);
    }
    return success();
}

// The session that decrypted a message is the record's current one.
Result<void> SignalTransaction::State::check_decrypting_session(const Peer& peer) {
    WARDLINE_TRY(const auto record, open_record());
    const auto* const state = record ? session_record_get_state(record.get()) : nullptr;
    if (!state || !is_same(session_state_get_remote_identity_key(state), peer.identity)) {
        return error_of(SG_ERR_UNTRUSTED_IDENTITY);
    }
    return success();
}

Result<void> SignalTransaction::State::build(
    const signal_protocol_address& address, const Peer& peer, const PrekeyBundle& bundle
) {
    const auto& signed_prekey = bundle.signed_prekey;
    WARDLINE_TRY(const auto identity, point_of(peer.identity.view(), context()));
    WARDLINE_TRY(const auto signed_key, point_of(signed_prekey.key.view(), context()));
    Point one_time;
    if (bundle.one_time) {
        WARDLINE_TRY(one_time, point_of(bundle.one_time->key.view(), context()));
    }
    SignalRef<session_pre_key_bundle> keys;
    session_builder* raw = nullptr;
    if (session_pre_key_bundle_create(
            keys.out(),
            bundle.registration,
            kLibraryDevice,
            bundle.one_time ? bundle.one_time->id : 0,
            one_time.get(),
            signed_prekey.id,
            signed_key.get(),
            signed_prekey.signature.array().data(),
            PrekeySignature::kSize,
            identity.get()
        ) < 0 ||
        session_builder_create(&raw, device.connection.get(), &address, context()) < 0) {
        return Error{Code::internal, "libsignal-protocol-c failed"};
    }
    const Builder builder{raw};
    const int result = session_builder_process_pre_key_bundle(builder.get(), keys.get());
    if (result == SG_ERR_INVALID_KEY) {
        return Error{Code::bad_signature, "a prekey bundle is not signed by the device's identity"};
    }
    if (result < 0) return reason(result);
    return success();
}

Result<Encrypted> SignalTransaction::State::encrypt(
    const signal_protocol_address& address, const Peer& peer, BytesView plaintext
) {
    WARDLINE_TRY(check_encrypting_session(peer));
    WARDLINE_TRY(const auto session, cipher(address));
    SignalRef<ciphertext_message> message;
    const int result =
        session_cipher_encrypt(session.get(), plaintext.data(), plaintext.size(), message.out());
    if (result < 0) return reason(result);
    Encrypted out;
    out.kind = ciphertext_message_get_type(message.get()) == CIPHERTEXT_PREKEY_TYPE
                   ? LiveKind::first
                   : LiveKind::message;
    const auto bytes = view_of(ciphertext_message_get_serialized(message.get()));
    if (out.kind == LiveKind::first) {
        WARDLINE_TRY(out.bytes, without_identity(bytes, device.identity.public_key));
    } else {
        out.bytes.assign(bytes.begin(), bytes.end());
    }
    return out;
}

Result<SecretBytes> SignalTransaction::State::decrypt(
    const signal_protocol_address& address, BytesView bytes
) {
    SignalRef<signal_message> message;
    const int parsed =
        signal_message_deserialize(message.out(), bytes.data(), bytes.size(), context());
    if (parsed < 0) return undecryptable("this is not a Signal message");
    WARDLINE_TRY(const auto session, cipher(address));
    signal_buffer* plaintext = nullptr;
    const int result =
        session_cipher_decrypt_signal_message(session.get(), message.get(), nullptr, &plaintext);
    if (result < 0) return reason(result);
    return take_plaintext(plaintext);
}

// Whether a first message may begin a session: its base key must be sound and never accepted
// before. The library would accept a replay without a one-time prekey once the session is deleted
// or has left the archive. Answers what to remember if it decrypts; nothing if its session exists.
Result<std::optional<StoreChanges::Begun>> SignalTransaction::State::judge_first(
    const Peer& peer, pre_key_signal_message* first
) {
    WARDLINE_TRY(const auto record, open_record());
    const auto* const base_key = pre_key_signal_message_get_base_key(first);
    if (record && session_record_has_session_state(
                      record.get(), pre_key_signal_message_get_message_version(first), base_key
                  ) == 1) {
        return std::optional<StoreChanges::Begun>{};
    }
    signal_buffer* raw = nullptr;
    if (ec_public_key_serialize(&raw, base_key) < 0) return error_of(SG_ERR_NOMEM);
    const SecretBuffer base_bytes{raw};
    if (!is_sound_key(view_of(raw))) return undecryptable("a base key of low order");
    const StoreChanges::Begun begun{
        peer.device,
        crypto::sha256(view_of(raw)),
        pre_key_signal_message_get_signed_pre_key_id(first)
    };
    if (changes.begun.contains(begun)) return undecryptable("a first message came a second time");
    WARDLINE_TRY(const bool known, device.saved.has_begun(begun.peer, begun.base_key));
    if (known) return undecryptable("a first message came a second time");
    return std::optional{begun};
}

Result<SecretBytes> SignalTransaction::State::decrypt_first(
    const signal_protocol_address& address, const Peer& peer, BytesView bytes
) {
    WARDLINE_TRY(const auto message, parse_first_message(bytes, peer.identity, context()));
    WARDLINE_TRY(const auto begun, judge_first(peer, message.get()));
    WARDLINE_TRY(const auto session, cipher(address));
    signal_buffer* raw = nullptr;
    const int result =
        session_cipher_decrypt_pre_key_signal_message(session.get(), message.get(), nullptr, &raw);
    if (result < 0) return reason(result);
    auto plaintext = take_plaintext(raw);
    if (begun) device.store.staged().begun.insert(*begun);
    return plaintext;
}

SignalDevice::SignalDevice(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
SignalDevice::~SignalDevice() = default;

Result<std::unique_ptr<SignalDevice>> SignalDevice::create(
    SignalIdentity identity, SignalRecords& records
) {
    auto impl = std::make_unique<Impl>(std::move(identity), records);
    WARDLINE_TRY(auto context, Context::create({Impl::lock, Impl::unlock, impl.get()}));
    impl->context.emplace(std::move(context));
    WARDLINE_TRY(check_pair(impl->identity, impl->context->get()));
    impl->connection = impl->store.connect(impl->context->get());
    if (!impl->connection) return Error{Code::internal, "libsignal-protocol-c failed"};
    return std::unique_ptr<SignalDevice>{new SignalDevice{std::move(impl)}};
}

const SignalIdentity& SignalDevice::identity() const noexcept {
    return impl_->identity;
}

SignalTransaction SignalDevice::begin() {
    return SignalTransaction{std::make_unique<SignalTransaction::State>(*impl_)};
}

SignalTransaction::SignalTransaction(std::unique_ptr<State> state) : state_{std::move(state)} {}
SignalTransaction::SignalTransaction(SignalTransaction&&) noexcept = default;
SignalTransaction::~SignalTransaction() = default;

const StoreChanges& SignalTransaction::changes() const noexcept {
    return state_->changes;
}

Result<bool> SignalTransaction::has_session(const DeviceId& peer) {
    return state_->run(Peer{peer, {}}, [&](const auto&) -> Result<bool> {
        WARDLINE_TRY(const auto record, state_->open_record());
        return record && can_encrypt(record.get());
    });
}

Result<void> SignalTransaction::begin_session(const Peer& peer, const PrekeyBundle& bundle) {
    const auto& one_time = bundle.one_time;
    const auto valid_id = [](std::uint32_t id) { return id >= kPrekeyIdMin && id <= kPrekeyIdMax; };
    if (!valid_id(bundle.signed_prekey.id) || (one_time && !valid_id(one_time->id))) {
        return Error{Code::bad_frame, "a prekey's id is out of bounds"};
    }
    if (!is_sound_key(peer.identity.view()) || !is_sound_key(bundle.signed_prekey.key.view()) ||
        (one_time && !is_sound_key(one_time->key.view()))) {
        return Error{Code::bad_frame, "a prekey bundle holds a key of low order"};
    }
    return state_->run(peer, [&](const auto& address) {
        return state_->build(address, peer, bundle);
    });
}

Result<Encrypted> SignalTransaction::encrypt(const Peer& peer, BytesView plaintext) {
    if (plaintext.size() > kMessageBytesMax) {
        return Error{Code::too_large, "a Signal message carries at most 64 KiB"};
    }
    return state_->run(peer, [&](const auto& address) {
        return state_->encrypt(address, peer, plaintext);
    });
}

Result<Decrypted> SignalTransaction::decrypt(
    const Peer& peer, LiveKind kind, BytesView bytes, Instant now
) {
    auto& budget = state_->device.budget;
    if (bytes.size() > kMessageBytesMax) return undecryptable("a Signal message of over 64 KiB");
    if (!budget.allows(peer.device, now)) {
        return Error{
            Code::rate_limited, "this device sent too many Signal messages that do not decrypt"
        };
    }
    auto result = state_->run(peer, [&](const auto& address) -> Result<Decrypted> {
        Decrypted out;
        if (kind == LiveKind::first) {
            WARDLINE_TRY(out.plaintext, state_->decrypt_first(address, peer, bytes));
        } else {
            WARDLINE_TRY(out.plaintext, state_->decrypt(address, bytes));
        }
        WARDLINE_TRY(state_->check_decrypting_session(peer));
        const auto& used = state_->device.store.staged().used_prekeys;
        if (!used.empty()) out.used_prekey = *used.begin();
        return out;
    });
    if (!result && result.error().code == Code::undecryptable) budget.spend(peer.device, now);
    return result;
}

void SignalTransaction::end_session(const DeviceId& peer) {
    state_->changes.sessions.insert_or_assign(peer, std::nullopt);
}

}  // namespace wardline::signal
