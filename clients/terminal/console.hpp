#pragma once

#include "clients/terminal/outcome.hpp"
#include "clients/terminal/text.hpp"
#include "clients/terminal/time_format.hpp"
#include "protocol/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

// Where a command says what it has to say. One thread at a time.
namespace wardline::terminal {

// What is known of the reader: travels with a command that is handed over.
struct Facts {
    bool json{false};
    bool in_terminal{false};
    bool out_terminal{false};
    bool colour{false};
    std::size_t columns{80};
    std::string zone;  // The variable TZ.
};
// Of this process: isatty, NO_COLOR, TERM, the window's width.
Facts facts_of_process();

// Carries a console's bytes. The process's own, or another's that handed a command over.
class Channel {
public:
    virtual ~Channel() = default;
    virtual void out(std::string_view bytes) = 0;
    virtual void err(std::string_view bytes) = 0;
    // One line that a person types in answer. `usage` where nobody can be asked.
    virtual Result<std::string> ask(const std::string& question) = 0;
};

// Standard output and error, /dev/tty for questions. Nothing is buffered.
class ProcessChannel final : public Channel {
public:
    void out(std::string_view bytes) override;
    void err(std::string_view bytes) override;
    Result<std::string> ask(const std::string& question) override;
    // `io` when standard output took not everything: a full disk, say.
    Result<void> written() const;

private:
    bool failed_{false};
};

class Console {
public:
    // The channel outlives it.
    Console(Channel& channel, Facts facts);

    const Facts& facts() const noexcept { return facts_; }
    bool json() const noexcept { return facts_.json; }
    const TimeFormat& times() const noexcept { return times_; }

    // For people: nothing with --json.
    void say(const Text& line);
    void say(const Table& table);
    // Words of others, wrapped to the window and indented.
    void say_wrapped(std::string_view text, std::size_t indent, Style style = Style::plain);
    // Bytes that move the cursor, of this program's own making; only to a terminal.
    void control(std::string_view bytes);
    // For programs: one line, only with --json.
    void result(const Json& value);
    // On standard error: something that the person should know beside the answer. Nothing with
    // --json.
    void warn(const Text& sentence);
    // On standard error, in either form.
    void fail(const Error& error);

    Result<std::string> ask(const std::string& question) { return channel_.ask(question); }

private:
    Channel& channel_;
    Facts facts_;
    TimeFormat times_;
};

}  // namespace wardline::terminal
