#include "protocol/trust/chain_name.hpp"

namespace wardline::trust {
namespace {

constexpr std::string_view kPatientPrefix = "patient/";

}  // namespace

Result<ChainName> ChainName::parse(std::string_view text) {
    if (text == "clinic") return clinic();
    if (text.starts_with(kPatientPrefix)) {
        auto id = PatientId::parse(text.substr(kPatientPrefix.size()));
        if (id) return patient(std::move(id).value());
    }
    return Error{Code::bad_frame, "not a chain"};
}

std::string ChainName::text() const {
    return patient_ ? std::string{kPatientPrefix} + patient_->text() : "clinic";
}

}  // namespace wardline::trust
