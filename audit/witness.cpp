#include "audit/witness.hpp"

#include "audit/json_line.hpp"

namespace wardline::audit {

std::string witness_line(const Witness& witness) {
    std::string out = R"({"clinic":")";
    append_hex(out, witness.clinic.view());
    out += R"(","audit_key":")";
    append_hex(out, witness.audit_key.view());
    out += R"(","head":{"body":")";
    append_hex(out, witness.head.body);
    out += R"(","sig":")";
    append_hex(out, witness.head.sig.view());
    out += "\"}}\n";
    return out;
}

Result<Witness> parse_witness(std::string_view line) {
    static constexpr std::array<std::string_view, 3> kKeys{"clinic", "audit_key", "head"};
    constexpr std::size_t kLineMax = 4'096;
    if (line.size() > kLineMax) return bad_line("is too long");
    dom::parser parser;
    dom::object object;
    if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) {
        return bad_line("is not one JSON object");
    }
    WARDLINE_TRY(const auto fields, JsonFields<3>::read(object, kKeys));
    Witness out;
    WARDLINE_TRY(const auto clinic, fields.at(0));
    WARDLINE_TRY(out.clinic, clinic.template fixed<ClinicId>());
    WARDLINE_TRY(const auto audit_key, fields.at(1));
    WARDLINE_TRY(out.audit_key, audit_key.template fixed<SigningKey>());
    WARDLINE_TRY(const auto head, fields.at(2));
    WARDLINE_TRY(out.head, read_signed_head(head));
    return out;
}

}  // namespace wardline::audit
