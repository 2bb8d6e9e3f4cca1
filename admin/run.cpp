#include "admin/run.hpp"

#include "admin/invocation.hpp"
#include "clients/terminal/home.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <thread>

namespace wardline::admin {

namespace {

using client::Client;
using terminal::Console;
using terminal::ExitCode;
using terminal::HomeLock;

// Another short command ends soon; `wardline watch` does not.
constexpr std::chrono::seconds kTurnLimit{10};
constexpr std::chrono::milliseconds kTurnPause{20};

Result<void> run_action(const Invocation& invocation, Console& console) {
    const auto& home = invocation.common.home;
    if (!Client::is_enrolled(home)) {
        return Error{
            Code::local_store,
            "there is no enrolled device in " + home.string() +
                "; use wardline enrol INVITE, or init for a new clinic"
        };
    }
    const auto last_try = std::chrono::steady_clock::now() + kTurnLimit;
    WARDLINE_TRY(auto lock, HomeLock::try_take(home));
    while (!lock) {
        if (std::chrono::steady_clock::now() >= last_try) {
            return Error{
                Code::local_store, "another program uses " + home.string() + "; end it first"
            };
        }
        std::this_thread::sleep_for(kTurnPause);
        WARDLINE_TRY(auto again, HomeLock::try_take(home));
        if (again) lock.emplace(std::move(*again));
    }
    WARDLINE_TRY(const auto key, terminal::existing_key(invocation.common.key, home.string()));
    WARDLINE_TRY(const auto client, Client::open(home, key, client::system_environment()));
    Context context{
        .client = *client, .administration = client::Administration{*client}, .console = console
    };
    WARDLINE_TRY(invocation.action(context));
    if (auto alarm = client->pending_alarm()) return Error{Code::trust_alarm, std::move(*alarm)};
    return success();
}

Result<void> run_parsed(const Parsed& parsed, terminal::ProcessChannel& channel, Console& console) {
    const auto& invocation = parsed.invocation;
    if (parsed.text) {
        channel.out(*parsed.text);
    } else if (invocation.init) {
        WARDLINE_TRY(init(invocation.common, *invocation.init, console));
    } else if (invocation.offline) {
        WARDLINE_TRY(invocation.offline(console));
    } else {
        WARDLINE_TRY(run_action(invocation, console));
    }
    return channel.written();
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
    std::signal(SIGPIPE, SIG_IGN);
    terminal::ProcessChannel channel;
    auto facts = terminal::facts_of_process();
    facts.json = terminal::wants_json(arguments);
    Console console{channel, facts};
    try {
        const auto parsed = parse(arguments);
        const auto done =
            parsed ? run_parsed(parsed.value(), channel, console) : Result<void>{parsed.error()};
        if (done) return static_cast<int>(ExitCode::done);
        console.fail(done.error());
        return static_cast<int>(terminal::exit_code_of(done.error().code));
    } catch (const std::exception& unexpected) {
        console.fail(Error{
            Code::internal,
            std::string{"something went wrong that should not: "} + unexpected.what()
        });
        return static_cast<int>(ExitCode::local_store);
    }
}

}  // namespace wardline::admin
