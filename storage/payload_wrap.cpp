#include "storage/key_ring.hpp"

#include <algorithm>

namespace wardline::storage {
namespace {

Bytes associated(const PayloadPlace& place) {
    Bytes out;
    append_u64(out, place.seq);
    append(out, place.thread.view());
    append_u64(out, place.unit);
    return out;
}

}  // namespace

Bytes wrap_payload(
    const SymmetricKey& key,
    const crypto::GcmNonce& nonce,
    const PayloadPlace& place,
    BytesView payload
) {
    return concat({nonce, crypto::aead_seal(key, nonce, associated(place), payload)});
}

Result<Bytes> unwrap_payload(
    const SymmetricKey& key, const PayloadPlace& place, BytesView wrapped
) {
    if (wrapped.size() < kWrapBytes) {
        return Error{Code::undecryptable, "a wrapped payload is too short"};
    }
    crypto::GcmNonce nonce{};
    std::ranges::copy(wrapped.first(nonce.size()), nonce.begin());
    return crypto::aead_open(key, nonce, associated(place), wrapped.subspan(nonce.size()));
}

}  // namespace wardline::storage
