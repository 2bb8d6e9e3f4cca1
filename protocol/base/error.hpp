#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wardline {

// Why something was refused. The first block is the published list of docs/protocol.md section 13,
// the names of which go over the wire; the second is known only inside a program.
enum class Code : std::uint8_t {
    bad_frame,
    too_large,
    unknown_type,
    unsupported_version,
    not_logged_in,
    login_failed,
    store_rolled_back,
    forbidden,
    not_found,
    chain_moved,
    bad_statement,
    bad_signature,
    invite_unknown,
    invite_expired,
    invite_used,
    invite_pending,
    wrong_class,
    out_of_order,
    id_reused,
    recipients_changed,
    not_open,
    rate_limited,
    unavailable,
    read_only,
    setup_token_invalid,
    clinic_exists,
    no_clinic,
    shutting_down,
    internal,

    usage,        // The person typed something that cannot be done; `detail` says what to do.
    io,           // A file, a socket or the operating system failed.
    local_store,  // The client's own store is missing, locked, damaged, newer than the program, or
                  // has another password.
    unreachable,  // No server answered.
    trust_alarm,  // What the server showed contradicts what was verified before.
    undecryptable,  // Ciphertext, slot or session did not open.
    conflict,       // Somebody else was faster, or a thing exists already.
};

std::string_view name_of(Code code) noexcept;
// The published code of that name; nothing for any other text.
std::optional<Code> published_code(std::string_view name) noexcept;
bool is_published(Code code) noexcept;

// An error as a value. `detail` is for the log and, in the programs of people, for the person: a
// whole sentence without secrets. `extra` are the details that go with a published code on the wire
// (a map), or null.
struct Error {
    Code code;
    std::string detail;
    std::shared_ptr<const nlohmann::json> extra;

    Error(Code error_code, std::string what) : code{error_code}, detail{std::move(what)} {}
    Error(Code error_code, std::string what, nlohmann::json more);
};

}  // namespace wardline
