#include "audit/exporters.hpp"
#include "audit/jsonl.hpp"
#include "tests/audit/sample_trail.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// A genuine export of the audit trail with some bytes changed, or any text at all. Whatever stands
// there, the verifier says the same of it in pieces of any size; what it takes for sound, with a
// head from elsewhere, is what the clinic has signed; and an entry that is read is written back.
namespace {

using namespace wardline;

constexpr std::uint64_t kEntries = 6;

struct Genuine {
    Genuine() : trail{testing::sample_trail({.entries = kEntries, .from = 1, .erased = false})} {
        text = testing::exported(trail, audit::ExportFormat::jsonl);
    }
    testing::SampleTrail trail;
    std::string text;
};
const Genuine& genuine() {
    static const Genuine kGenuine;
    return kGenuine;
}

// Pairs of a place (two bytes) and a new byte; a place beyond the end cuts off there.
std::string changed(std::string_view changes) {
    auto text = genuine().text;
    for (; changes.size() >= 3; changes.remove_prefix(3)) {
        const auto high = static_cast<unsigned char>(changes[0]);
        const auto place = std::size_t{high} << 8 | static_cast<unsigned char>(changes[1]);
        if (place < text.size()) {
            text[place] = changes[2];
        } else {
            text.resize(text.size() - std::min(text.size(), place - text.size()));
        }
    }
    return text;
}

audit::VerifyReport verify(std::string_view text, std::size_t piece) {
    audit::JsonlVerifier verifier{{genuine().trail.witness}};
    while (!text.empty()) {
        const auto size = std::min(piece, text.size());
        verifier.feed(text.substr(0, size));
        text.remove_prefix(size);
    }
    return verifier.finish();
}

// The lines as they are read, without addresses, which nothing proves.
std::vector<std::string> lines_of(std::string_view text) {
    audit::JsonlReader reader;
    const auto exporter = audit::make_jsonl_exporter();
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = reader.read(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        auto& written = out.emplace_back();
        if (!line) continue;
        if (const auto* header = std::get_if<audit::ExportHeader>(&line.value())) {
            exporter->begin(*header, written);
        } else if (const auto* head = std::get_if<audit::SignedHead>(&line.value())) {
            exporter->head(*head, written);
        } else {
            auto entry = std::get<audit::TrailEntry>(line.value());
            entry.address.clear();
            exporter->entry(entry, written);
            const auto again = reader.read(written.substr(0, written.size() - 1));
            const auto& read = std::get<audit::TrailEntry>(again.value());
            fuzz::require(read.details == entry.details && read.salt == entry.salt);
            fuzz::require(read.leaf == entry.leaf && read.erased == entry.erased);
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto input = as_text({data, size}).substr(1);
    const auto text = (data[0] & 1) != 0 ? changed(input) : std::string{input};

    const auto whole = verify(text, text.size());
    const auto pieces = verify(text, data[0] / 2 + 1);
    fuzz::require(whole.findings == pieces.findings && whole.notes == pieces.notes);
    fuzz::require(whole.findings.size() <= audit::kFindingsMax);

    const auto lines = lines_of(text);
    if (!whole.sound() || !whole.notes.empty()) return 0;
    static const auto kGenuineLines = lines_of(genuine().text);
    fuzz::require(lines == kGenuineLines);
    return 0;
}
