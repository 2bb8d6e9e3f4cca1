#include "clients/terminal/console.hpp"

#include "clients/terminal/prompt.hpp"
#include "clients/terminal/width.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace wardline::terminal {

namespace {

// Threads start after this was read, and nobody changes the environment.
std::string variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string{} : std::string{value};
}

std::size_t window_columns() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Facts facts_of_process() {
    Facts facts;
    facts.in_terminal = ::isatty(STDIN_FILENO) == 1;
    facts.out_terminal = ::isatty(STDOUT_FILENO) == 1;
    facts.colour = facts.out_terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
    facts.columns = window_columns();
    facts.zone = variable("TZ");
    return facts;
}

void ProcessChannel::out(std::string_view bytes) {
    if (!write_all(STDOUT_FILENO, bytes)) failed_ = true;
}

// What cannot be said on standard error cannot be said at all.
void ProcessChannel::err(std::string_view bytes) {
    write_all(STDERR_FILENO, bytes);
}

Result<std::string> ProcessChannel::ask(const std::string& question) {
    return ask_line(question);
}

Result<void> ProcessChannel::written() const {
    if (failed_) return Error{Code::io, "the output could not be written"};
    return success();
}

Console::Console(Channel& channel, Facts facts)
    : channel_{channel}, facts_{std::move(facts)}, times_{facts_.zone} {}

void Console::say(const Text& line) {
    if (!json()) channel_.out(line.rendered(facts_.colour, Lines::keep) + "\n");
}

void Console::say(const Table& table) {
    if (!json()) channel_.out(table.rendered(facts_.colour));
}

void Console::say_wrapped(std::string_view text, std::size_t indent, Style style) {
    if (json()) return;
    const auto room = facts_.out_terminal ? facts_.columns : 100;
    const auto columns = room > indent + 1 ? room - indent - 1 : 1;
    for (const auto& line : wrap(visible(text, Lines::keep), columns)) {
        say(Text{std::string(indent, ' ')}.add(line, style));
    }
}

void Console::control(std::string_view bytes) {
    if (facts_.out_terminal && !json()) channel_.out(bytes);
}

void Console::result(const Json& value) {
    if (json()) channel_.out(to_line(value) + "\n");
}

void Console::warn(const Text& sentence) {
    if (json()) return;
    channel_.err(sentence.rendered(facts_.colour, Lines::keep) + "\n");
}

void Console::fail(const Error& error) {
    if (json()) {
        channel_.err(to_line(error_object(error)) + "\n");
        return;
    }
    auto sentence = error.detail.empty() ? std::string{name_of(error.code)} : error.detail;
    if (sentence.back() != '.') sentence += '.';
    Text text{"Error: ", Style::bad};
    text.add(sentence);
    if (const auto hint = hint_of(error.code); !hint.empty()) text.add(" ").add(hint, Style::dim);
    channel_.err(text.rendered(facts_.colour, Lines::keep) + "\n");
}

}  // namespace wardline::terminal
