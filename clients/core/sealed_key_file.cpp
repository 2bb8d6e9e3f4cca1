#include "clients/core/sealed_key_file.hpp"

#include "clients/core/private_file.hpp"
#include "clients/core/store.hpp"
#include "protocol/base/cbor.hpp"

#include <algorithm>
#include <array>

namespace wardline::client {
namespace {

constexpr std::string_view kFirstLine = "wardline sealed key 1\n";
constexpr std::string_view kFirstWords = "wardline sealed key ";
constexpr std::size_t kFileBytesMax = 4'096;
constexpr std::uint32_t kMemoryKibMax = 1'048'576;

std::string_view text_of(SealedKeyKind kind) {
    return kind == SealedKeyKind::root ? "root" : "vault";
}

// Everything that is not secret is bound to the sealed key.
Bytes associated(std::string_view what, BytesView clinic, BytesView public_half) {
    return concat(
        {as_bytes(kFirstLine),
         as_bytes(what),
         as_bytes(std::string_view{"\0", 1}),
         clinic,
         public_half}
    );
}

SymmetricKey key_of(
    const StoreKey& passphrase, const std::array<std::uint8_t, 16>& salt, PasswordCost cost
) {
    if (passphrase.kind() == StoreKey::Kind::password) {
        return crypto::password_key(
            passphrase.secret().reveal(), salt, cost.passes, cost.memory_kib
        );
    }
    return crypto::derive(passphrase.secret().reveal(), "wardline sealed key file", salt);
}

}  // namespace

Result<void> write_sealed_key(
    const std::filesystem::path& file,
    const SealedKey& key,
    const StoreKey& passphrase,
    crypto::Random& random
) {
    std::array<std::uint8_t, 16> salt{};
    random.fill(salt);
    crypto::GcmNonce nonce{};
    random.fill(nonce);
    const PasswordCost cost;
    const auto what = text_of(key.kind);
    const Bytes sealed = crypto::aead_seal(
        key_of(passphrase, salt, cost),
        nonce,
        associated(what, key.clinic.view(), key.public_half.view()),
        key.secret.reveal()
    );
    const cbor::Json map{
        {"v", 1},
        {"what", what},
        {"clinic", cbor::binary(key.clinic.view())},
        {"public", cbor::binary(key.public_half.view())},
        {"salt", cbor::binary(salt)},
        {"passes", cost.passes},
        {"memory", cost.memory_kib},
        {"nonce", cbor::binary(nonce)},
        {"sealed", cbor::binary(sealed)}
    };
    return create_private_file(file, concat({as_bytes(kFirstLine), cbor::encode(map)}));
}

namespace {

Result<SealedKey> open_sealed_key(BytesView body, const StoreKey& passphrase) {
    WARDLINE_TRY(const auto map, cbor::decode(body));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    WARDLINE_TRY(const auto what, reader.text("what", 16));
    SealedKey out;
    out.kind = what == "root" ? SealedKeyKind::root : SealedKeyKind::vault;
    WARDLINE_TRY(out.clinic, reader.fixed<ClinicId>("clinic"));
    WARDLINE_TRY(out.public_half, reader.fixed<decltype(out.public_half)>("public"));
    WARDLINE_TRY(const auto raw_salt, reader.bytes("salt", 16));
    WARDLINE_TRY(const auto passes, reader.uint("passes", 16));
    WARDLINE_TRY(const auto memory, reader.uint("memory", kMemoryKibMax));
    WARDLINE_TRY(const auto raw_nonce, reader.bytes("nonce", crypto::kGcmNonceBytes));
    WARDLINE_TRY(const auto sealed, reader.bytes("sealed", 64));
    if (raw_salt.size() != 16 || raw_nonce.size() != crypto::kGcmNonceBytes) {
        return Error{Code::bad_frame, "salt or nonce have the wrong length"};
    }
    std::array<std::uint8_t, 16> salt{};
    std::copy(raw_salt.begin(), raw_salt.end(), salt.begin());
    crypto::GcmNonce nonce{};
    std::copy(raw_nonce.begin(), raw_nonce.end(), nonce.begin());
    const PasswordCost cost{
        .passes = static_cast<std::uint32_t>(passes),
        .memory_kib = static_cast<std::uint32_t>(memory)
    };
    WARDLINE_TRY(
        auto opened,
        crypto::aead_open(
            key_of(passphrase, salt, cost),
            nonce,
            associated(what, out.clinic.view(), out.public_half.view()),
            sealed
        )
    );
    WARDLINE_TRY(out.secret, SymmetricKey::from(opened));
    wipe(opened);
    return out;
}

}  // namespace

Result<SealedKey> read_sealed_key(const std::filesystem::path& file, const StoreKey& passphrase) {
    WARDLINE_TRY(const auto content, read_private_file(file, kFileBytesMax));
    const auto text = as_text(content.reveal());
    if (!text.starts_with(kFirstWords))
        return Error{Code::local_store, file.string() + " is no sealed key of Wardline"};
    if (!text.starts_with(kFirstLine)) {
        return Error{
            Code::local_store, file.string() + " was written by a newer version of Wardline"
        };
    }
    auto key = open_sealed_key(content.reveal().subspan(kFirstLine.size()), passphrase);
    if (key) return key;
    if (key.error().code == Code::undecryptable) {
        return Error{
            Code::local_store,
            "the passphrase of " + file.string() + " is wrong, or the file was changed"
        };
    }
    return Error{Code::local_store, file.string() + " is damaged"};
}

}  // namespace wardline::client
