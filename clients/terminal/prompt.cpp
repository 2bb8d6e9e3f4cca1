#include "clients/terminal/prompt.hpp"

#include "clients/terminal/visible.hpp"

#include <cerrno>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>
#include <vector>

namespace wardline::terminal {

namespace {

constexpr char kCtrlC = 0x03;
constexpr char kCtrlD = 0x04;
constexpr char kCtrlH = 0x08;
constexpr char kCtrlU = 0x15;
constexpr char kDelete = 0x7f;

class Tty {
public:
    Tty() : descriptor_{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)} {}
    Tty(const Tty&) = delete;
    Tty& operator=(const Tty&) = delete;
    ~Tty() {
        if (changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    bool is_open() const noexcept { return descriptor_ >= 0; }

    // No echo, no line editing by the kernel and no signals by keys: a Ctrl-C that ended the
    // program here would leave the person's shell without echo.
    bool hide() {
        if (::tcgetattr(descriptor_, &before_) != 0) return false;
        auto settings = before_;
        settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
        settings.c_cc[VMIN] = 1;
        settings.c_cc[VTIME] = 0;
        changed_ = ::tcsetattr(descriptor_, TCSAFLUSH, &settings) == 0;
        return changed_;
    }

    void write(std::string_view text) const {
        // A terminal that is gone shows itself in the read that follows.
        [[maybe_unused]] const auto written = ::write(descriptor_, text.data(), text.size());
    }

    // The next byte; nothing at the end.
    bool read(char& byte) const {
        while (true) {
            const auto count = ::read(descriptor_, &byte, 1);
            if (count == 1) return true;
            if (count < 0 && errno == EINTR) continue;
            return false;
        }
    }

private:
    int descriptor_;
    termios before_{};
    bool changed_{false};
};

// Wiped when it dies; never grows, so that no copy of its start stays behind in freed memory.
class TypedSecret {
public:
    TypedSecret() { bytes_.reserve(kAnswerBytesMax); }
    TypedSecret(const TypedSecret&) = delete;
    TypedSecret& operator=(const TypedSecret&) = delete;
    ~TypedSecret() { clear(); }

    void add(char byte) {
        if (bytes_.size() < kAnswerBytesMax) bytes_.push_back(static_cast<std::uint8_t>(byte));
    }
    void remove_last() {
        while (!bytes_.empty()) {
            const auto byte = bytes_.back();
            bytes_.pop_back();
            if ((byte & 0xc0) != 0x80) return;  // The first byte of a code point.
        }
    }
    void clear() {
        wipe(bytes_);
        bytes_.clear();
    }
    bool empty() const { return bytes_.empty(); }
    SecretBytes secret() const { return SecretBytes{bytes_}; }

private:
    std::vector<std::uint8_t> bytes_;
};

Error no_terminal() {
    return Error{Code::usage, "there is no terminal to ask on; give the answer by an option"};
}
Error broken_off() {
    return Error{Code::usage, "broken off"};
}

}  // namespace

Result<std::string> ask_line(const std::string& question) {
    const Tty tty;
    if (!tty.is_open()) return no_terminal();
    tty.write(visible(question, Lines::keep));
    std::string line;
    char byte = 0;
    while (tty.read(byte)) {
        if (byte == '\n') return line;
        if (line.size() < kAnswerBytesMax) line.push_back(byte);
    }
    return broken_off();
}

Result<SecretBytes> ask_secret(const std::string& question) {
    Tty tty;
    if (!tty.is_open()) {
        return Error{
            Code::usage,
            "there is no terminal to ask for the password on; use --password-file or --key-file"
        };
    }
    if (!tty.hide()) return no_terminal();
    tty.write(visible(question, Lines::keep));
    TypedSecret typed;
    char byte = 0;
    while (tty.read(byte)) {
        if (byte == '\n' || byte == '\r') {
            tty.write("\n");
            return typed.secret();
        }
        if (byte == kCtrlC || (byte == kCtrlD && typed.empty())) break;
        if (byte == kDelete || byte == kCtrlH) {
            typed.remove_last();
        } else if (byte == kCtrlU) {
            typed.clear();
        } else {
            typed.add(byte);
        }
    }
    tty.write("\n");
    return broken_off();
}

}  // namespace wardline::terminal
