#include "protocol/base/ids.hpp"

#include <stdexcept>

namespace wardline {
namespace {

constexpr std::size_t kNameBytesMax = 64;

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_name(std::string_view text) noexcept {
    if (text.empty() || text.size() > kNameBytesMax || !is_letter_or_digit(text.front())) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
    });
}

Result<Account> Account::parse(std::string_view text) {
    if (text.starts_with("s:") && is_name(text.substr(2))) {
        return Account{Kind::staff, std::string{text.substr(2)}};
    }
    if (text.starts_with("p:") && is_name(text.substr(2))) {
        return Account{Kind::patient, std::string{text.substr(2)}};
    }
    return Error{Code::bad_frame, "not an account"};
}

PatientId Account::patient_id() const {
    if (kind_ != Kind::patient) throw std::logic_error{"patient_id() of a staff account"};
    return PatientId::parse(name_).value();
}

StaffName Account::staff_name() const {
    if (kind_ != Kind::staff) throw std::logic_error{"staff_name() of a patient's account"};
    return StaffName::parse(name_).value();
}

}  // namespace wardline
