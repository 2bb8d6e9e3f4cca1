#include "clients/terminal/outcome.hpp"

#include "clients/terminal/qr.hpp"
#include "clients/terminal/time_format.hpp"

#include <gtest/gtest.h>

namespace wardline::terminal {
namespace {

TEST(ExitCodes, AreThoseOfTheDocumentation) {
    EXPECT_EQ(exit_code_of(Code::usage), ExitCode::usage);
    EXPECT_EQ(exit_code_of(Code::forbidden), ExitCode::refused);
    EXPECT_EQ(exit_code_of(Code::not_found), ExitCode::refused);
    EXPECT_EQ(exit_code_of(Code::conflict), ExitCode::refused);
    EXPECT_EQ(exit_code_of(Code::unreachable), ExitCode::unreachable);
    EXPECT_EQ(exit_code_of(Code::unavailable), ExitCode::unreachable);
    EXPECT_EQ(exit_code_of(Code::trust_alarm), ExitCode::trust_alarm);
    EXPECT_EQ(exit_code_of(Code::local_store), ExitCode::local_store);
    EXPECT_EQ(exit_code_of(Code::store_rolled_back), ExitCode::local_store);
    EXPECT_EQ(exit_code_of(Code::io), ExitCode::local_store);
    EXPECT_EQ(static_cast<int>(ExitCode::local_store), 6);
}

TEST(ErrorObject, HasCodeMessageAndHint) {
    EXPECT_EQ(
        to_line(error_object(Error{Code::invite_used, "this invite was used"})),
        R"({"error":{"code":"invite_used","message":"this invite was used","hint":"Ask for a new invite."}})"
    );
    EXPECT_EQ(
        to_line(error_object(Error{Code::conflict, "x"})),
        R"({"error":{"code":"conflict","message":"x","hint":null}})"
    );
}

TEST(ToLine, IsExactJsonThatATerminalCannotObey) {
    const auto line = to_line(Json{{"text", "a\x1b\x7f\xc2\x9b\u202E\u200D\nü😀\U000E0001"}});

    EXPECT_EQ(line, "{\"text\":\"a\\u001b\\u007f\\u009b\\u202e\\u200d\\nü😀\\udb40\\udc01\"}");
    EXPECT_EQ(Json::parse(line).at("text"), "a\x1b\x7f\xc2\x9b\u202E\u200D\nü😀\U000E0001");
}

TEST(ToLine, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(to_line(Json("a\xff")), "\"a\uFFFD\"");
}

TEST(Times, AreRfc3339InUtcWithMilliseconds) {
    EXPECT_EQ(rfc3339(Instant{0}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(Instant{1'795'300'453'007}), "2026-11-21T22:34:13.007Z");
    EXPECT_EQ(rfc3339(Instant{~std::uint64_t{0}}), "9999-12-31T23:59:59.999Z");
}

TEST(Times, AreLocalForPeople) {
    const TimeFormat berlin{"Europe/Berlin"};

    EXPECT_EQ(berlin.minute(Instant{1'795'300'453'007}), "2026-11-21 23:34");
    EXPECT_EQ(berlin.minute(Instant{1'782'000'000'000}), "2026-06-21 02:00");  // Summer time.
    EXPECT_EQ(berlin.clock(Instant{1'795'300'453'007}), "23:34");
    EXPECT_EQ(berlin.day(Instant{1'795'300'453'007}), "2026-11-21");
    EXPECT_EQ(berlin.day_long(Instant{1'795'300'453'007}), "Saturday, 21 November 2026");
    EXPECT_EQ(TimeFormat{"UTC"}.clock(Instant{0}), "00:00");
}

TEST(QrCode, FitsAnInviteInATerminalsWindow) {
    const auto code = qr_code("wardline:" + std::string(120, 'x'));

    ASSERT_TRUE(code);
    std::size_t lines = 0;
    for (const char c : code.value()) lines += c == '\n' ? 1 : 0;
    EXPECT_LE(lines, 25U);
    EXPECT_EQ(code.value().find('\x1b'), std::string::npos);
}

TEST(QrCode, RefusesWhatNoCodeHolds) {
    const auto code = qr_code(std::string(5000, 'x'));

    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().code, Code::usage);
}

}  // namespace
}  // namespace wardline::terminal
