#pragma once

#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <string>

// The key and certificate that the server shows. Clients of a self-made certificate pin the key,
// which is kept for ten years; the certificate is renewed with the same key. A certificate from
// files is used as it is.
namespace wardline::server {

struct TlsIdentity {
    std::string certificate_pem;  // Leaf first, then intermediates.
    std::string key_pem;          // Private: never logged.
    Hash pin;                     // SHA-256 of the key's SubjectPublicKeyInfo (DER).
};

// The self-made identity in `folder` (mode 0700, files key.pem and certificate.pem 0600), made when
// there is none. The certificate is valid for 397 days and made anew when fewer than 60 are left.
// `io` with a sentence when the folder cannot be used or holds something else.
Result<TlsIdentity> load_or_make_tls_identity(const std::string& folder, Instant now);

// PEM files; `usage` with a sentence when they cannot be read or do not belong together.
Result<TlsIdentity> load_tls_identity(
    const std::string& certificate_file, const std::string& key_file
);

}  // namespace wardline::server
