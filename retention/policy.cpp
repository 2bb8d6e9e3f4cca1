#include "retention/policy.hpp"

namespace wardline::retention {

Result<Policy> Policy::from(const std::map<trust::MessageClass, std::uint32_t>& keep_days) {
    for (const auto message_class : trust::kAllClasses) {
        const auto found = keep_days.find(message_class);
        if (found == keep_days.end()) {
            return Error{Code::bad_statement, "a retention policy names every class"};
        }
        if (found->second < kKeepDaysMin || found->second > kKeepDaysMax) {
            return Error{Code::bad_statement, "a class is kept for 1 to 36500 days"};
        }
    }
    return Policy{keep_days};
}

std::uint32_t Policy::keep_days(trust::MessageClass message_class) const {
    return keep_days_.at(message_class);
}

}  // namespace wardline::retention
