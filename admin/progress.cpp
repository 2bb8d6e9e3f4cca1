#include "admin/progress.hpp"

#include <fmt/format.h>

namespace wardline::admin {
namespace {

constexpr std::chrono::milliseconds kEvery{250};
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(terminal::Console& console, std::string what, std::uint64_t of)
    : console_{console},
      what_{std::move(what)},
      of_{of},
      next_{std::chrono::steady_clock::now() + kEvery} {}

Progress::~Progress() {
    if (shown_) console_.control(kClearLine);
}

void Progress::at(std::uint64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + kEvery;
    shown_ = true;
    console_.control(
        of_ == 0 ? fmt::format("{}{} {}", kClearLine, what_, done)
                 : fmt::format("{}{} {} of {}", kClearLine, what_, done, of_)
    );
}

}  // namespace wardline::admin
