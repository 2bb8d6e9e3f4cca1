#include "admin/invocation.hpp"

#include <gtest/gtest.h>

namespace wardline::admin {
namespace {

using Arguments = std::vector<std::string>;

const Arguments kInit{
    "init",
    "--server",
    "localhost:8443",
    "--token",
    "A.b",
    "--clinic",
    "Praxis",
    "--root-out",
    "r",
    "--vault-out",
    "v",
};

Arguments init_with(const Arguments& more) {
    auto arguments = kInit;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
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
        Arguments{"init"},
        init_with({"--account", "no spaces"}),
        init_with({"--keep", "clinical"}),
        init_with({"--keep", "gossip=3"}),
        init_with({"--keep", "clinical=0"}),
        init_with({"--keep", "clinical=36501"}),
        init_with({"--keep", "clinical=3d"}),
        Arguments{"staff"},
        Arguments{"staff", "invite", "anna"},
        Arguments{"staff", "invite", "anna", "--role", "king"},
        Arguments{"staff", "invite", "an na", "--role", "reception"},
        Arguments{"staff", "invite", "anna", "--role", "reception", "--days", "31"},
        Arguments{"staff", "disable"},
        Arguments{"team", "create", "reception"},
        Arguments{"team", "create", "reception", "--founders", "anna,b b"},
        Arguments{"team", "remove", "reception"},
        Arguments{"patient", "invite", "Erika Mustermann"},
        Arguments{"approve"},
        Arguments{"approve", "3f"},
        Arguments{"chain"},
        Arguments{"chain", "show", "--patient", "a b"},
        Arguments{"retention"}
    )
);

class Read : public testing::TestWithParam<Arguments> {};

TEST_P(Read, IsAnAction) {
    const auto result = parse(GetParam());

    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_TRUE(result.value().invocation.action);
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines,
    Read,
    testing::Values(
        Arguments{"staff", "invite", "anna", "--role", "reception", "--team", "a", "--team", "b"},
        Arguments{"staff", "list", "--json"},
        Arguments{"staff", "disable", "anna"},
        Arguments{"staff", "role", "anna", "--role", "manager"},
        Arguments{"team", "create", "reception", "--founders", "anna,ben"},
        Arguments{"team", "remove", "reception", "anna"},
        Arguments{"patient", "invite", "4711", "--team", "reception", "--qr"},
        Arguments{"chain", "show"},
        Arguments{"chain", "show", "--patient", "4711"},
        Arguments{"proposals"},
        Arguments{"approve", "3fa2", "--root", "root.key", "--root-password-file", "f"},
        Arguments{"object", "3fa2"},
        Arguments{"retention", "preview"},
        Arguments{"retention", "run"},
        Arguments{"status"}
    )
);

TEST(Init, ReadsPeriodsAndFiles) {
    const auto result =
        parse(init_with({"--keep", "clinical=3650", "--keep", "appointment=90", "--home", "/h"}));

    ASSERT_TRUE(result) << result.error().detail;
    const auto& init = result.value().invocation.init;
    ASSERT_TRUE(init);
    EXPECT_EQ(init->account, "admin");
    EXPECT_EQ(init->root_file, "r");
    EXPECT_EQ(
        init->retention_days,
        (std::map<std::string, std::uint32_t>{{"appointment", 90}, {"clinical", 3650}})
    );
    EXPECT_EQ(result.value().invocation.common.home, "/h");
}

TEST(Help, IsThereForEveryCommandWithExamples) {
    for (const auto& command : {
             Arguments{},
             Arguments{"init"},
             Arguments{"staff"},
             Arguments{"staff", "invite"},
             Arguments{"staff", "list"},
             Arguments{"staff", "disable"},
             Arguments{"team", "create"},
             Arguments{"team", "remove"},
             Arguments{"patient", "invite"},
             Arguments{"chain", "show"},
             Arguments{"proposals"},
             Arguments{"approve"},
             Arguments{"retention", "preview"},
             Arguments{"retention", "run"},
             Arguments{"status"},
         }) {
        auto arguments = command;
        arguments.emplace_back("--help");
        const auto result = parse(arguments);

        ASSERT_TRUE(result) << result.error().detail;
        ASSERT_TRUE(result.value().text);
        EXPECT_NE(result.value().text->find("Examples:"), std::string::npos)
            << *result.value().text;
        EXPECT_NE(result.value().text->find("wardline-admin "), std::string::npos);
    }
}

}  // namespace
}  // namespace wardline::admin
