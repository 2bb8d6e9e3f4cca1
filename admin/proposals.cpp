#include "admin/invocation.hpp"
#include "clients/core/sealed_key_file.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

namespace wardline::admin {

namespace {

using terminal::Style;
using terminal::Text;

constexpr std::size_t kPrefixDigitsMin = 4;

std::string author_of(const client::ProposalInfo& proposal) {
    return proposal.author ? proposal.author->text() : "root key";
}

Result<void> list(Context& context) {
    auto& console = context.console;
    WARDLINE_TRY(const auto proposals, context.administration.proposals());
    auto shapes = terminal::Json::array();
    terminal::Table table{{"Proposal", "State", "Time", "By", "What"}};
    for (const auto& proposal : proposals) {
        shapes.push_back(
            {{"hash", proposal.hash.hex()},
             {"type", proposal.type},
             {"summary", proposal.summary},
             {"author", author_of(proposal)},
             {"time", terminal::rfc3339(proposal.time)},
             {"state", proposal.state},
             {"root_may_approve", proposal.root_may_approve}}
        );
        table.add(
            {proposal.hash.hex().substr(0, 12),
             Text{proposal.state, proposal.state == "open" ? Style::warning : Style::plain},
             console.times().minute(proposal.time),
             author_of(proposal),
             proposal.summary}
        );
    }
    console.result({{"proposals", std::move(shapes)}});
    if (proposals.empty()) {
        console.say("Nothing was proposed.");
    } else {
        console.say(table);
    }
    return success();
}

// A whole hash, or the start of exactly one open proposal's.
Result<Hash> find_proposal(Context& context, const std::string& text) {
    WARDLINE_TRY(const auto proposals, context.administration.proposals());
    std::optional<Hash> found;
    for (const auto& proposal : proposals) {
        const auto digits = proposal.hash.hex();
        if (digits == text) return proposal.hash;
        if (proposal.state != "open" || !digits.starts_with(text)) continue;
        if (found)
            return Error{
                Code::usage, "several proposals begin with " + text + "; give more digits"
            };
        found = proposal.hash;
    }
    if (!found) return Error{Code::not_found, "no open proposal begins with " + text};
    return *found;
}

struct ApproveArguments {
    std::string proposal;
    std::string root_file;
    terminal::KeySource root_key;
};

Result<std::optional<SigningSecret>> root_of(const ApproveArguments& arguments) {
    if (arguments.root_file.empty()) return std::optional<SigningSecret>{};
    WARDLINE_TRY(
        const auto passphrase, terminal::existing_key(arguments.root_key, arguments.root_file)
    );
    WARDLINE_TRY(const auto sealed, client::read_sealed_key(arguments.root_file, passphrase));
    if (sealed.kind != client::SealedKeyKind::root) {
        return Error{Code::usage, arguments.root_file + " holds the vault key, not the root key"};
    }
    WARDLINE_TRY(auto secret, SigningSecret::from(sealed.secret.reveal()));
    return std::optional{std::move(secret)};
}

Result<void> approve(Context& context, const ApproveArguments& arguments) {
    WARDLINE_TRY(const auto proposal, find_proposal(context, arguments.proposal));
    WARDLINE_TRY(const auto root, root_of(arguments));
    WARDLINE_TRY(context.administration.approve(proposal, root));
    context.console.result({{"proposal", proposal.hex()}, {"approved", true}});
    context.console.say(Text{"Approved.", Style::good}.add(" It counts from now on."));
    return success();
}

Result<void> object(Context& context, const std::string& text) {
    WARDLINE_TRY(const auto proposal, find_proposal(context, text));
    WARDLINE_TRY(context.administration.object(proposal));
    context.console.result({{"proposal", proposal.hex()}, {"approved", false}});
    context.console.say("Objected. The proposal is closed for good.");
    return success();
}

void check_digits(const std::string& text) {
    if (text.size() < kPrefixDigitsMin) {
        terminal::refuse_usage("give at least 4 digits of the proposal; proposals lists them");
    }
}

}  // namespace

void add_proposals(CLI::App& app, Invocation& invocation) {
    terminal::add_command(
        app, "proposals", "What needs, or needed, a second person", "  wardline-admin proposals"
    )
        ->callback([&invocation] { invocation.action = list; });
    auto* approving = terminal::add_command(
        app,
        "approve",
        "Approve another officer's proposal; with --root by the root key, while there is one "
        "officer only",
        "  wardline-admin approve 3fa20b91\n"
        "  wardline-admin approve 3fa20b91 --root root.key"
    );
    auto arguments = std::make_shared<ApproveArguments>();
    approving->add_option("PROPOSAL", arguments->proposal, "Its hash, or the first digits")
        ->required();
    approving->add_option("--root", arguments->root_file, "Sign with the root key in this file")
        ->type_name("FILE");
    approving
        ->add_option(
            "--root-password-file",
            arguments->root_key.password_file,
            "The root file's passphrase (default: asks)"
        )
        ->type_name("FILE");
    approving->callback([arguments, &invocation] {
        check_digits(arguments->proposal);
        invocation.action = [arguments](Context& context) { return approve(context, *arguments); };
    });
    auto* objecting = terminal::add_command(
        app,
        "object",
        "Close another officer's proposal for good",
        "  wardline-admin object 3fa20b91"
    );
    auto text = std::make_shared<std::string>();
    objecting->add_option("PROPOSAL", *text, "Its hash, or the first digits")->required();
    objecting->callback([text, &invocation] {
        check_digits(*text);
        invocation.action = [text](Context& context) { return object(context, *text); };
    });
}

}  // namespace wardline::admin
