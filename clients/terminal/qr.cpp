#include "clients/terminal/qr.hpp"

#include <memory>
#include <qrencode.h>

namespace wardline::terminal {

namespace {

struct FreeCode {
    void operator()(QRcode* code) const noexcept { QRcode_free(code); }
};

// Four modules of light around a code is what readers ask for; two are enough for a screen.
constexpr int kQuietModules = 2;

bool is_dark(const QRcode& code, int row, int column) {
    if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
    return (code.data[row * code.width + column] & 1U) != 0;
}

}  // namespace

Result<std::string> qr_code(std::string_view text) {
    const std::string terminated{text};
    const std::unique_ptr<QRcode, FreeCode> code{
        QRcode_encodeString8bit(terminated.c_str(), 0, QR_ECLEVEL_L)
    };
    if (!code) return Error{Code::usage, "this text is too long for a QR code"};
    std::string out;
    const int end = code->width + kQuietModules;
    for (int row = -kQuietModules; row < end; row += 2) {
        for (int column = -kQuietModules; column < end; ++column) {
            // Light modules are drawn and dark ones left out, which is right on the usual dark
            // terminal.
            const bool upper = !is_dark(*code, row, column);
            const bool lower = row + 1 < end && !is_dark(*code, row + 1, column);
            if (upper && lower) {
                out += "\u2588";
            } else if (upper) {
                out += "\u2580";
            } else {
                out += lower ? "\u2584" : " ";
            }
        }
        out += '\n';
    }
    return out;
}

}  // namespace wardline::terminal
