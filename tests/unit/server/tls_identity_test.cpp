#include "server/tls_identity.hpp"

#include "server/net/tls_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace wardline::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr Instant kNow{1'800'000'000'000};

class TlsIdentityTest : public testing::Test {
protected:
    TlsIdentityTest() {
        char name[] = "/tmp/wardline-identity-XXXXXX";
        folder_ = std::string{::mkdtemp(name)} + "/tls";
    }
    ~TlsIdentityTest() override { fs::remove_all(fs::path{folder_}.parent_path()); }

    static Instant after_days(std::uint64_t days) { return {kNow.ms + days * kDayMs}; }
    static unsigned mode_of(const std::string& path) {
        struct stat status{};
        ::stat(path.c_str(), &status);
        return status.st_mode & 0777U;
    }

    std::string folder_;
};

TEST_F(TlsIdentityTest, IsMadeOnceAndKeptInFilesThatNobodyElseReads) {
    const auto made = load_or_make_tls_identity(folder_, kNow).value();
    const auto again = load_or_make_tls_identity(folder_, kNow).value();

    EXPECT_EQ(made.pin, again.pin);
    EXPECT_EQ(made.certificate_pem, again.certificate_pem);
    EXPECT_EQ(mode_of(folder_), 0700U);
    EXPECT_EQ(mode_of(folder_ + "/key.pem"), 0600U);
    EXPECT_EQ(mode_of(folder_ + "/certificate.pem"), 0600U);
    EXPECT_TRUE(TlsContext::make(made));
}

TEST_F(TlsIdentityTest, TheCertificateIsRenewedWithTheSameKey) {
    const auto first = load_or_make_tls_identity(folder_, kNow).value();
    const auto kept = load_or_make_tls_identity(folder_, after_days(397 - 61)).value();
    const auto renewed = load_or_make_tls_identity(folder_, after_days(397 - 59)).value();

    EXPECT_EQ(kept.certificate_pem, first.certificate_pem);
    EXPECT_NE(renewed.certificate_pem, first.certificate_pem);
    EXPECT_EQ(renewed.pin, first.pin);
    EXPECT_EQ(renewed.key_pem, first.key_pem);
}

TEST_F(TlsIdentityTest, RefusesAFolderThatOthersMayEnterAndAKeyThatIsNone) {
    fs::create_directory(folder_);
    fs::permissions(folder_, fs::perms{0755});
    EXPECT_THAT(load_or_make_tls_identity(folder_, kNow).error().detail, HasSubstr("chmod 700"));

    fs::permissions(folder_, fs::perms{0700});
    std::ofstream{folder_ + "/key.pem"} << "not a key";
    EXPECT_THAT(load_or_make_tls_identity(folder_, kNow).error().detail, HasSubstr("key.pem"));
}

TEST_F(TlsIdentityTest, FilesThatDoNotBelongTogetherAreRefused) {
    const auto one = load_or_make_tls_identity(folder_, kNow);
    const auto other = load_or_make_tls_identity(folder_ + "2", kNow);
    ASSERT_TRUE(one && other);

    EXPECT_EQ(
        load_tls_identity(folder_ + "/certificate.pem", folder_ + "/key.pem").value().pin,
        one.value().pin
    );
    const auto mixed = load_tls_identity(folder_ + "/certificate.pem", folder_ + "2/key.pem");
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().code, Code::usage);
    EXPECT_FALSE(load_tls_identity(folder_ + "/none.pem", folder_ + "/key.pem"));
    EXPECT_FALSE(load_tls_identity(folder_ + "/key.pem", folder_ + "/key.pem"));
}

}  // namespace
}  // namespace wardline::server
