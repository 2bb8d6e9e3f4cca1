#include "tests/e2e/clinic.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

// How the programs end when something is wrong.
namespace wardline::e2e {
namespace {

using Texts = std::vector<std::string>;

class CliExitCodes : public ClinicTest {};

TEST_F(CliExitCodes, AreThoseOfTheDocumentation) {
    ASSERT_NO_FATAL_FAILURE(make_practice());

    const auto usage = wardline("anna", {"send", "--json", "hello"});
    EXPECT_EQ(usage.exit_code, 2);
    EXPECT_EQ(usage.error_code(), "usage");
    EXPECT_EQ(usage.out, "");
    EXPECT_EQ(wardline("anna", {"dance"}).exit_code, 2);

    const auto refused = wardline("anna", {"read", "nobody", "--json"});
    EXPECT_EQ(refused.exit_code, 3) << refused.err;
    EXPECT_EQ(
        wardline("patient", {"send", "--class", "internal", "psst", "--json"}).error_code(),
        "wrong_class"
    );

    const auto none = wardline("stranger", {"read", "--json"});
    EXPECT_EQ(none.exit_code, 6) << none.err;
    EXPECT_EQ(none.error_code(), "local_store");
    EXPECT_FALSE(std::filesystem::exists(home("stranger")));
}

TEST(CliErrors, AreASentenceWithoutJson) {
    const auto none =
        run_program({WARDLINE_PATH, "read", "--home", testing::TempDir() + "wardline-nobody"});

    EXPECT_EQ(none.exit_code, 6);
    EXPECT_THAT(none.err, testing::StartsWith("Error: "));
    EXPECT_EQ(none.err.find('\x1b'), std::string::npos);
}

TEST_F(CliExitCodes, WrongPasswordsAndOpenFilesAreErrorsOfTheLocalStore) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    const auto with = [&](const std::string& option, const std::string& content, bool readable) {
        const auto file = folder_ / "secret";
        std::filesystem::remove(file);
        std::ofstream{file} << content;
        std::filesystem::permissions(
            file, readable ? std::filesystem::perms{0644} : std::filesystem::perms{0600}
        );
        return run_program(
            {WARDLINE_PATH,
             "status",
             "--json",
             "--home",
             home("anna").string(),
             option,
             file.string()}
        );
    };

    for (const auto& outcome : {
             with("--password-file", "a wrong password\n", false),
             with("--key-file", "a wrong key, long enough", false),
             with("--key-file", "anna" + std::string(32, 'k'), true),
         }) {
        EXPECT_EQ(outcome.exit_code, 6) << outcome.err;
        EXPECT_EQ(outcome.error_code(), "local_store");
    }
    EXPECT_EQ(with("--key-file", "anna" + std::string(32, 'k'), false).exit_code, 0);
}

TEST_F(CliExitCodes, AnInviteWorksOnce) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    const auto invited = wardline("patient", {"device", "add", "--json"});
    ASSERT_NO_FATAL_FAILURE(enrol("tablet", invited));

    const auto again =
        wardline("thief", {"enrol", "--json", invited.json().at("uri").get<std::string>()});

    EXPECT_EQ(again.exit_code, 3) << again.err;
    EXPECT_EQ(again.error_code(), "invite_used");
    EXPECT_EQ(wardline("thief", {"status"}).exit_code, 6);
}

TEST_F(CliExitCodes, WithTheServerAwayAMessageWaitsAndArrivesOnce) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    send("patient", {"one"});
    stop_server();

    const auto queued = wardline("patient", {"send", "--json", "two"});
    EXPECT_EQ(queued.exit_code, 4) << queued.err;
    EXPECT_EQ(queued.error_code(), "unreachable");
    EXPECT_EQ(queued.json().at("state"), "queued");
    EXPECT_TRUE(queued.json().at("seq").is_null());
    EXPECT_EQ(wardline("anna", {"inbox", "--json"}).exit_code, 4);
    EXPECT_EQ(texts_of(messages("patient")), (Texts{"one", "two"}));  // Patients read offline.

    start_server();
    EXPECT_EQ(texts_of(messages("patient")), (Texts{"one", "two"}));
    EXPECT_EQ(texts_of(messages("anna", {"4711"})), (Texts{"one", "two"}));
}

TEST_F(CliExitCodes, AnOldCopyOfAStoreIsDetected) {
    ASSERT_NO_FATAL_FAILURE(make_practice());
    std::filesystem::copy(
        home("patient"), folder_ / "copy", std::filesystem::copy_options::recursive
    );
    send("patient", {"one"});
    std::filesystem::remove_all(home("patient"));
    std::filesystem::copy(
        folder_ / "copy", home("patient"), std::filesystem::copy_options::recursive
    );

    const auto refused = wardline("patient", {"send", "--json", "two"});

    EXPECT_EQ(refused.exit_code, 6) << refused.err;
    EXPECT_EQ(refused.error_code(), "store_rolled_back");
    EXPECT_EQ(texts_of(messages("anna", {"4711"})), (Texts{"one"}));
}

}  // namespace
}  // namespace wardline::e2e
