#pragma once

#include "protocol/base/ids.hpp"

#include <date/tz.h>
#include <string>

// Times for machines (RFC 3339, UTC, milliseconds) and for people (their own time zone).
namespace wardline::terminal {

// 2026-11-21T22:34:13.123Z
std::string rfc3339(Instant time);

class TimeFormat {
public:
    // The zone of that name (as in the variable TZ); the machine's own for "" or a name that is
    // none, UTC where that is not known either.
    explicit TimeFormat(const std::string& zone_name);

    std::string minute(Instant time) const;    // 2026-11-21 23:34
    std::string clock(Instant time) const;     // 23:34
    std::string day(Instant time) const;       // 2026-11-21
    std::string day_long(Instant time) const;  // Saturday, 21 November 2026

private:
    std::string format(const char* pattern, Instant time) const;

    const date::time_zone* zone_{nullptr};
};

}  // namespace wardline::terminal
