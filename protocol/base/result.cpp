#include "protocol/base/result.hpp"

#include <stdexcept>

namespace wardline {

void BrokenResultPolicy::broken_result(const char* what) {
    throw std::logic_error{what};
}

}  // namespace wardline
