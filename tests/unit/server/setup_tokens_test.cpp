#include "server/setup_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace wardline::server {
namespace {

namespace fs = std::filesystem;

constexpr Instant kNow{1'800'000'000'000};
constexpr std::uint64_t kHourMs = 3'600'000;

class SetupTokensTest : public testing::Test {
protected:
    SetupTokensTest() {
        char name[] = "/tmp/wardline-tokens-XXXXXX";
        parent_ = ::mkdtemp(name);
    }
    ~SetupTokensTest() override { fs::remove_all(parent_); }

    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator{folder()}, fs::directory_iterator{})
        );
    }
    std::string folder() const { return parent_ + "/setup-tokens"; }

    std::string parent_;
    const Hash pin_ = Hash::from(Bytes(32, 7)).value();
};

TEST_F(SetupTokensTest, ATokenIsThirtyTwoDigitsADotAndThePin) {
    const auto token = SetupTokens{folder()}.issue(pin_, kNow).value();

    EXPECT_THAT(token, testing::MatchesRegex("[A-Z2-7]{32}\\.[A-Za-z0-9_-]{43}"));
    EXPECT_EQ(token.substr(33), to_base64url(pin_.view()));
}

TEST_F(SetupTokensTest, AnotherProcessIssuesWhatTheServerAccepts) {
    const auto token = SetupTokens{folder()}.issue(pin_, kNow).value();

    EXPECT_TRUE(SetupTokens{folder()}.check(token, kNow));
    EXPECT_TRUE(SetupTokens{folder()}.check(token, Instant{kNow.ms + kHourMs - 1}));
}

TEST_F(SetupTokensTest, ATokenEndsAfterAnHour) {
    SetupTokens tokens{folder()};
    const auto token = tokens.issue(pin_, kNow).value();

    const auto late = tokens.check(token, Instant{kNow.ms + kHourMs});

    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::setup_token_invalid);
    EXPECT_TRUE(tokens.issue(pin_, Instant{kNow.ms + kHourMs}));
    EXPECT_EQ(files(), 1U);  // The one that has ended is gone.
}

TEST_F(SetupTokensTest, SpendingLeavesNone) {
    SetupTokens tokens{folder()};
    const auto one = tokens.issue(pin_, kNow).value();
    const auto other = tokens.issue(pin_, kNow).value();

    tokens.spend_all();

    EXPECT_FALSE(tokens.check(one, kNow));
    EXPECT_FALSE(tokens.check(other, kNow));
}

TEST_F(SetupTokensTest, WhatWasNeverIssuedIsRefused) {
    SetupTokens tokens{folder()};
    EXPECT_FALSE(tokens.check(std::string(32, 'A') + ".x", kNow));  // There is not even a folder.
    const auto token = tokens.issue(pin_, kNow).value();

    for (const std::string& wrong :
         {std::string{},
          std::string{"."},
          std::string{"../../etc/passwd"},
          token.substr(1),
          "A" + token.substr(0, 31),
          std::string(100'000, 'A')}) {
        EXPECT_FALSE(tokens.check(wrong, kNow)) << wrong.substr(0, 50);
    }
}

TEST_F(SetupTokensTest, TheFolderDoesNotGiveTheSecretAway) {
    const auto token = SetupTokens{folder()}.issue(pin_, kNow).value();

    for (const auto& entry : fs::directory_iterator{folder()}) {
        EXPECT_EQ(entry.path().string().find(token.substr(0, 32)), std::string::npos);
        EXPECT_EQ(entry.status().permissions(), fs::perms{0600});
    }
}

}  // namespace
}  // namespace wardline::server
