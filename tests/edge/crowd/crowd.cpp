#include "tests/edge/crowd/crowd.hpp"

#include <fmt/core.h>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace wardline::edge {

void Checks::check(const std::string& what, bool good, const std::string& told) {
    if (good) {
        ++passed_;
        return;
    }
    ++failed_;
    fmt::print(stderr, "FAILED {}: {}\n", what, told);
}

int Checks::finish() const {
    fmt::print(stderr, "Slow and many: {} of {} checks passed\n", passed_, passed_ + failed_);
    return failed_ == 0 && passed_ != 0 ? 0 : 1;
}

std::uint64_t resident_bytes(pid_t server) {
    std::ifstream fields{"/proc/" + std::to_string(server) + "/statm"};
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    fields >> size >> resident;
    if (resident == 0) throw std::runtime_error{"the server is gone"};
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void tell_driver(const std::string& line) {
    std::cout << line << std::endl;
}

std::string hear_driver() {
    std::string line;
    if (!std::getline(std::cin, line)) throw std::runtime_error{"the driver is gone"};
    return line;
}

}  // namespace wardline::edge
