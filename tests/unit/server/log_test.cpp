#include "server/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace wardline::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class LogTest : public testing::Test {
protected:
    Log log(LogLevel level = LogLevel::debug) { return Log::to_stream(out_, level, key_); }
    nlohmann::json line() const { return nlohmann::json::parse(out_.str()); }

    std::ostringstream out_;
    SymmetricKey key_;
};

TEST_F(LogTest, ALineIsAnObjectWithTimeLevelEventAndFields) {
    log().warn("commit_slow", {LogField::seq(7), LogField::took(std::chrono::microseconds{12})});

    const auto written = line();
    EXPECT_EQ(written.at("level"), "warn");
    EXPECT_EQ(written.at("event"), "commit_slow");
    EXPECT_EQ(written.at("seq"), 7);
    EXPECT_EQ(written.at("took_us"), 12);
    EXPECT_EQ(
        written.at("time").get<std::string>().size(), std::string{"2026-01-01T00:00:00.000Z"}.size()
    );
}

TEST_F(LogTest, WhatNamesAPersonIsWrittenAsAnHmac) {
    const auto account = Account::parse("p:A-10442").value();

    log().info("login", {LogField::account(account), LogField::address("192.0.2.77")});

    EXPECT_THAT(out_.str(), Not(HasSubstr("10442")));
    EXPECT_THAT(out_.str(), Not(HasSubstr("192.0.2")));
    EXPECT_EQ(line().at("account").get<std::string>().size(), 16U);
}

TEST_F(LogTest, OnePersonHasOneHmacUnderOneKey) {
    const auto account = Account::parse("s:nora").value();
    const auto under = [&](std::uint8_t byte) {
        std::ostringstream out;
        const auto key = SymmetricKey::from(Bytes(32, byte)).value();
        Log::to_stream(out, LogLevel::debug, key).info("login", {LogField::account(account)});
        return nlohmann::json::parse(out.str()).at("account").get<std::string>();
    };

    EXPECT_EQ(under(1), under(1));
    EXPECT_NE(under(1), under(2));
}

TEST_F(LogTest, NothingStartsASecondLine) {
    log().error("x", {LogField::reason("one\r\ntwo\xE2\x80\xA8three\x1B[31m\xFF")});

    const auto text = out_.str();
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    EXPECT_THAT(text, HasSubstr("one\\r\\ntwo\\u2028three\\u001b"));
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
    log(LogLevel::warn).info("quiet");

    EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace wardline::server
