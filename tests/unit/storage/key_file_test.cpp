#include "storage/key_ring.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/stat.h>

namespace wardline::storage {
namespace {

class KeyFileTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string path() const { return folder_ + "/key-encryption-key"; }
    auto load(bool create) {
        return load_key_encryption_key(path(), create, crypto::system_random());
    }
    void write(std::size_t bytes, mode_t mode) {
        std::ofstream{path()} << std::string(bytes, 'k');
        ::chmod(path().c_str(), mode);
    }

private:
    std::string folder_{"/tmp/wardline-key-file-XXXXXX"};
};

TEST_F(KeyFileTest, IsMadeOnceAndForItsOwnerOnly) {
    const auto made = load(true);
    ASSERT_TRUE(made) << made.error().detail;
    struct stat info{};
    ASSERT_EQ(::stat(path().c_str(), &info), 0);

    EXPECT_EQ(info.st_mode & 0777, 0600U);
    EXPECT_EQ(info.st_size, 32);
    EXPECT_TRUE(load(true).value().equals(made.value()));
}

TEST_F(KeyFileTest, IsNotMadeUnasked) {
    EXPECT_EQ(load(false).error().code, Code::io);
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(KeyFileTest, ThatOthersCanReadIsRefused) {
    write(32, 0640);

    EXPECT_EQ(load(true).error().code, Code::io);
}

TEST_F(KeyFileTest, HasExactlyThirtyTwoBytes) {
    for (const std::size_t bytes : {0U, 31U, 33U}) {
        write(bytes, 0600);
        EXPECT_EQ(load(true).error().code, Code::io) << bytes;
    }
    write(32, 0600);
    EXPECT_TRUE(load(false));
}

}  // namespace
}  // namespace wardline::storage
