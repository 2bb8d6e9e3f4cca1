#include "protocol/signal/staged_store.hpp"

#include "protocol/signal/handles.hpp"

#include <session_record.h>
#include <string_view>

namespace wardline::signal {

// The callbacks, as C wants them. Their return values differ from store to store, and mixing them
// up is silent: sessions and sender keys 1 found and 0 not; prekeys 0 found and INVALID_KEY_ID not;
// `contains` and `is_trusted` 1 and 0.
struct StoreCallbacks {
    static StagedStore& store_of(void* user_data) noexcept {
        return *static_cast<StagedStore*>(user_data);
    }

    static int load_session(
        signal_buffer** record,
        signal_buffer** user_record,
        const signal_protocol_address* address,
        void* user_data
    ) {
        return guarded([&] {
            auto& store = store_of(user_data);
            *user_record = nullptr;
            if (!store.is_current(address)) return kUnexpectedCall;
            const auto session = store.session();
            if (!session) return store.fail(session.error());
            if (!session.value()) return 0;
            const int result = hand_over(session.value()->reveal(), record);
            return result < 0 ? result : 1;
        });
    }

    static int get_sub_device_sessions(signal_int_list** out, const char*, std::size_t, void*) {
        *out = signal_int_list_alloc();
        return *out ? 0 : SG_ERR_NOMEM;
    }

    static int store_session(
        const signal_protocol_address* address,
        std::uint8_t* record,
        std::size_t size,
        std::uint8_t*,
        std::size_t,
        void* user_data
    ) {
        return guarded([&] {
            auto& store = store_of(user_data);
            return store.is_current(address) ? store.store_session({record, size})
                                             : kUnexpectedCall;
        });
    }

    static int contains_session(const signal_protocol_address* address, void* user_data) {
        return guarded([&] {
            auto& store = store_of(user_data);
            if (!store.is_current(address)) return kUnexpectedCall;
            const auto session = store.session();
            if (!session) return store.fail(session.error());
            return session.value() ? 1 : 0;
        });
    }

    static int delete_session(const signal_protocol_address*, void*) { return kUnexpectedCall; }
    static int delete_all_sessions(const char*, std::size_t, void*) { return kUnexpectedCall; }

    static int load_prekey(signal_buffer** out, std::uint32_t id, void* user_data) {
        return guarded([&] { return store_of(user_data).load_prekey(id, out); });
    }
    static int store_prekey(std::uint32_t, std::uint8_t*, std::size_t, void*) {
        return kUnexpectedCall;
    }
    static int contains_prekey(std::uint32_t id, void* user_data) {
        return contains(id, user_data, load_prekey);
    }
    static int remove_prekey(std::uint32_t id, void* user_data) {
        return guarded([&] {
            store_of(user_data).staged_.used_prekeys.insert(id);
            return SG_SUCCESS;
        });
    }

    static int load_signed_prekey(signal_buffer** out, std::uint32_t id, void* user_data) {
        return guarded([&] { return store_of(user_data).load_signed_prekey(id, out); });
    }
    static int store_signed_prekey(std::uint32_t, std::uint8_t*, std::size_t, void*) {
        return kUnexpectedCall;
    }
    static int contains_signed_prekey(std::uint32_t id, void* user_data) {
        return contains(id, user_data, load_signed_prekey);
    }
    static int remove_signed_prekey(std::uint32_t, void*) { return kUnexpectedCall; }

    static int contains(
        std::uint32_t id, void* user_data, int (*load)(signal_buffer**, std::uint32_t, void*)
    ) {
        signal_buffer* raw = nullptr;
        const int result = load(&raw, id, user_data);
        const SecretBuffer buffer{raw};
        if (result == SG_ERR_INVALID_KEY_ID) return 0;
        return result < 0 ? result : 1;
    }

    static int identity_key_pair(signal_buffer** key, signal_buffer** secret, void* user_data) {
        return guarded([&] {
            const auto& identity = store_of(user_data).identity_;
            const int result = hand_over(identity.public_key.view(), key);
            return result < 0 ? result : hand_over(identity.secret.reveal(), secret);
        });
    }

    static int registration_id(void* user_data, std::uint32_t* out) {
        *out = store_of(user_data).identity_.registration;
        return SG_SUCCESS;
    }

    static bool is_certified(
        const signal_protocol_address* address, BytesView key, void* user_data
    ) noexcept {
        const auto& store = store_of(user_data);
        return store.is_current(address) && equal_constant_time(key, store.scope_->identity.view());
    }

    // Identities come from verified chains alone, so there is nothing to save: the library calls
    // this before it has checked the message that brought the key.
    static int save_identity(
        const signal_protocol_address* address, std::uint8_t* key, std::size_t size, void* user_data
    ) {
        return is_certified(address, {key, size}, user_data) ? SG_SUCCESS
                                                             : SG_ERR_UNTRUSTED_IDENTITY;
    }

    static int is_trusted(
        const signal_protocol_address* address, std::uint8_t* key, std::size_t size, void* user_data
    ) {
        return is_certified(address, {key, size}, user_data) ? 1 : 0;
    }

    // Wardline uses no sender keys.
    static int
    store_sender_key(const signal_protocol_sender_key_name*, std::uint8_t*, std::size_t, std::uint8_t*, std::size_t, void*) {
        return kUnexpectedCall;
    }
    static int
    load_sender_key(signal_buffer**, signal_buffer**, const signal_protocol_sender_key_name*, void*) {
        return kUnexpectedCall;
    }

    // All stores share one user_data, which the library must not destroy.
    static void destroy(void*) {}
};

StagedStore::StagedStore(const SignalIdentity& identity, SignalRecords& records)
    : identity_{identity}, records_{records} {}

StagedStore::StoreContext StagedStore::connect(signal_context* context) {
    using Is = StoreCallbacks;
    context_ = context;
    signal_protocol_store_context* raw = nullptr;
    if (signal_protocol_store_context_create(&raw, context) < 0) return nullptr;
    StoreContext store{raw};
    const signal_protocol_session_store sessions{
        Is::load_session,
        Is::get_sub_device_sessions,
        Is::store_session,
        Is::contains_session,
        Is::delete_session,
        Is::delete_all_sessions,
        Is::destroy,
        this
    };
    const signal_protocol_pre_key_store prekeys{
        Is::load_prekey, Is::store_prekey, Is::contains_prekey, Is::remove_prekey, Is::destroy, this
    };
    const signal_protocol_signed_pre_key_store signed_prekeys{
        Is::load_signed_prekey,
        Is::store_signed_prekey,
        Is::contains_signed_prekey,
        Is::remove_signed_prekey,
        Is::destroy,
        this
    };
    const signal_protocol_identity_key_store identities{
        Is::identity_key_pair,
        Is::registration_id,
        Is::save_identity,
        Is::is_trusted,
        Is::destroy,
        this
    };
    const signal_protocol_sender_key_store sender_keys{
        Is::store_sender_key, Is::load_sender_key, Is::destroy, this
    };
    const bool connected =
        signal_protocol_store_context_set_session_store(raw, &sessions) >= 0 &&
        signal_protocol_store_context_set_pre_key_store(raw, &prekeys) >= 0 &&
        signal_protocol_store_context_set_signed_pre_key_store(raw, &signed_prekeys) >= 0 &&
        signal_protocol_store_context_set_identity_key_store(raw, &identities) >= 0 &&
        signal_protocol_store_context_set_sender_key_store(raw, &sender_keys) >= 0;
    return connected ? std::move(store) : nullptr;
}

void StagedStore::start(const Scope& scope, const signal_protocol_address& address) {
    scope_ = &scope;
    address_ = &address;
    staged_ = {};
    failure_.reset();
}

StoreChanges StagedStore::finish() {
    scope_ = nullptr;
    address_ = nullptr;
    return std::exchange(staged_, {});
}

bool StagedStore::is_current(const signal_protocol_address* address) const noexcept {
    return address_ && address && address->device_id == address_->device_id &&
           std::string_view{address->name, address->name_len} ==
               std::string_view{address_->name, address_->name_len};
}

int StagedStore::fail(Error error) {
    failure_ = std::move(error);
    return kRecordsFailed;
}

Result<std::optional<SecretBytes>> StagedStore::session() {
    for (const auto* changes : {&std::as_const(staged_), &scope_->before}) {
        const auto found = changes->sessions.find(scope_->peer);
        if (found != changes->sessions.end()) return found->second;
    }
    return records_.load_session(scope_->peer);
}

int StagedStore::store_session(BytesView record) {
    auto short_record = trimmed(record, context_);
    if (!short_record) return SG_ERR_INVALID_PROTO_BUF;
    staged_.sessions.insert_or_assign(scope_->peer, std::move(*short_record));
    return SG_SUCCESS;
}

int StagedStore::load_prekey(std::uint32_t id, signal_buffer** out) {
    if (!scope_) return kUnexpectedCall;
    if (scope_->before.used_prekeys.contains(id)) return SG_ERR_INVALID_KEY_ID;
    const auto record = records_.load_prekey(id);
    if (!record) return fail(record.error());
    return record.value() ? hand_over(record.value()->reveal(), out) : SG_ERR_INVALID_KEY_ID;
}

int StagedStore::load_signed_prekey(std::uint32_t id, signal_buffer** out) {
    const auto record = records_.load_signed_prekey(id);
    if (!record) return fail(record.error());
    return record.value() ? hand_over(record.value()->reveal(), out) : SG_ERR_INVALID_KEY_ID;
}

std::optional<SecretBytes> trimmed(BytesView record, signal_context* context) {
    SignalRef<session_record> sessions;
    if (session_record_deserialize(sessions.out(), record.data(), record.size(), context) < 0) {
        return std::nullopt;
    }
    // The newest archived state comes first.
    auto* state = session_record_get_previous_states_head(sessions.get());
    for (std::size_t kept = 0; state && kept < kArchivedStatesMax; ++kept) {
        state = session_record_get_previous_states_next(state);
    }
    if (!state) return SecretBytes{record};
    while (state) state = session_record_get_previous_states_remove(sessions.get(), state);
    signal_buffer* raw = nullptr;
    if (session_record_serialize(&raw, sessions.get()) < 0) return std::nullopt;
    const SecretBuffer buffer{raw};
    return SecretBytes{view_of(raw)};
}

}  // namespace wardline::signal
