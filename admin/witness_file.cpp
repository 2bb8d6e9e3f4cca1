#include "admin/witness_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace wardline::admin {
namespace {

constexpr std::size_t kLineMax = 4'096;

Error failed(const std::string& file) {
    return Error{Code::io, "cannot write " + file + ": " + std::generic_category().message(errno)};
}

}  // namespace

Result<std::vector<audit::Witness>> read_witnesses(const std::string& file) {
    std::ifstream in{file};
    if (!in) return Error{Code::usage, "cannot read " + file};
    std::vector<audit::Witness> out;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty()) continue;
        auto witness = line.size() <= kLineMax
                           ? audit::parse_witness(line)
                           : Result<audit::Witness>{Error{Code::bad_frame, "is too long"}};
        if (!witness) {
            return Error{
                Code::usage,
                file + ", line " + std::to_string(number) + ": " + witness.error().detail
            };
        }
        out.push_back(std::move(witness).value());
    }
    if (out.empty()) return Error{Code::usage, file + " holds no head"};
    return out;
}

Result<void> append_witness(const std::string& file, const audit::Witness& witness) {
    const auto line = audit::witness_line(witness);
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) return failed(file);
    const bool written =
        ::write(out, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
        ::fsync(out) == 0;
    const auto outcome = written ? Result<void>{success()} : failed(file);
    ::close(out);
    return outcome;
}

}  // namespace wardline::admin
