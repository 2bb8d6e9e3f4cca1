#include "admin/audit.hpp"
#include "admin/audit_question.hpp"
#include "admin/invocation.hpp"
#include "admin/progress.hpp"
#include "admin/trail_stream.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <memory>

namespace wardline::admin {
namespace {

constexpr std::size_t kFlushBytes = 256 * 1024;

struct FileCloser {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

// Standard output, or a new file that has its name only once it is whole.
class Output {
public:
    static Result<Output> open(const std::string& name) {
        Output out;
        if (name == "-") return out;
        out.name_ = name;
        std::error_code error;
        if (std::filesystem::exists(name, error)) {
            return Error{Code::usage, name + " exists already; name another file"};
        }
        out.file_.reset(std::fopen((name + ".part").c_str(), "wxe"));
        if (!out.file_) {
            return Error{
                Code::io,
                "cannot write " + name + ".part: " + std::generic_category().message(errno)
            };
        }
        return out;
    }
    bool is_file() const noexcept { return !name_.empty(); }

    Result<void> write(std::string_view text) {
        auto* const file = file_ ? file_.get() : stdout;
        if (std::fwrite(text.data(), 1, text.size(), file) == text.size()) return success();
        return Error{Code::io, "the export could not be written: is the disk full?"};
    }
    Result<void> finish() {
        if (!file_) {
            if (std::fflush(stdout) == 0) return success();
            return Error{Code::io, "the export could not be written: is the disk full?"};
        }
        const bool written = std::fclose(file_.release()) == 0;
        std::error_code error;
        if (written) std::filesystem::rename(name_ + ".part", name_, error);
        if (written && !error) return success();
        return Error{Code::io, "the export could not be written: is the disk full?"};
    }

private:
    std::unique_ptr<std::FILE, FileCloser> file_;
    std::string name_;
};

struct ExportArguments {
    std::string format{"jsonl"};
    std::string out{"-"};
};

Result<void> run_export(
    Context& context,
    const client::TrailQuestion& question,
    audit::ExportFormat format,
    const std::string& file
) {
    auto& console = context.console;
    WARDLINE_TRY(auto trail, client::Trail::begin(context.client, question));
    WARDLINE_TRY(auto output, Output::open(file));
    const bool complete = question.is_complete();
    const auto exporter = audit::make_exporter(format);
    std::string text;
    std::uint64_t entries = 0;
    exporter->begin(header_of(trail, complete), text);
    {
        Progress progress{console, "exporting entry", output.is_file() ? trail.to() : 0};
        const auto flush = [&]() -> Result<void> {
            if (text.size() < kFlushBytes) return success();
            WARDLINE_TRY(output.write(text));
            text.clear();
            return success();
        };
        const TrailSink sink{
            .entry = [&](const audit::TrailEntry& entry) -> Result<void> {
                exporter->entry(entry, text);
                ++entries;
                if (output.is_file()) progress.at(entry.seq);
                return flush();
            },
            .head = [&](const audit::SignedHead& head) -> Result<void> {
                exporter->head(head, text);
                return flush();
            }
        };
        WARDLINE_TRY(stream(context.client, trail, complete ? Heads::apart : Heads::none, sink));
    }
    exporter->end(text);
    WARDLINE_TRY(output.write(text));
    WARDLINE_TRY(output.finish());
    if (!output.is_file()) return success();
    console.result(
        {{"file", file}, {"entries", entries}, {"from", trail.from()}, {"to", trail.to()}}
    );
    console.say(fmt::format("Exported {} entries to {}.", entries, file));
    return success();
}

}  // namespace

void add_audit_export(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "export",
        "The trail as a file. jsonl can be verified again, with no server; the others are for "
        "other "
        "systems",
        "  wardline-admin audit export --out trail.jsonl\n"
        "  wardline-admin audit export --format fhir --since 2026-11-01 > events.ndjson"
    );
    auto options = add_trail_options(*command);
    auto arguments = std::make_shared<ExportArguments>();
    command->add_option("--format", arguments->format, "fhir, jsonl, csv or syslog")
        ->type_name("FORMAT");
    command->add_option("--out", arguments->out, "A new file; - is standard output")
        ->type_name("FILE");
    command->callback([options, arguments, &invocation] {
        const auto format = terminal::value_or_usage(audit::parse_export_format(arguments->format));
        const auto question = question_or_usage(*options, arguments->format);
        invocation.action = [question, format, file = arguments->out](Context& context) {
            return run_export(context, question, format, file);
        };
    });
}

}  // namespace wardline::admin
