#include "clients/cli/run.hpp"

#include "clients/cli/chat.hpp"
#include "clients/cli/handover_client.hpp"
#include "clients/cli/invocation.hpp"
#include "clients/cli/process_inputs.hpp"
#include "clients/cli/watch.hpp"
#include "clients/terminal/home.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>
#include <unistd.h>

namespace wardline::cli {

namespace {

using client::Client;
using terminal::Console;
using terminal::ExitCode;
using terminal::HomeLock;

// While another short command has the home, this one waits its turn.
constexpr std::chrono::seconds kTurnLimit{120};
// watch and chat stay for long, so nobody waits for one to end.
constexpr std::chrono::seconds kStayingTurnLimit{3};
constexpr std::chrono::milliseconds kTurnPause{20};
constexpr std::size_t kInputBytesMax = 256 * 1024;

Result<std::string> read_input() {
    std::string input;
    std::array<char, 65'536> bytes{};
    while (input.size() <= kInputBytesMax) {
        const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Error{Code::usage, "standard input cannot be read"};
        if (count == 0) return input;
        input.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return Error{Code::usage, "standard input is longer than a message can be"};
}

Result<ExitCode> run_enrol(const Invocation& invocation, Console& console) {
    const auto& home = invocation.common.home;
    if (Client::is_enrolled(home)) {
        return Error{
            Code::local_store, "there is an enrolled device in " + home.string() + " already"
        };
    }
    WARDLINE_TRY(terminal::make_home(home));
    WARDLINE_TRY(const auto lock, HomeLock::try_take(home));
    if (!lock) return Error{Code::local_store, "another program uses " + home.string()};
    WARDLINE_TRY(const auto key, terminal::new_key(invocation.common.key, home.string()));
    WARDLINE_TRY(
        const auto client,
        Client::enrol(home, invocation.enrol.invite, key, client::system_environment())
    );
    WARDLINE_TRY(const auto status, client->status());
    console.result(terminal::status_json(status));
    console.say(terminal::Text{"Welcome. ", terminal::Style::good}
                    .add("This is now a device of ")
                    .add(terminal::person(client->account()), terminal::Style::name)
                    .add(" at ")
                    .add(status.clinic_name, terminal::Style::bold)
                    .add("."));
    terminal::show_status(console, status);
    return ExitCode::done;
}

Result<ExitCode> run_with_lock(
    const Invocation& invocation, Console& console, const std::string& input
) {
    using Kind = Invocation::Kind;
    const auto& home = invocation.common.home;
    WARDLINE_TRY(const auto key, terminal::existing_key(invocation.common.key, home.string()));
    WARDLINE_TRY(const auto client, Client::open(home, key, client::system_environment()));
    if (invocation.kind == Kind::watch) {
        WARDLINE_TRY(watch(home, *client, console, invocation.watch));
    } else if (invocation.kind == Kind::chat) {
        WARDLINE_TRY(chat(home, *client, console, invocation.chat));
    } else {
        Context context{
            .client = *client,
            .console = console,
            .input = input,
            .stays_open = [](const std::optional<PatientId>&) { return false; }
        };
        WARDLINE_TRY(invocation.action(context));
        // What was asked is done and shown; that something is wrong is said last.
        if (auto alarm = client->pending_alarm())
            return Error{Code::trust_alarm, std::move(*alarm)};
    }
    return ExitCode::done;
}

// What the holder answered, said here; a question is asked here and the command handed over again
// with the answer. Nothing when nobody took it.
Result<std::optional<ExitCode>> try_handing_over(
    const std::filesystem::path& home, HandoverRequest& request, terminal::Channel& channel
) {
    while (true) {
        WARDLINE_TRY(const auto reply, hand_over(home, request));
        if (!reply) return std::optional<ExitCode>{};
        channel.out(reply->out);
        channel.err(reply->err);
        if (reply->kind != HandoverReply::Kind::ask) {
            return std::optional{static_cast<ExitCode>(reply->exit_code)};
        }
        WARDLINE_TRY(auto answer, channel.ask(reply->question));
        request.answers.push_back({reply->question, std::move(answer)});
    }
}

Result<ExitCode> run_in_turn(
    const Invocation& invocation,
    const std::vector<std::string>& arguments,
    terminal::Channel& channel,
    Console& console
) {
    const auto& home = invocation.common.home;
    if (!Client::is_enrolled(home)) {
        return Error{
            Code::local_store,
            "there is no enrolled device in " + home.string() +
                "; use an invite: wardline enrol INVITE"
        };
    }
    HandoverRequest request{
        .arguments = arguments, .input = {}, .facts = console.facts(), .answers = {}
    };
    if (invocation.reads_input) {
        WARDLINE_TRY(request.input, read_input());
    }
    const bool hands_over = invocation.kind == Invocation::Kind::action;
    const auto last_try =
        std::chrono::steady_clock::now() + (hands_over ? kTurnLimit : kStayingTurnLimit);
    while (true) {
        WARDLINE_TRY(const auto lock, HomeLock::try_take(home));
        if (lock) return run_with_lock(invocation, console, request.input);
        if (hands_over) {
            WARDLINE_TRY(const auto exit_code, try_handing_over(home, request, channel));
            if (exit_code) return *exit_code;
        }
        if (std::chrono::steady_clock::now() >= last_try) break;
        std::this_thread::sleep_for(kTurnPause);
    }
    return Error{Code::local_store, "another program uses " + home.string() + "; end it first"};
}

Result<ExitCode> run_parsed(
    const Parsed& parsed,
    const std::vector<std::string>& arguments,
    terminal::ProcessChannel& channel,
    Console& console
) {
    auto done = Result<ExitCode>{ExitCode::done};
    if (parsed.text) {
        channel.out(*parsed.text);
    } else if (parsed.invocation.kind == Invocation::Kind::enrol) {
        done = run_enrol(parsed.invocation, console);
    } else {
        done = run_in_turn(parsed.invocation, arguments, channel, console);
    }
    if (done && done.value() == ExitCode::done) {
        WARDLINE_TRY(channel.written());
    }
    return done;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
    std::signal(SIGPIPE, SIG_IGN);
    terminal::ProcessChannel channel;
    auto facts = terminal::facts_of_process();
    facts.json = terminal::wants_json(arguments);
    Console console{channel, facts};
    auto code = ExitCode::local_store;
    try {
        auto done = Result<ExitCode>{ExitCode::done};
        if (auto parsed = parse(arguments)) {
            const auto kind = parsed.value().invocation.kind;
            if (kind == Invocation::Kind::watch || kind == Invocation::Kind::chat)
                block_ending_signals();
            done = run_parsed(parsed.value(), arguments, channel, console);
        } else {
            done = parsed.error();
        }
        if (!done) console.fail(done.error());
        code = done ? done.value() : terminal::exit_code_of(done.error().code);
    } catch (const std::exception& unexpected) {
        console.fail(Error{
            Code::internal,
            std::string{"something went wrong that should not: "} + unexpected.what()
        });
        code = ExitCode::local_store;
    }
    return static_cast<int>(code);
}

}  // namespace wardline::cli
