// What an error says and the hint behind it stand side by side: neither repeats the other.
#include "clients/core/connection.hpp"
#include "clients/terminal/outcome.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace wardline::terminal {
namespace {

namespace fs = std::filesystem;

// Words of advice. A sentence that has one of them leaves no need for a hint that has it too.
constexpr std::array<std::string_view, 12> kAdvice{
    "try again",
    "tell the clinic",
    "new invite",
    "ask for",
    "--class",
    "--help",
    "--home",
    "approve",
    "make room",
    "made room",
    "update",
    "log"
};

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

// The advice that both give; empty: none.
std::string repeated(std::string_view sentence, Code code) {
    const auto said = lower(sentence);
    const auto hint = lower(hint_of(code));
    for (const auto advice : kAdvice)
        if (said.find(advice) != std::string::npos && hint.find(advice) != std::string::npos)
            return std::string{advice};
    return {};
}

std::vector<Code> all_codes() {
    std::vector<Code> out;
    for (auto code = 0; code <= static_cast<int>(Code::conflict); ++code)
        out.push_back(static_cast<Code>(code));
    return out;
}

std::optional<Code> code_named(const std::string& name) {
    for (const auto code : all_codes())
        if (name_of(code) == name) return code;
    return std::nullopt;
}

struct Written {
    std::string file;
    Code code;
    std::string sentence;  // Its literal parts, joined.
};

// Every `Error{Code::…, "…" …}` of a source file, and every `return "…"` below a `case Code::…:`.
void collect(const fs::path& file, std::vector<Written>& out) {
    std::stringstream read;
    read << std::ifstream{file}.rdbuf();
    const auto source = read.str();
    static const std::regex kError{R"re(Code::([a-z_]+),\s*([^;}]*"[^;}]*))re"};
    static const std::regex kLiteral{R"re("((?:[^"\\]|\\.)*)")re"};
    for (std::sregex_iterator at{source.begin(), source.end(), kError}, end; at != end; ++at) {
        const auto code = code_named((*at)[1]);
        if (!code) continue;
        const std::string rest{(*at)[2]};
        std::string sentence;
        for (std::sregex_iterator part{rest.begin(), rest.end(), kLiteral}; part != end; ++part)
            sentence += (*part)[1];
        out.push_back({file.filename().string(), *code, sentence});
    }
}

std::vector<Written> all_written() {
    std::vector<Written> out;
    for (const char* folder : {"clients", "admin", "protocol", "audit"}) {
        for (const auto& entry :
             fs::recursive_directory_iterator{fs::path{WARDLINE_SOURCE_DIR} / folder}) {
            if (entry.path().extension() == ".cpp") collect(entry.path(), out);
        }
    }
    return out;
}

TEST(Hints, AreNotRepeatedByWhatARefusalOfTheServerSays) {
    for (const auto code : all_codes()) {
        if (!is_published(code)) continue;
        const auto error = client::error_of_frame(Json{{"code", name_of(code)}});
        EXPECT_EQ(repeated(error.detail, code), "") << error.detail << ". " << hint_of(code);
    }
}

TEST(Hints, AreNotRepeatedByAnyErrorThatIsWritten) {
    const auto written = all_written();

    EXPECT_GT(written.size(), 250U) << "the sources were not read as they are written";
    for (const auto& error : written) {
        EXPECT_EQ(repeated(error.sentence, error.code), "")
            << error.file << ": " << error.sentence << ". " << hint_of(error.code);
    }
}

TEST(Hints, ThatAreRepeatedWouldBeFound) {
    EXPECT_EQ(
        repeated("the journal is another; tell the clinic by another way", Code::trust_alarm),
        "tell the clinic"
    );
    EXPECT_EQ(repeated("the server is busy: try again later", Code::unavailable), "try again");
    EXPECT_EQ(repeated("the invite was used already", Code::invite_used), "");
}

}  // namespace
}  // namespace wardline::terminal
