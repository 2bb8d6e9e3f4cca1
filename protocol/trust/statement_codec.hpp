#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/base/result.hpp"
#include "protocol/trust/chain_name.hpp"
#include "protocol/trust/statement_data.hpp"

#include <string_view>

// The `data` of statements as CBOR maps. Behind statement.hpp, which is what others use.
namespace wardline::trust {

cbor::Json data_to_json(const StatementData& data, const ChainName& chain);

// `bad_statement`, `bad_frame` or `usage` for a type that the chain does not have, for a missing or
// unknown key, and for a value of another form than docs/protocol.md gives.
Result<StatementData> parse_data(
    std::string_view type, const ChainName& chain, const cbor::Json& map
);

}  // namespace wardline::trust
