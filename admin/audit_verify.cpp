#include "admin/audit.hpp"
#include "admin/invocation.hpp"
#include "admin/progress.hpp"
#include "admin/trail_stream.hpp"
#include "admin/witness_file.hpp"
#include "audit/jsonl.hpp"
#include "audit/verify.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>

namespace wardline::admin {
namespace {

using audit::VerifyReport;
using terminal::Style;
using terminal::Text;

constexpr std::size_t kPieceBytes = 1024 * 1024;

terminal::Json json_of(const VerifyReport& report) {
    auto findings = terminal::Json::array();
    for (const auto& finding : report.findings) {
        findings.push_back({{"from", finding.from}, {"to", finding.to}, {"what", finding.what}});
    }
    terminal::Json out{
        {"sound", report.sound()},
        {"entries", report.entries},
        {"heads", report.heads},
        {"witnessed", report.witnessed},
        {"erased", report.erased},
        {"findings", std::move(findings)},
        {"notes", report.notes},
        {"head", nullptr}
    };
    if (report.last_good) {
        out["head"] = {
            {"size", report.last_good->size},
            {"root", report.last_good->root.hex()},
            {"time", terminal::rfc3339(report.last_good->time)}
        };
    }
    return out;
}

// Says what was found; a trail that is not sound ends the program as an alarm.
Result<void> tell(terminal::Console& console, const VerifyReport& report) {
    console.result(json_of(report));
    for (const auto& note : report.notes) console.say(Text{"Note: ", Style::warning}.add(note));
    if (!report.sound()) {
        for (const auto& finding : report.findings) console.say(Text{finding.what, Style::bad});
        if (report.more) console.say("… and more.");
        return Error{Code::trust_alarm, "the trail is not sound: " + report.findings.front().what};
    }
    Text verdict{"Sound: ", Style::good};
    verdict.add(fmt::format(
        "{} entries, {} signed heads, {} of them witnessed.",
        report.entries,
        report.heads,
        report.witnessed
    ));
    if (report.erased != 0) {
        verdict.add(fmt::format(" The details of {} are erased, as the trail says.", report.erased)
        );
    }
    console.say(verdict);
    if (report.last_good) {
        console.say(fmt::format(
            "The journal of {} entries has root {}.",
            report.last_good->size,
            report.last_good->root.hex()
        ));
    }
    return success();
}

Result<std::vector<audit::Witness>> read_all(const std::vector<std::string>& files) {
    std::vector<audit::Witness> out;
    for (const auto& file : files) {
        WARDLINE_TRY(const auto some, read_witnesses(file));
        out.insert(out.end(), some.begin(), some.end());
    }
    return out;
}

Result<void> verify_server(Context& context, const std::vector<std::string>& files) {
    WARDLINE_TRY(auto witnesses, read_all(files));
    client::TrailQuestion question;
    question.act = "verify";
    WARDLINE_TRY(auto trail, client::Trail::begin(context.client, question));
    audit::TrailVerifier verifier{header_of(trail, true), std::move(witnesses)};
    {
        Progress progress{context.console, "verifying entry", trail.to()};
        const TrailSink sink{
            .entry = [&](const audit::TrailEntry& entry) -> Result<void> {
                verifier.entry(entry);
                progress.at(entry.seq);
                return success();
            },
            .head = [&](const audit::SignedHead& head) -> Result<void> {
                verifier.head(head);
                return success();
            }
        };
        WARDLINE_TRY(stream(context.client, trail, Heads::all, sink));
    }
    return tell(context.console, verifier.finish());
}

Result<void> verify_file(
    terminal::Console& console, const std::string& file, const std::vector<std::string>& heads
) {
    WARDLINE_TRY(auto witnesses, read_all(heads));
    std::ifstream in{file, std::ios::binary};
    if (!in) return Error{Code::usage, "cannot read " + file};
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    audit::JsonlVerifier verifier{std::move(witnesses)};
    {
        Progress progress{console, "verifying: MiB", error ? 0 : size >> 20U};
        std::vector<char> piece(kPieceBytes);
        for (std::uint64_t done = 0; in;) {
            in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
            const auto got = static_cast<std::size_t>(in.gcount());
            verifier.feed({piece.data(), got});
            done += got;
            progress.at(done >> 20U);
        }
    }
    if (in.bad()) return Error{Code::io, "cannot read " + file + " to its end"};
    auto header = verifier.header();
    auto report = verifier.finish();
    if (header && heads.empty()) {
        report.notes.push_back(
            "no head from elsewhere was given (--head): this shows that the file fits together, "
            "signed by audit key " +
            header->audit_key.hex() + "; compare that with the clinic's"
        );
    }
    return tell(console, report);
}

struct VerifyArguments {
    std::string file;
    std::vector<std::string> heads;
};

}  // namespace

void add_audit_verify(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "verify",
        "Recompute every leaf and the tree: of the server's journal, or of an export with no "
        "server "
        "at all",
        "  wardline-admin audit verify\n"
        "  wardline-admin audit verify trail.jsonl --head heads.jsonl"
    );
    auto arguments = std::make_shared<VerifyArguments>();
    command->add_option("file", arguments->file, "An export in the format jsonl")
        ->type_name("FILE");
    command
        ->add_option(
            "--head", arguments->heads, "Heads from a witness, which the trail has to meet"
        )
        ->type_name("FILE");
    command->callback([arguments, &invocation] {
        if (arguments->file.empty()) {
            invocation.action = [arguments](Context& context) {
                return verify_server(context, arguments->heads);
            };
        } else {
            invocation.offline = [arguments](terminal::Console& console) {
                return verify_file(console, arguments->file, arguments->heads);
            };
        }
    });
}

}  // namespace wardline::admin
