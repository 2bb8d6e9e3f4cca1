#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/statement_data.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

// A signed fact: exact bytes, signer, signature. docs/protocol.md section 3. Pure; any thread.
namespace wardline::trust {

constexpr std::size_t kStatementBodyBytesMax = 16'384;
// Of the whole statement, body and signature, encoded.
constexpr std::size_t kStatementBytesMax = kStatementBodyBytesMax + 128;

// What an author decides; the rest follows from the secret.
struct StatementFields {
    ClinicId clinic;
    ChainName chain;
    std::uint64_t pos{0};
    Hash prev;                          // Zeros at position 0.
    std::optional<ChainPosition> head;  // Exactly in patients' chains.
    Instant time;                       // The author's clock.
    SigningKey by;                      // Filled in by sign_statement().
    StatementData data;
    bool operator==(const StatementFields&) const = default;
};

// A statement that is well formed. Whether its signature is right says verify_signature(), whether
// it counts the chain that it is in.
class Statement {
public:
    // From the map {"body", "sig"} or its bytes. `bad_statement`, or `too_large`.
    static Result<Statement> parse(BytesView encoded);
    static Result<Statement> from_json(const cbor::Json& map);
    static Result<Statement> from_parts(Bytes body, const Signature& signature);

    bool verify_signature() const;

    const Bytes& body() const noexcept { return body_; }
    const Signature& signature() const noexcept { return signature_; }
    const Hash& hash() const noexcept { return hash_; }
    const StatementFields& fields() const noexcept { return fields_; }

    const ClinicId& clinic() const noexcept { return fields_.clinic; }
    const ChainName& chain() const noexcept { return fields_.chain; }
    std::uint64_t pos() const noexcept { return fields_.pos; }
    const Hash& prev() const noexcept { return fields_.prev; }
    Instant time() const noexcept { return fields_.time; }
    const SigningKey& by() const noexcept { return fields_.by; }
    const StatementData& data() const noexcept { return fields_.data; }
    std::string_view type() const noexcept { return type_name(fields_.data); }
    ChainPosition position() const { return {fields_.pos, hash_}; }

    // The map {"body", "sig"}, as it is stored and sent.
    cbor::Json to_json() const;
    Bytes encode() const;

    bool operator==(const Statement& other) const {
        return body_ == other.body_ && signature_ == other.signature_;
    }

private:
    Statement(Bytes body, const Signature& signature, StatementFields fields);

    Bytes body_;
    Signature signature_;
    Hash hash_;
    StatementFields fields_;
};

// Encodes and signs. `bad_statement` or `too_large` where the fields are not of the form that
// parse() demands, so that nothing malformed is ever signed.
Result<Statement> sign_statement(const SigningSecret& secret, StatementFields fields);

// A statement with the entry of the journal under which it stands: what its authority is judged by.
struct LocatedStatement {
    Seq seq{0};
    Instant time;  // The server's.
    Statement statement;
};

// Whether a chain verifies signatures (and keys) of what it applies. The server skips that for what
// it verified before it stored it, and for nothing else; clients never skip it.
enum class Signatures : std::uint8_t { verify, verified_before };

}  // namespace wardline::trust
