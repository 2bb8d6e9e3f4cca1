// wardlined: reads the command line, then lets a Node run. Everything else is in the library that
// tests link.
#include "server/config.hpp"
#include "server/node.hpp"
#include "server/process.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace wardline;
using namespace wardline::server;

int fail(const Error& error) {
    std::fprintf(stderr, "wardlined: %s\n", error.detail.c_str());
    return exit_code(error.code);
}

Instant now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count()
    )};
}

int print_setup_token(const Config& config) {
    const auto token = issue_setup_token(config, now());
    if (!token) return fail(token.error());
    std::printf("%s\n", token.value().c_str());
    return 0;
}

int serve(const Config& config) {
    raise_file_limit();
    auto node = Node::prepare(config);
    if (!node) return fail(node.error());
    const auto outcome = node.value()->run();
    return outcome ? 0 : fail(outcome.error());
}

int check_config(const Config& config) {
    if (config.tls_certificate) {
        const auto identity = tls_identity_of(config, now());
        if (!identity) return fail(identity.error());
    }
    std::printf(
        "The configuration is sound. Clients connect to %s.\n", config.listen.text().c_str()
    );
    return 0;
}

int run(const std::vector<std::string>& arguments) {
    const auto invocation = parse_command_line(arguments);
    if (!invocation) return fail(invocation.error());
    const Config& config = invocation.value().config;
    switch (invocation.value().command) {
        case Command::explain:
            std::fputs(invocation.value().text.c_str(), stdout);
            return 0;
        case Command::check_config:
            return check_config(config);
        case Command::setup_token:
            return print_setup_token(config);
        case Command::serve:
            return serve(config);
    }
    return 1;
}

}  // namespace

int main(int count, char** arguments) {
    forbid_dumps();
    try {
        return run({arguments + 1, arguments + count});
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "wardlined: a fault of the program: %s\n", fault.what());
        return 1;
    }
}
