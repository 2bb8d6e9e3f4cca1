#include "protocol/signal/crypto_provider.hpp"
#include "protocol/signal/handles.hpp"
#include "protocol/signal/keys.hpp"

#include <fingerprint.h>

namespace wardline::signal {

namespace {

using Generator = Handle<fingerprint_generator, fingerprint_generator_free>;
using KeyList = Handle<ec_public_key_list, ec_public_key_list_free>;

constexpr int kIterations = 5'200;
constexpr int kScannableVersion = 1;  // The digits are the same for every version.
constexpr std::size_t kGroupDigits = 5;

Result<KeyList> list_of(std::span<const IdentityKey> keys) {
    KeyList list{ec_public_key_list_alloc()};
    if (!list) return Error{Code::internal, "out of memory"};
    for (const auto& key : keys) {
        SignalRef<ec_public_key> point;
        if (curve_decode_point(point.out(), key.array().data(), IdentityKey::kSize, nullptr) < 0) {
            return Error{Code::bad_frame, "an identity key is not 05 and 32 bytes"};
        }
        // The list takes a reference of its own.
        if (ec_public_key_list_push_back(list.get(), point.get()) < 0) {
            return Error{Code::internal, "out of memory"};
        }
    }
    return list;
}

std::string grouped(std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && i % kGroupDigits == 0) out += ' ';
        out += digits[i];
    }
    return out;
}

}  // namespace

Result<std::string> safety_number(
    const Account& ours,
    std::span<const IdentityKey> our_keys,
    const Account& theirs,
    std::span<const IdentityKey> their_keys
) {
    if (our_keys.empty() || their_keys.empty()) {
        return Error{Code::usage, "a safety number needs a device on both sides"};
    }
    WARDLINE_TRY(const auto context, Context::create());
    WARDLINE_TRY(const auto our_list, list_of(our_keys));
    WARDLINE_TRY(const auto their_list, list_of(their_keys));
    fingerprint_generator* raw = nullptr;
    if (fingerprint_generator_create(&raw, kIterations, kScannableVersion, context.get()) < 0) {
        return Error{Code::internal, "no safety number from libsignal-protocol-c"};
    }
    const Generator generator{raw};
    SignalRef<fingerprint> numbers;
    if (fingerprint_generator_create_for_list(
            generator.get(),
            ours.text().c_str(),
            our_list.get(),
            theirs.text().c_str(),
            their_list.get(),
            numbers.out()
        ) < 0) {
        return Error{Code::internal, "no safety number from libsignal-protocol-c"};
    }
    return grouped(displayable_fingerprint_text(fingerprint_get_displayable(numbers.get())));
}

}  // namespace wardline::signal
