#include "protocol/trust/statement.hpp"

#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/statement_codec.hpp"

#include <algorithm>

namespace wardline::trust {
namespace {

using cbor::binary;
using cbor::Json;
using cbor::MapReader;

constexpr std::string_view kStatement = "wardline/1 statement";
constexpr std::size_t kTypeBytesMax = 32;
constexpr std::size_t kChainBytesMax = 80;

Result<ChainPosition> read_head(MapReader& reader) {
    WARDLINE_TRY(const auto map, reader.map("head"));
    WARDLINE_TRY(auto inner, MapReader::over(*map));
    ChainPosition out;
    WARDLINE_TRY(out.pos, inner.uint("pos"));
    WARDLINE_TRY(out.hash, inner.fixed<Hash>("hash"));
    WARDLINE_TRY(inner.finish());
    return out;
}

Result<StatementFields> read_body(BytesView body) {
    WARDLINE_TRY(const auto map, cbor::decode(body, kStatementBodyBytesMax));
    WARDLINE_TRY(auto reader, MapReader::over(map));
    WARDLINE_TRY(const auto version, reader.uint("v"));
    if (version != 1) return Error{Code::bad_statement, "a statement of another version"};
    WARDLINE_TRY(const auto type, reader.text("type", kTypeBytesMax));
    WARDLINE_TRY(const auto clinic, reader.fixed<ClinicId>("clinic"));
    WARDLINE_TRY(const auto chain_text, reader.text("chain", kChainBytesMax));
    WARDLINE_TRY(auto chain, ChainName::parse(chain_text));
    WARDLINE_TRY(const auto pos, reader.uint("pos"));
    WARDLINE_TRY(const auto prev, reader.fixed<Hash>("prev"));
    std::optional<ChainPosition> head;
    if (!chain.is_clinic()) {
        WARDLINE_TRY(head, read_head(reader));
    }
    WARDLINE_TRY(const auto time, reader.uint("time"));
    WARDLINE_TRY(const auto by, reader.fixed<SigningKey>("by"));
    WARDLINE_TRY(const auto data_map, reader.map("data"));
    WARDLINE_TRY(reader.finish());
    WARDLINE_TRY(auto data, parse_data(type, chain, *data_map));
    return StatementFields{
        clinic, std::move(chain), pos, prev, head, Instant{time}, by, std::move(data)
    };
}

Bytes encode_body(const StatementFields& fields) {
    Json map = {
        {"v", 1},
        {"type", type_name(fields.data)},
        {"clinic", binary(fields.clinic.view())},
        {"chain", fields.chain.text()},
        {"pos", fields.pos},
        {"prev", binary(fields.prev.view())},
        {"time", fields.time.ms},
        {"by", binary(fields.by.view())},
        {"data", data_to_json(fields.data, fields.chain)}
    };
    if (fields.head) {
        map["head"] = {{"pos", fields.head->pos}, {"hash", binary(fields.head->hash.view())}};
    }
    return cbor::encode(map);
}

// Whatever is wrong inside a signed object, its sender gets one code.
Error as_statement_error(Error error) {
    if (error.code == Code::too_large) return error;
    return Error{Code::bad_statement, std::move(error.detail)};
}

}  // namespace

Statement::Statement(Bytes body, const Signature& signature, StatementFields fields)
    : body_{std::move(body)},
      signature_{signature},
      hash_{crypto::hash(kStatement, body_)},
      fields_{std::move(fields)} {}

Result<Statement> Statement::from_parts(Bytes body, const Signature& signature) {
    auto fields = read_body(body);
    if (!fields) return as_statement_error(std::move(fields).error());
    return Statement{std::move(body), signature, std::move(fields).value()};
}

Result<Statement> Statement::from_json(const cbor::Json& map) {
    const auto read = [&map]() -> Result<std::pair<Bytes, Signature>> {
        WARDLINE_TRY(auto reader, MapReader::over(map));
        WARDLINE_TRY(auto body, reader.bytes("body", kStatementBodyBytesMax));
        WARDLINE_TRY(const auto signature, reader.fixed<Signature>("sig"));
        WARDLINE_TRY(reader.finish());
        return std::pair{std::move(body), signature};
    };
    auto parts = read();
    if (!parts) return as_statement_error(std::move(parts).error());
    return from_parts(std::move(parts.value().first), parts.value().second);
}

Result<Statement> Statement::parse(BytesView encoded) {
    const auto map = cbor::decode(encoded, kStatementBytesMax);
    if (!map) return as_statement_error(map.error());
    return from_json(map.value());
}

bool Statement::verify_signature() const {
    return crypto::verify(fields_.by, kStatement, body_, signature_);
}

cbor::Json Statement::to_json() const {
    return {{"body", binary(body_)}, {"sig", binary(signature_.view())}};
}

Bytes Statement::encode() const {
    return cbor::encode(to_json());
}

Result<Statement> sign_statement(const SigningSecret& secret, StatementFields fields) {
    fields.by = crypto::signing_key_of(secret);
    auto body = encode_body(fields);
    const auto signature = crypto::sign(secret, kStatement, body);
    WARDLINE_TRY(auto statement, Statement::from_parts(std::move(body), signature));
    // What cannot be written, such as a team in a patient's chain, must not vanish unseen.
    if (statement.fields() != fields) {
        return Error{Code::bad_statement, "the statement has data that its chain does not carry"};
    }
    return statement;
}

}  // namespace wardline::trust
