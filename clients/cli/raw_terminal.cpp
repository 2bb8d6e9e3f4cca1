#include "clients/cli/raw_terminal.hpp"

#include <unistd.h>

namespace wardline::cli {

RawTerminal::RawTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    auto settings = before_;
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN);
    settings.c_iflag &= ~static_cast<tcflag_t>(IXON);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    changed_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0;
}

RawTerminal::~RawTerminal() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

}  // namespace wardline::cli
