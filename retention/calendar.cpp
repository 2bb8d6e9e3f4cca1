#include "retention/calendar.hpp"

#include <date/date.h>
#include <fmt/format.h>

namespace wardline::retention {

std::string to_text(Day day) {
    const date::year_month_day ymd{date::sys_days{date::days{static_cast<int>(day)}}};
    return fmt::format(
        "{:04}-{:02}-{:02}",
        static_cast<int>(ymd.year()),
        static_cast<unsigned>(ymd.month()),
        static_cast<unsigned>(ymd.day())
    );
}

}  // namespace wardline::retention
