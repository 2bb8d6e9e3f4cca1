#include "clients/terminal/key_source.hpp"

#include "clients/terminal/home.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace wardline::terminal {
namespace {

class KeySourceTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "wardline-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& content, mode_t mode) {
        const auto path = (folder_ / "secret").string();
        std::ofstream{path} << content;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }

    std::filesystem::path folder_;
};

TEST_F(KeySourceTest, TakesTheFirstLineOfAPasswordFile) {
    const auto key =
        existing_key({.password_file = file("correct horse\nmore\n", 0600), .key_file = {}}, "x");

    ASSERT_TRUE(key) << key.error().detail;
    EXPECT_EQ(as_text(key.value().secret().reveal()), "correct horse");
}

TEST_F(KeySourceTest, RefusesAPasswordFileThatOthersCanRead) {
    for (const mode_t mode : {0640U, 0604U, 0660U, 0644U}) {
        const auto key =
            existing_key({.password_file = file("correct horse\n", mode), .key_file = {}}, "x");

        ASSERT_FALSE(key) << std::oct << mode;
        EXPECT_EQ(key.error().code, Code::local_store);
    }
}

TEST_F(KeySourceTest, RefusesAKeyFileThatOthersCanRead) {
    const auto key =
        new_key({.password_file = {}, .key_file = file(std::string(64, 'a'), 0644)}, "x");

    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Code::local_store);
}

TEST_F(KeySourceTest, RefusesBothFilesAtOnce) {
    const auto key =
        existing_key({.password_file = file("pass", 0600), .key_file = file("key", 0600)}, "x");

    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Code::usage);
}

TEST_F(KeySourceTest, RefusesAMissingFile) {
    const auto key =
        existing_key({.password_file = (folder_ / "nothing").string(), .key_file = {}}, "x");

    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Code::local_store);
}

TEST_F(KeySourceTest, AHomeIsMadeForItsOwnerAlone) {
    const auto home = folder_ / "a" / "b";

    ASSERT_TRUE(make_home(home));

    struct stat facts{};
    ASSERT_EQ(::stat(home.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0700U);
    EXPECT_TRUE(make_home(home));
}

TEST_F(KeySourceTest, OneHoldsAHomeAtATime) {
    {
        auto first = HomeLock::try_take(folder_);
        ASSERT_TRUE(first);
        ASSERT_TRUE(first.value().has_value());
        EXPECT_FALSE(HomeLock::try_take(folder_).value().has_value());
    }
    EXPECT_TRUE(HomeLock::try_take(folder_).value().has_value());
}

TEST_F(KeySourceTest, AMissingHomeIsAnErrorOfTheLocalStore) {
    const auto lock = HomeLock::try_take(folder_ / "nothing");

    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, Code::local_store);
}

}  // namespace
}  // namespace wardline::terminal
