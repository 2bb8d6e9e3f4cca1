// wardline-audit-samples: sample exports for the tests in this folder, and the verifier's word on
// files that they have made of them.
#include "audit/jsonl.hpp"
#include "tests/audit/registry_document.hpp"
#include "tests/audit/sample_trail.hpp"

#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace wardline;

constexpr std::string_view kUsage =
    "wardline-audit-samples export FORMAT       every kind of entry\n"
    "wardline-audit-samples sample ENTRIES      a verifiable export\n"
    "wardline-audit-samples witness ENTRIES     the head of that one, as it is witnessed\n"
    "wardline-audit-samples verify WITNESS|- FILE...\n"
    "wardline-audit-samples document FILE       brings docs/audit.md up to the registry\n";

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error{"cannot read " + path};
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

// One line a file: "sound", or first and last entry of the first finding, and what it says.
void verify(const std::string& witness_path, const std::string& path) {
    std::vector<audit::Witness> witnessed;
    if (witness_path != "-") {
        witnessed.push_back(audit::parse_witness(read_file(witness_path)).value());
    }
    audit::JsonlVerifier verifier{std::move(witnessed)};
    verifier.feed(read_file(path));
    const auto report = verifier.finish();
    if (report.sound()) {
        std::cout << "sound\n";
        return;
    }
    const auto& first = report.findings.front();
    std::cout << first.from << ' ' << first.to << ' ' << first.what << '\n';
}

int run(const std::vector<std::string>& arguments) {
    const auto is = [&](std::string_view name, std::size_t least) {
        return arguments.size() >= least && arguments[0] == name;
    };
    const auto sample = [&] {
        return testing::sample_trail({.entries = std::stoull(arguments[1])});
    };
    if (is("export", 2)) {
        const auto format = audit::parse_export_format(arguments[1]).value();
        std::cout << testing::exported(testing::every_kind_trail(), format);
    } else if (is("sample", 2)) {
        std::cout << testing::exported(sample(), audit::ExportFormat::jsonl);
    } else if (is("witness", 2)) {
        std::cout << audit::witness_line(sample().witness);
    } else if (is("verify", 3)) {
        for (std::size_t i = 2; i < arguments.size(); ++i) verify(arguments[1], arguments[i]);
    } else if (is("document", 2)) {
        const auto document = testing::with_registry(read_file(arguments[1]));
        std::ofstream{arguments[1], std::ios::binary} << document;
    } else {
        std::cerr << kUsage;
        return 2;
    }
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run({arguments + 1, arguments + count});
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
