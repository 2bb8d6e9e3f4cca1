#include "clients/cli/invocation.hpp"

#include <gtest/gtest.h>

namespace wardline::cli {
namespace {

using Arguments = std::vector<std::string>;
using Kind = Invocation::Kind;

Invocation parsed(const Arguments& arguments) {
    auto result = parse(arguments);
    EXPECT_TRUE(result) << result.error().detail;
    return std::move(result).value().invocation;
}

class Refused : public testing::TestWithParam<Arguments> {};

TEST_P(Refused, IsAUsageErrorWithASentence) {
    const auto result = parse(GetParam());

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::usage);
    EXPECT_FALSE(result.error().detail.empty());
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines,
    Refused,
    testing::Values(
        Arguments{},
        Arguments{"dance"},
        Arguments{"send"},
        Arguments{"send", "--to", "no spaces", "hello"},
        Arguments{"send", "--class", "gossip", "hello"},
        Arguments{"send", ""},
        Arguments{"send", "a\xff"},
        Arguments{"send", std::string(65'537, 'x')},
        Arguments{"send", "one", "two"},
        Arguments{"send", "--unknown", "hello"},
        Arguments{"read", "-4711"},
        Arguments{"read", "--limit", "0"},
        Arguments{"read", "--limit", "1001"},
        Arguments{"read", "--limit", "many"},
        Arguments{"enrol"},
        Arguments{"enrol", "https://clinic.example"},
        Arguments{"watch", "--open", "../x"},
        Arguments{"chat", "--class", "nothing"},
        Arguments{"device"},
        Arguments{"device", "remove"},
        Arguments{"device", "remove", "3f"},
        Arguments{"patient", "invite"},
        Arguments{"patient", "invite", "Erika Mustermann"},
        Arguments{"team", "admit"},
        Arguments{"identity-confirm"}
    )
);

class Read : public testing::TestWithParam<Arguments> {};

TEST_P(Read, IsACommandThatIsAnsweredAtOnce) {
    const auto invocation = parsed(GetParam());

    EXPECT_EQ(invocation.kind, Kind::action);
    EXPECT_TRUE(invocation.action);
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines,
    Read,
    testing::Values(
        Arguments{"send", "hello"},
        Arguments{"send", "--to", "4711", "--class", "internal", "hello"},
        Arguments{"send", "--", "--not-an-option"},
        Arguments{"read"},
        Arguments{"read", "4711", "--limit", "1000"},
        Arguments{"inbox"},
        Arguments{"verify"},
        Arguments{"verify", "anna"},
        Arguments{"device", "list"},
        Arguments{"device", "add", "--qr"},
        Arguments{"device", "remove", "3fa2"},
        Arguments{"patient", "invite", "4711", "--team", "reception", "--team", "nurses"},
        Arguments{"team", "admit", "anna", "--yes"},
        Arguments{"identity-confirm", "4711"},
        Arguments{"status"}
    )
);

TEST(CommonOptions, StandBeforeOrBehindTheCommand) {
    for (const auto& arguments : {
             Arguments{"--home", "/h", "--json", "--key-file", "k", "device", "list"},
             Arguments{"device", "--json", "list", "--home", "/h", "--key-file", "k"},
             Arguments{"device", "list", "--home=/h", "--json", "--key-file", "k"},
         }) {
        const auto invocation = parsed(arguments);

        EXPECT_EQ(invocation.common.home, "/h");
        EXPECT_TRUE(invocation.common.json);
        EXPECT_EQ(invocation.common.key.key_file, "k");
    }
}

TEST(SendArguments, ReadStandardInputForAHyphenOnly) {
    EXPECT_TRUE(parsed({"send", "-"}).reads_input);
    EXPECT_FALSE(parsed({"send", "- well"}).reads_input);
    EXPECT_FALSE(parsed({"send", std::string(65'536, 'x')}).reads_input);
}

TEST(WatchArguments, CollectThreadsToOpen) {
    const auto invocation = parsed({"watch", "--open", "4711", "--open", "4712"});

    EXPECT_EQ(invocation.kind, Kind::watch);
    ASSERT_EQ(invocation.watch.open.size(), 2U);
    EXPECT_EQ(invocation.watch.open[1].text(), "4712");
    EXPECT_FALSE(invocation.watch.open_all);
    EXPECT_TRUE(parsed({"watch", "--open-all"}).watch.open_all);
}

TEST(ChatArguments, NeedNoPatient) {
    EXPECT_EQ(parsed({"chat"}).kind, Kind::chat);
    EXPECT_FALSE(parsed({"chat"}).chat.patient);
    EXPECT_EQ(parsed({"chat", "4711", "--class", "internal"}).chat.message_class, "internal");
}

TEST(Help, IsThereForEveryCommandWithExamples) {
    for (const auto& command : {
             Arguments{},
             Arguments{"enrol"},
             Arguments{"send"},
             Arguments{"read"},
             Arguments{"inbox"},
             Arguments{"watch"},
             Arguments{"chat"},
             Arguments{"verify"},
             Arguments{"device"},
             Arguments{"device", "list"},
             Arguments{"device", "add"},
             Arguments{"device", "remove"},
             Arguments{"patient", "invite"},
             Arguments{"team", "admit"},
             Arguments{"identity-confirm"},
             Arguments{"status"},
         }) {
        auto arguments = command;
        arguments.emplace_back("--help");
        const auto result = parse(arguments);

        ASSERT_TRUE(result) << result.error().detail;
        ASSERT_TRUE(result.value().text);
        EXPECT_NE(result.value().text->find("Examples:"), std::string::npos)
            << *result.value().text;
        EXPECT_NE(result.value().text->find("wardline "), std::string::npos);
    }
}

TEST(Version, IsOneLine) {
    const auto result = parse({"--version"});

    ASSERT_TRUE(result);
    EXPECT_EQ(*result.value().text, "wardline " WARDLINE_VERSION "\n");
}

}  // namespace
}  // namespace wardline::cli
