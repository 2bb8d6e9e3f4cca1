#include "protocol/base/error.hpp"
#include "server/connection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

// Every published error code, and every code with which the server closes a WebSocket, has a test
// that provokes it over a server. Whoever adds a code adds its test here.
namespace wardline::testing {
namespace {

struct ProvokedBy {
    std::string_view code;
    std::string_view file;  // Below tests/.
    std::string_view suite;
    std::string_view test;
};

constexpr std::array kErrorCodes = {
    ProvokedBy{"bad_frame", "server/login_test.cpp", "LoginTest", "WhatIsNoFrameEndsTheConnection"},
    ProvokedBy{"too_large", "server/prekeys_test.cpp", "PrekeysTest", "TooManyAreRefused"},
    ProvokedBy{"unknown_type", "server/login_test.cpp", "LoginTest", "NothingElseIsAnsweredBefore"},
    ProvokedBy{
        "unsupported_version", "server/login_test.cpp", "LoginTest", "RefusesAnotherVersion"
    },
    ProvokedBy{
        "not_logged_in", "server/login_test.cpp", "LoginTest", "NothingElseIsAnsweredBefore"
    },
    ProvokedBy{
        "login_failed",
        "server/login_test.cpp",
        "LoginTest",
        "RefusesAWrongSignatureAndAnUnknownDevice"
    },
    ProvokedBy{
        "store_rolled_back", "server/login_test.cpp", "LoginTest", "RefusesAnOldCopyOfAStore"
    },
    ProvokedBy{
        "forbidden",
        "server/thread_test.cpp",
        "ThreadTest",
        "WhatDoesNotExistIsAsForbiddenAsWhatIsNotOnes"
    },
    ProvokedBy{
        "not_found", "server/setup_test.cpp", "EmptyServerTest", "AnswersBodiesThatAreNoneOfItsOwn"
    },
    ProvokedBy{"chain_moved", "server/statement_test.cpp", "StatementTest", "APositionIsTakenOnce"},
    ProvokedBy{
        "bad_statement",
        "server/statement_test.cpp",
        "StatementTest",
        "AnEpochComesWithExactlyItsBoxes"
    },
    ProvokedBy{
        "bad_signature", "server/statement_test.cpp", "StatementTest", "AWrongSignatureIsRefused"
    },
    ProvokedBy{
        "invite_unknown",
        "server/enrolment_test.cpp",
        "EnrolmentTest",
        "WithoutTheSecretAnInviteIsUnknown"
    },
    ProvokedBy{"invite_expired", "server/enrolment_test.cpp", "EnrolmentTest", "AnInviteEnds"},
    ProvokedBy{
        "invite_used",
        "server/enrolment_test.cpp",
        "EnrolmentTest",
        "ASecondUseIsRefusedAndAlarmsTheIssuer"
    },
    ProvokedBy{
        "invite_pending",
        "server/enrolment_test.cpp",
        "EnrolmentTest",
        "AnInviteOfASensitiveRoleWaitsForASecondPerson"
    },
    ProvokedBy{"wrong_class", "server/send_test.cpp", "SendTest", "APatientWritesNothingInternal"},
    ProvokedBy{"out_of_order", "server/send_test.cpp", "SendTest", "CountersHaveNoGapAndStandOnce"},
    ProvokedBy{
        "id_reused", "server/outage_test.cpp", "OutageTest", "AnIdIsForOneMessageOnEveryNode"
    },
    ProvokedBy{
        "recipients_changed",
        "server/send_test.cpp",
        "SendTest",
        "NamesExactlyWhoIsMissingAndWhoIsTooMany"
    },
    ProvokedBy{"not_open", "server/thread_test.cpp", "ThreadTest", "AClosedThreadIsNoticesAgain"},
    ProvokedBy{"rate_limited", "server/login_test.cpp", "LoginTest", "AttemptsAreLimited"},
    ProvokedBy{
        "unavailable",
        "server/retention_test.cpp",
        "RetentionTest",
        "WhileTheDatabaseIsAwayItSaysSoAndRecoversByItself"
    },
    ProvokedBy{
        "read_only", "server/outage_test.cpp", "OutageTest", "AFullDiskIsReadOnlyUntilThereIsRoom"
    },
    ProvokedBy{
        "setup_token_invalid", "server/setup_test.cpp", "EmptyServerTest", "RefusesAWrongSetupToken"
    },
    ProvokedBy{"clinic_exists", "server/setup_test.cpp", "EmptyServerTest", "SetsUpAClinicOnce"},
    ProvokedBy{
        "no_clinic", "server/setup_test.cpp", "EmptyServerTest", "NobodyLogsInBeforeThereIsAClinic"
    },
    ProvokedBy{
        "shutting_down", "server/login_test.cpp", "LoginTest", "ShuttingDownAnswersNothingNew"
    },
    ProvokedBy{
        "internal",
        "server/outage_test.cpp",
        "OutageTest",
        "AFaultIsInternalWithALineToFindInTheLog"
    },
};

// The codes of section 10. tests/edge provokes what the server does not choose itself.
constexpr std::string_view kNet{"unit/server/net/ws_connection_test.cpp"};
constexpr std::array kCloseCodes = {
    ProvokedBy{"1000", "edge/websocket_cases.py", "1000", "def close_cases"},
    ProvokedBy{
        "1001",
        "unit/server/net/listener_test.cpp",
        "Shutdown",
        "SendsWhatIsQueuedThenSaysGoingAway"
    },
    ProvokedBy{"1002", kNet, "WebSocket", "ClosesOnABrokenFrameWith1002"},
    ProvokedBy{"1003", kNet, "WebSocket", "ClosesOnATextFrameWith1003"},
    ProvokedBy{"1007", "edge/websocket_cases.py", "1007", "def text_cases"},
    ProvokedBy{"1008", kNet, "WebSocket", "ClosesWithTheCodeAndReasonOfTheSession"},
    ProvokedBy{"1009", kNet, "WebSocket", "ClosesOnAFrameOver128KiBWith1009BeforeItHasCome"},
    ProvokedBy{"1011", kNet, "WebSocket", "AFaultOfTheSessionClosesOnlyItWith1011"},
    ProvokedBy{"1013", kNet, "SlowConsumer", "IsDroppedWith1013AndNeverHoldsMoreThanOneMiB"},
};

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::filesystem::path source(std::string_view below) {
    return std::filesystem::path{WARDLINE_SOURCE} / below;
}

// From the test's name to the end of its body; nothing when there is no such test.
std::optional<std::string> body_of(const ProvokedBy& test) {
    const auto text = text_of(source("tests") / test.file);
    const std::string inside = test.file.ends_with(".py") ? std::string{test.test} + "("
                                                          : "(" + std::string{test.suite} + ", " +
                                                                std::string{test.test} + ")";
    const auto begin = text.find(inside);
    if (begin == std::string::npos) return std::nullopt;
    const auto end = text.find(test.file.ends_with(".py") ? "\n\n\n" : "\n}\n", begin);
    return text.substr(begin, end - begin);
}

// The codes that section 10 says the server closes with.
std::set<std::string> close_codes_of_the_protocol() {
    const auto page = text_of(source("docs/protocol.md"));
    const auto begin = page.find("The server closes a WebSocket with");
    EXPECT_NE(begin, std::string::npos);
    const auto sentence = page.substr(begin, page.find("\n\n", begin) - begin);
    std::set<std::string> out;
    for (auto at = sentence.find("`1"); at != std::string::npos; at = sentence.find("`1", at + 1))
        out.insert(sentence.substr(at + 1, 4));
    return out;
}

// The first column of the table of section 13, in the page's order.
std::set<std::string> published_in_the_protocol() {
    const auto page = text_of(source("docs/protocol.md"));
    std::set<std::string> out;
    const auto begin = page.find("\n## 13. Error codes");
    EXPECT_NE(begin, std::string::npos);
    for (auto row = page.find("\n| `", begin); row != std::string::npos;
         row = page.find("\n| `", row + 1)) {
        auto at = row + 2;
        const auto end = page.find('|', at);
        for (at = page.find('`', at); at < end; at = page.find('`', at)) {
            const auto close = page.find('`', at + 1);
            out.insert(page.substr(at + 1, close - at - 1));
            at = close + 1;
        }
    }
    return out;
}

std::set<std::string> published_in_the_code() {
    std::set<std::string> out;
    for (int code = 0; is_published(static_cast<Code>(code)); ++code)
        out.emplace(name_of(static_cast<Code>(code)));
    return out;
}

bool is_in_this_program(const ProvokedBy& test) {
    const auto& all = *::testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
        const auto& suite = *all.GetTestSuite(i);
        if (suite.name() != test.suite) continue;
        for (int k = 0; k < suite.total_test_count(); ++k)
            if (suite.GetTestInfo(k)->name() == test.test) return true;
    }
    return false;
}

TEST(ErrorCodes, OfThePageAreThoseOfTheCode) {
    EXPECT_EQ(published_in_the_protocol(), published_in_the_code());
}

TEST(ErrorCodes, EachHasATestThatProvokesIt) {
    std::set<std::string> provoked;
    for (const auto& test : kErrorCodes) {
        provoked.emplace(test.code);
        EXPECT_TRUE(is_in_this_program(test)) << test.suite << "." << test.test;
        const auto body = body_of(test);
        ASSERT_TRUE(body) << test.suite << "." << test.test;
        EXPECT_NE(body->find('"' + std::string{test.code} + '"'), std::string::npos)
            << test.test << " does not speak of " << test.code;
    }
    EXPECT_EQ(provoked, published_in_the_code());
    EXPECT_EQ(provoked.size(), kErrorCodes.size());
}

TEST(ErrorCodes, EachCloseCodeHasATestThatProvokesIt) {
    std::set<std::string> provoked;
    for (const auto& test : kCloseCodes) {
        provoked.emplace(test.code);
        const auto body = body_of(test);
        ASSERT_TRUE(body) << test.suite << "." << test.test;
        EXPECT_NE(body->find(test.code), std::string::npos) << test.test << ": " << test.code;
    }
    EXPECT_EQ(provoked, close_codes_of_the_protocol());
}

// The search above can fail.
TEST(ErrorCodes, ATestThatIsNotThereIsNotFound) {
    const ProvokedBy none{"forbidden", "server/login_test.cpp", "LoginTest", "IsNotThere"};

    EXPECT_FALSE(is_in_this_program(none));
    EXPECT_FALSE(body_of(none));
}

}  // namespace
}  // namespace wardline::testing
