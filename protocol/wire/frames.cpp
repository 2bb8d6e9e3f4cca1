#include "protocol/wire/frames.hpp"

#include <utility>

namespace wardline::wire {
namespace {

Bytes make(std::string_view type, std::optional<std::uint64_t> id, cbor::Json body) {
    if (!body.is_object()) body = cbor::Json::object();
    body["t"] = type;
    if (id) body["id"] = *id;
    return cbor::encode(body);
}

Code code_on_the_wire(Code code) noexcept {
    return is_published(code) ? code : Code::internal;
}

cbor::Json extra_of(const Error& error) {
    if (error.extra == nullptr || !error.extra->is_object()) return cbor::Json::object();
    return *error.extra;
}

// One sentence a code, for people who meet a bare HTTP answer. Errors' own details may say more
// than the caller may know.
std::string_view message_for(Code code) noexcept {
    switch (code) {
        case Code::too_large:
            return "This is larger than allowed.";
        case Code::unsupported_version:
            return "Client and server have no version in common.";
        case Code::not_logged_in:
            return "Log in first.";
        case Code::login_failed:
            return "The login was refused.";
        case Code::forbidden:
            return "This is not allowed.";
        case Code::not_found:
            return "There is no such thing.";
        case Code::chain_moved:
            return "Somebody else was faster; read the chain and try again.";
        case Code::bad_statement:
            return "The statement is against the rules of its chain.";
        case Code::bad_signature:
            return "The signature is wrong.";
        case Code::invite_unknown:
            return "This invite is not known.";
        case Code::invite_expired:
            return "This invite has expired.";
        case Code::invite_used:
            return "This invite was used before.";
        case Code::invite_pending:
            return "This invite waits for a second person's approval.";
        case Code::rate_limited:
            return "Too many requests; try again later.";
        case Code::unavailable:
            return "The database is away; try again shortly.";
        case Code::read_only:
            return "The server's disk is full.";
        case Code::setup_token_invalid:
            return "This setup token is not valid.";
        case Code::clinic_exists:
            return "The clinic is set up already.";
        case Code::no_clinic:
            return "No clinic is set up yet.";
        case Code::shutting_down:
            return "The server is shutting down.";
        case Code::internal:
            return "The server failed.";
        default:
            return "The request was refused.";
    }
}

}  // namespace

Result<Frame> parse_frame(BytesView bytes) {
    WARDLINE_TRY(auto body, cbor::decode(bytes, kFrameBytesMax));
    Frame frame;
    {
        WARDLINE_TRY(auto reader, cbor::MapReader::over(body));
        WARDLINE_TRY(frame.type, reader.text("t", kTypeBytesMax));
        if (reader.has("id")) {
            WARDLINE_TRY(frame.id, reader.uint("id"));
        }
    }
    frame.body = std::move(body);
    return frame;
}

Bytes make_request(std::string_view type, std::uint64_t id, cbor::Json body) {
    return make(type, id, std::move(body));
}

Bytes make_answer(std::string_view type, std::uint64_t id, cbor::Json body) {
    return make(type, id, std::move(body));
}

Bytes make_push(std::string_view type, cbor::Json body) {
    return make(type, std::nullopt, std::move(body));
}

Bytes make_error(std::optional<std::uint64_t> id, const Error& error) {
    auto body = extra_of(error);
    body["code"] = name_of(code_on_the_wire(error.code));
    return make("error", id, std::move(body));
}

Error parse_error(const cbor::Json& frame) {
    auto extra = frame.is_object() ? frame : cbor::Json::object();
    Code code = Code::internal;
    if (const auto found = extra.find("code"); found != extra.end() && found->is_string()) {
        const auto& name = found->get_ref<const std::string&>();
        code = published_code(name).value_or(Code::internal);
    }
    extra.erase("t");
    extra.erase("id");
    extra.erase("code");
    extra.erase("message");
    return Error{code, std::string{message_for(code)}, std::move(extra)};
}

cbor::Json error_body(const Error& error) {
    auto body = extra_of(error);
    const auto code = code_on_the_wire(error.code);
    body["code"] = name_of(code);
    body["message"] = message_for(code);
    return body;
}

unsigned http_status(Code code) noexcept {
    switch (code) {
        case Code::bad_frame:
        case Code::unknown_type:
        case Code::unsupported_version:
        case Code::bad_statement:
        case Code::bad_signature:
            return 400;
        case Code::not_logged_in:
        case Code::login_failed:
            return 401;
        case Code::forbidden:
        case Code::wrong_class:
        case Code::setup_token_invalid:
            return 403;
        case Code::not_found:
        case Code::invite_unknown:
            return 404;
        case Code::store_rolled_back:
        case Code::chain_moved:
        case Code::invite_pending:
        case Code::out_of_order:
        case Code::id_reused:
        case Code::recipients_changed:
        case Code::not_open:
        case Code::clinic_exists:
        case Code::no_clinic:
            return 409;
        case Code::invite_expired:
        case Code::invite_used:
            return 410;
        case Code::too_large:
            return 413;
        case Code::rate_limited:
            return 429;
        case Code::unavailable:
        case Code::shutting_down:
            return 503;
        case Code::read_only:
            return 507;
        default:
            return 500;
    }
}

}  // namespace wardline::wire
