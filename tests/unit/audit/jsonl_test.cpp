#include "audit/jsonl.hpp"

#include "audit/exporters.hpp"
#include "protocol/base/cbor.hpp"
#include "tests/audit/sample_trail.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::audit {
namespace {

using cbor::Json;
using testing::jsonl_lines;
using testing::sample_trail;
using testing::SampleClinic;

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
}
VerifyReport verify(std::string_view text, std::size_t piece = 1'000) {
    JsonlVerifier verifier;
    for (std::size_t at = 0; at < text.size(); at += piece) verifier.feed(text.substr(at, piece));
    return verifier.finish();
}
std::string line_of(const TrailEntry& entry) {
    std::string out;
    make_jsonl_exporter()->entry(entry, out);
    return out;
}
TrailEntry read_entry(std::string_view line) {
    return std::get<TrailEntry>(JsonlReader{}.read(line).value());
}

TEST(Jsonl, GivesEveryKindOfEntryBackAsItWas) {
    SampleClinic clinic;
    for (const auto& info : registry()) {
        const auto entry = clinic.append(info.kind);
        const auto line = line_of(entry);
        const auto again = read_entry(line);
        EXPECT_EQ(line.find("\"raw\""), std::string::npos) << line;
        EXPECT_EQ(again.seq, entry.seq);
        EXPECT_EQ(again.time, entry.time);
        EXPECT_EQ(again.kind, entry.kind);
        EXPECT_EQ(again.leaf, entry.leaf);
        EXPECT_EQ(again.salt, entry.salt);
        EXPECT_EQ(again.details, entry.details) << line;
        EXPECT_EQ(again.address, entry.address);
    }
}

TEST(Jsonl, GivesAnErasedEntryBack) {
    SampleClinic clinic;
    const auto erased = testing::without_details(clinic.append(EntryKind::login));

    const auto again = read_entry(line_of(erased));

    EXPECT_FALSE(again.salt);
    EXPECT_EQ(again.erased, erased.erased);
    EXPECT_EQ(again.details, Bytes{});
}

TEST(Jsonl, GivesDetailsThatNobodyRegisteredBackByteForByte) {
    SampleClinic clinic;
    auto entry = clinic.append(EntryKind::login, Json{{"note", 1}});
    EXPECT_NE(line_of(entry).find(R"("raw":"a1646e6f746501")"), std::string::npos);
    EXPECT_EQ(read_entry(line_of(entry)).details, entry.details);

    entry.details = {0xff, 0x00};
    EXPECT_EQ(read_entry(line_of(entry)).details, entry.details);

    auto late = testing::full_details(info_of(EntryKind::strangers), 1);
    late["from"] = ~std::uint64_t{0};
    entry = clinic.append(EntryKind::strangers, late);
    EXPECT_NE(line_of(entry).find("\"raw\""), std::string::npos);
    EXPECT_EQ(read_entry(line_of(entry)).details, entry.details);
}

TEST(Jsonl, GivesHeadersAndHeadsBack) {
    const auto trail = sample_trail({.entries = 60, .from = 12, .erased = false});
    const auto lines = jsonl_lines(trail);

    const auto header = JsonlReader{}.read(lines.front());
    const auto head = JsonlReader{}.read(lines.back());

    EXPECT_EQ(std::get<ExportHeader>(header.value()), trail.header);
    EXPECT_EQ(std::get<SignedHead>(head.value()), std::get<SignedHead>(trail.items.back()));
}

TEST(Jsonl, IsSoundInPiecesOfAnySize) {
    const auto trail = sample_trail();
    const auto text = testing::exported(trail, ExportFormat::jsonl);
    for (const std::size_t piece : {1U, 7U, 63U, 64U, 400U, 1'000'000U}) {
        const auto report = verify(text, piece);
        EXPECT_TRUE(report.sound()) << report.findings.front().what;
        EXPECT_EQ(report.entries, 60U);
    }
    EXPECT_TRUE(verify(text.substr(0, text.size() - 1)).sound()) << "without the last newline";
}

TEST(Jsonl, IsReadInAnyOrderOfKeysWithWhiteSpace) {
    SampleClinic clinic;
    const auto entry = clinic.append(EntryKind::message);
    const auto line = line_of(entry);
    auto map = nlohmann::ordered_json::parse(line);
    nlohmann::ordered_json reversed;
    for (auto it = map.rbegin(); it != map.rend(); ++it) reversed[it.key()] = it.value();

    EXPECT_EQ(read_entry(" " + reversed.dump(3) + "\r").details, entry.details);
}

TEST(Jsonl, RefusesLinesThatAreNotOfItsForm) {
    SampleClinic clinic;
    JsonlReader reader;
    const auto entry = clinic.append(EntryKind::logout);
    const auto good = Json::parse(line_of(entry));
    const auto refused = [&](const std::function<void(Json&)>& change) {
        auto line = good;
        change(line);
        return !reader.read(line.dump());
    };
    ASSERT_TRUE(reader.read(good.dump()));

    for (const auto* key : {"seq", "time", "kind", "leaf", "salt", "details"}) {
        EXPECT_TRUE(refused([key](Json& line) { line.erase(key); })) << key;
        EXPECT_TRUE(refused([key](Json& line) { line[key] = nullptr; })) << key;
        EXPECT_TRUE(refused([key](Json& line) { line[key] = "x"; })) << key;
        EXPECT_TRUE(refused([key](Json& line) { line[key] = -1; })) << key;
        EXPECT_TRUE(refused([key](Json& line) { line[key] = 1.5; })) << key;
    }
    EXPECT_TRUE(refused([](Json& line) { line["more"] = 1; }));
    EXPECT_TRUE(refused([](Json& line) { line["erased"] = line["leaf"]; }));
    EXPECT_TRUE(refused([](Json& line) { line["raw"] = "a0"; }));
    EXPECT_TRUE(refused([](Json& line) { line["details"]["note"] = "x"; }));
    EXPECT_TRUE(refused([](Json& line) { line["details"]["actor"] = 1; }));
    EXPECT_TRUE(refused([](Json& line) { line["details"]["device"] = "00"; }));
    EXPECT_TRUE(refused([](Json& line) { line["kind"] = "99"; }));
    EXPECT_TRUE(refused([](Json& line) { line["address"] = std::string(65, '1'); }));
    EXPECT_TRUE(refused([](Json& line) { line["leaf"] = std::string(64, 'A'); }));
    auto text = good.dump();
    EXPECT_FALSE(reader.read(text + "x"));
    EXPECT_FALSE(reader.read(text + text));
    EXPECT_FALSE(reader.read(text.substr(0, text.size() - 1)));
    text.insert(1, R"("seq":1,)");
    EXPECT_EQ(reader.read(text).error().detail, "has a key twice");
    for (const auto* line :
         {"", "{}", "[]", "1", "null", "{\"head\":{}}", "{\"head\":1,\"a\":1}"}) {
        EXPECT_FALSE(reader.read(line)) << line;
    }
}

TEST(Jsonl, RefusesADetailThatStandsTwice) {
    SampleClinic clinic;
    auto text = line_of(clinic.append(EntryKind::logout));
    const std::string_view details = R"("details":{)";
    text.insert(text.find(details) + details.size(), R"("actor":"s:other",)");

    EXPECT_EQ(JsonlReader{}.read(text).error().detail, "has a key twice");
}

TEST(Jsonl, NamesTheLineThatCannotBeRead) {
    auto lines = jsonl_lines(sample_trail());
    const auto at = static_cast<std::size_t>(
        std::ranges::find_if(
            lines, [](const auto& line) { return line.starts_with("{\"seq\":43,"); }
        ) -
        lines.begin()
    );
    lines[at] = lines[at].substr(0, 100);

    const auto report = verify(joined(lines));

    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings[0].from, 43U);
    EXPECT_EQ(
        report.findings[0].what,
        "Line " + std::to_string(at + 1) + ", at the place of entry 43, is not one JSON object."
    );
    EXPECT_EQ(report.notes.size(), 1U);
}

TEST(Jsonl, ReadsOnBehindALineThatWasPutIn) {
    auto lines = jsonl_lines(sample_trail());
    lines.insert(lines.begin() + 30, "noise");

    const auto report = verify(joined(lines));

    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.last_good->size, 60U);
}

TEST(Jsonl, RefusesALineThatIsTooLongWithoutKeepingIt) {
    auto lines = jsonl_lines(sample_trail());
    const auto long_line = "\"" + std::string(3 * kExportLineMax, 'x') + "\"";
    lines.insert(lines.begin() + 30, long_line);
    for (const std::size_t piece : {4'096U, 100'000'000U}) {
        const auto report = verify(joined(lines), piece);
        ASSERT_EQ(report.findings.size(), 1U);
        EXPECT_NE(report.findings[0].what.find("Line 31"), std::string::npos);
        EXPECT_NE(report.findings[0].what.find("is too long"), std::string::npos);
    }
}

TEST(Jsonl, SaysWhatAFileIsNot) {
    EXPECT_NE(verify("").findings.at(0).what.find("empty"), std::string::npos);
    EXPECT_NE(verify("hello\nworld\n").findings.at(0).what.find("Line 1"), std::string::npos);
    auto lines = jsonl_lines(sample_trail());
    lines.erase(lines.begin());
    EXPECT_FALSE(verify(joined(lines)).sound());
    EXPECT_EQ(verify(joined(lines)).findings.size(), 1U);
}

TEST(Jsonl, RefusesASecondHeader) {
    auto lines = jsonl_lines(sample_trail());
    lines.insert(lines.begin() + 30, lines.front());

    const auto report = verify(joined(lines));

    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_NE(report.findings[0].what.find("second export"), std::string::npos);
}

RC_GTEST_PROP(Jsonl, IsNeverSoundWithAnotherByteInALine, ()) {
    static const auto lines = jsonl_lines(sample_trail());
    auto changed = lines;
    auto& line = changed[*rc::gen::inRange<std::size_t>(0, lines.size())];
    const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
    const auto before = line[at];
    line[at] = static_cast<char>(*rc::gen::inRange(0x21, 0x7f));
    // An address is not part of the entry, and says so in docs/audit.md.
    RC_PRE(line[at] != before && line.find("\"address\"") > at);
    // What the header says of filters, the entries do not prove either.
    RC_ASSERT(!verify(joined(changed)).sound());
}

TEST(Witness, ComesBackFromItsLine) {
    const auto trail = sample_trail();
    const auto line = witness_line(trail.witness);

    EXPECT_EQ(line.back(), '\n');
    EXPECT_EQ(parse_witness(line).value(), trail.witness);
}

TEST(Witness, RefusesAnythingElse) {
    const auto line = witness_line(sample_trail().witness);

    EXPECT_FALSE(parse_witness(""));
    EXPECT_FALSE(parse_witness("{}"));
    EXPECT_FALSE(parse_witness(line + line));
    EXPECT_FALSE(parse_witness(line.substr(0, line.size() / 2)));
    EXPECT_FALSE(parse_witness(std::string(5'000, ' ') + line));
    auto more = Json::parse(line);
    more["time"] = 1;
    EXPECT_FALSE(parse_witness(more.dump()));
}

}  // namespace
}  // namespace wardline::audit
