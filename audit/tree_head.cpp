#include "audit/tree_head.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"

namespace wardline::audit {
namespace {

constexpr std::string_view kDomain = "wardline/1 tree head";

}  // namespace

Bytes encode(const TreeHead& head) {
    return cbor::encode({
        {"v", 1},
        {"clinic", cbor::binary(head.clinic.view())},
        {"incarnation", head.incarnation},
        {"size", head.size},
        {"root", cbor::binary(head.root.view())},
        {"time", head.time.ms},
    });
}

Result<TreeHead> parse_head(BytesView body) {
    WARDLINE_TRY(const auto map, cbor::decode(body, kHeadBytesMax));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    WARDLINE_TRY(const auto version, reader.uint("v"));
    if (version != 1) return Error{Code::bad_frame, "a tree head of another version"};
    TreeHead head;
    WARDLINE_TRY(head.clinic, reader.fixed<ClinicId>("clinic"));
    WARDLINE_TRY(head.incarnation, reader.uint("incarnation"));
    WARDLINE_TRY(head.size, reader.uint("size"));
    WARDLINE_TRY(head.root, reader.fixed<Hash>("root"));
    WARDLINE_TRY(head.time.ms, reader.uint("time"));
    if (!reader.finish()) return Error{Code::bad_frame, "a tree head has a key too many"};
    return head;
}

SignedHead sign_head(const TreeHead& head, const SigningSecret& audit_key) {
    SignedHead out;
    out.body = encode(head);
    out.sig = crypto::sign(audit_key, kDomain, out.body);
    return out;
}

Result<TreeHead> verify_head(
    const SignedHead& head, const SigningKey& audit_key, const ClinicId& clinic
) {
    if (!crypto::verify(audit_key, kDomain, head.body, head.sig)) {
        return Error{Code::bad_signature, "the tree head is not signed by the clinic's audit key"};
    }
    WARDLINE_TRY(const auto parsed, parse_head(head.body));
    if (parsed.clinic != clinic) {
        return Error{Code::trust_alarm, "the tree head belongs to another clinic"};
    }
    if (parsed.incarnation != kIncarnation) {
        return Error{Code::trust_alarm, "the tree head belongs to another incarnation"};
    }
    return parsed;
}

bool is_stale(const TreeHead& head, Instant now) noexcept {
    return now.ms > head.time.ms &&
           now.ms - head.time.ms > static_cast<std::uint64_t>(kHeadAgeMax.count());
}

}  // namespace wardline::audit
