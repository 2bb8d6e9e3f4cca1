#pragma once

#include <termios.h>

namespace wardline::cli {

// Takes line editing and echo away from the terminal at standard input, and gives them back. Keys
// for signals stay.
class RawTerminal {
public:
    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

private:
    termios before_{};
    bool changed_{false};
};

}  // namespace wardline::cli
