#include "admin/audit.hpp"

#include "admin/audit_question.hpp"
#include "admin/invocation.hpp"
#include "admin/trail_words.hpp"
#include "clients/core/trail.hpp"

#include <CLI/CLI.hpp>
#include <deque>
#include <fmt/format.h>
#include <memory>

namespace wardline::admin {
namespace {

using terminal::Text;
constexpr std::size_t kLimit = 100;
constexpr client::Milliseconds kFollowWait{1'000};

terminal::Text line_of(const terminal::Console& console, const audit::TrailEntry& entry) {
    Text line{fmt::format("{:>8}  ", entry.seq), terminal::Style::dim};
    line.add(console.times().minute(entry.time)).add("  ");
    line.add(fmt::format("{:<20} ", who(entry)), terminal::Style::name).add(what(entry));
    if (!entry.address.empty()) line.add(" from " + entry.address);
    return line;
}

// The last `limit` entries, or all with 0, in the order of the journal.
Result<std::deque<audit::TrailEntry>> last_of(client::Trail& trail, std::size_t limit) {
    std::deque<audit::TrailEntry> out;
    for (;;) {
        WARDLINE_TRY(auto page, trail.next());
        if (page.empty()) break;
        for (auto& entry : page) {
            out.push_back(std::move(entry));
            if (limit != 0 && out.size() > limit) out.pop_front();
        }
    }
    return out;
}

Result<void> follow(Context& context, client::Trail& trail) {
    auto& console = context.console;
    for (;;) {
        WARDLINE_TRY(const auto page, trail.next());
        for (const auto& entry : page) {
            console.result(trail_json(entry));
            console.say(line_of(console, entry));
        }
        if (page.empty()) {
            WARDLINE_TRY(trail.wait(kFollowWait));
        }
    }
}

Result<void> list(Context& context, client::TrailQuestion question, std::size_t limit) {
    auto& console = context.console;
    if (question.follow && !question.from && !question.since && limit != 0) {
        // What is followed begins with the last few entries.
        WARDLINE_TRY(const auto head, client::newest_head(context.client));
        WARDLINE_TRY(const auto parsed, audit::parse_head(head.head.body));
        question.from = parsed.size > limit ? parsed.size - limit + 1 : 1;
    }
    WARDLINE_TRY(auto trail, client::Trail::begin(context.client, question));
    if (question.follow) return follow(context, trail);
    WARDLINE_TRY(const auto entries, last_of(trail, limit));
    auto shapes = terminal::Json::array();
    for (const auto& entry : entries) {
        if (console.json()) shapes.push_back(trail_json(entry));
        console.say(line_of(console, entry));
    }
    console.result({{"entries", std::move(shapes)}, {"from", trail.from()}, {"to", trail.to()}});
    if (entries.empty()) console.say("Nothing fits.");
    return success();
}

Result<void> show(Context& context, Seq seq) {
    auto& console = context.console;
    client::TrailQuestion question;
    question.act = "show";
    question.from = seq;
    question.to = seq;
    WARDLINE_TRY(auto trail, client::Trail::begin(context.client, question));
    WARDLINE_TRY(const auto page, trail.next());
    if (page.empty() || page.front().seq != seq) {
        return Error{Code::not_found, "there is no entry " + std::to_string(seq) + " yet"};
    }
    const auto& entry = page.front();
    WARDLINE_TRY(const auto proof, client::prove(context.client, entry));
    auto path = terminal::Json::array();
    for (const auto& hash : proof.path) path.push_back(hash.hex());
    auto shape = trail_json(entry);
    terminal::Json result{
        {"entry", shape},
        {"proof",
         {{"size", proof.head.size}, {"root", proof.head.root.hex()}, {"path", std::move(path)}}}
    };
    console.result(result);
    console.say(line_of(console, entry));
    console.say("");
    for (const auto& [key, value] : shape.items()) {
        console.say(Text{fmt::format("{:<10}", key), terminal::Style::dim}.add(
            value.is_string() ? value.get<std::string>() : value.dump()
        ));
    }
    console.say("");
    console.say(Text{"Proved: ", terminal::Style::good}.add(fmt::format(
        "it stands in the signed journal of {} entries, root {}",
        proof.head.size,
        proof.head.root.hex()
    )));
    return success();
}

void add_list(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "list",
        "The newest entries that fit, oldest first",
        "  wardline-admin audit list\n"
        "  wardline-admin audit list --patient 4711 --since 2026-11-01 --limit 0\n"
        "  wardline-admin audit list --outcome refused --follow"
    );
    auto options = add_trail_options(*command);
    auto limit = std::make_shared<std::size_t>(kLimit);
    auto follows = std::make_shared<bool>(false);
    command
        ->add_option(
            "--limit", *limit, "At most so many; 0: all that fit. With --follow: begin so far back"
        )
        ->type_name("N");
    command->add_flag("--follow", *follows, "Go on with what comes, until Ctrl-C");
    command->callback([options, limit, follows, &invocation] {
        auto question = question_or_usage(*options, "list");
        question.follow = *follows;
        if (*follows && (question.to || question.until)) {
            terminal::refuse_usage("what is followed has no end: leave out --to and --until");
        }
        invocation.action = [question, limit = *limit](Context& context) {
            return list(context, question, limit);
        };
    });
}

void add_show(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "show",
        "One entry with the proof that it stands in the signed journal",
        "  wardline-admin audit show 1234"
    );
    auto seq = std::make_shared<std::uint64_t>(0);
    command->add_option("seq", *seq, "The entry's number")->type_name("SEQ")->required();
    command->callback([seq, &invocation] {
        if (*seq == 0) terminal::refuse_usage("entries are numbered from 1");
        invocation.action = [seq = *seq](Context& context) { return show(context, seq); };
    });
}

}  // namespace

void add_audit(CLI::App& app, Invocation& invocation) {
    auto* audit = terminal::add_command(
        app,
        "audit",
        "The audit trail: read, export, verify, witness, erase",
        "  wardline-admin audit list --limit 20\n"
        "  wardline-admin audit verify"
    );
    audit->require_subcommand(1);
    add_list(*audit, invocation);
    add_show(*audit, invocation);
    add_audit_access(*audit, invocation);
    add_audit_export(*audit, invocation);
    add_audit_verify(*audit, invocation);
    add_audit_witness(*audit, invocation);
    add_audit_evidence(*audit, invocation);
    add_audit_erasure(*audit, invocation);
}

}  // namespace wardline::admin
