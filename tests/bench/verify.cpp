#include "tests/bench/verify.hpp"

#include "audit/jsonl.hpp"
#include "tests/audit/sample_trail.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace wardline::bench {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// A file that goes when the program ends, however it ends.
File scratch_file(const std::filesystem::path& below) {
    auto path = (below / "wardline-bench-XXXXXX").string();
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) throw std::runtime_error{"cannot make a file in " + below.string()};
    ::unlink(path.c_str());
    return {::fdopen(descriptor, "w+b"), &std::fclose};
}

void write(std::FILE* file, std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file) != text.size()) {
        throw std::runtime_error{"cannot write the export"};
    }
    text.clear();
}

// Heads as a server keeps them: one for so many entries.
void write_export(std::FILE* file, const VerifyOptions& options) {
    testing::SampleClinic clinic;
    const auto exporter = audit::make_exporter(audit::ExportFormat::jsonl);
    audit::ExportHeader header;
    header.clinic = clinic.clinic();
    header.audit_key = clinic.audit_key();
    header.to = options.entries;
    std::string text;
    exporter->begin(header, text);
    for (std::size_t i = 1; i <= options.entries; ++i) {
        exporter->entry(clinic.append_usual(), text);
        if (i % options.batch == 0 || i == options.entries) exporter->head(clinic.head(), text);
        if (text.size() > 1'000'000) write(file, text);
    }
    exporter->end(text);
    write(file, text);
    std::fflush(file);
}

double cpu_seconds() {
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

audit::VerifyReport verify_file(std::FILE* file) {
    static std::array<char, 1 << 20> piece;
    if (std::fseek(file, 0, SEEK_SET) != 0) throw std::runtime_error{"cannot read the export"};
    audit::JsonlVerifier verifier;
    while (const auto size = std::fread(piece.data(), 1, piece.size(), file)) {
        verifier.feed({piece.data(), size});
    }
    return verifier.finish();
}

}  // namespace

Report verify(const VerifyOptions& options) {
    const auto file = scratch_file(options.below);
    write_export(file.get(), options);
    const auto bytes = std::ftell(file.get());

    const auto before = cpu_seconds();
    const auto found = verify_file(file.get());
    const auto seconds = cpu_seconds() - before;

    if (!found.sound() || found.entries != options.entries) {
        throw std::runtime_error{"the export does not verify"};
    }
    const auto entries = static_cast<double>(options.entries);
    Report report{"Offline verification of an export"};
    report.figure("entries", entries);
    report.figure("heads", static_cast<double>(found.heads));
    report.figure("bytes_per_entry", static_cast<double>(bytes) / entries);
    report.figure("cpu_seconds", seconds);
    report.figure("entries_per_cpu_second", entries / seconds);
    return report;
}

}  // namespace wardline::bench
