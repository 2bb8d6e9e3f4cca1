#include "clients/core/chains.hpp"

#include "tests/unit/client/fake_server.hpp"
#include "tests/unit/client/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wardline::client {
namespace {

using wardline::testing::AClinic;

class ManualClock final : public Clock {
public:
    Instant now() override { return Instant{1'700'000'000'000}; }
    std::chrono::steady_clock::time_point steady() override { return {}; }
};

// The administrator's device, which knows genesis and its own grant, beside a server that may lie.
class ChainsTest : public ::testing::Test {
protected:
    void SetUp() override {
        store_ = Store::create(
                     folder_ / "store.db",
                     StoreKey::from_password("password").value(),
                     clinic_.random,
                     {.passes = 1, .memory_kib = 64}
        )
                     .value();
        auto self = make_device_identity(
            clinic_.id,
            clinic_.admin.account,
            {.host = "server", .port = 1, .pin = {}},
            {.chain = trust::ChainName::clinic(),
             .statement = clinic_.chain.genesis_hash(),
             .genesis = clinic_.chain.genesis_hash(),
             .audit = clinic_.chain.genesis().audit},
            clinic_.random
        );
        self_.emplace(std::move(self).value());
        restart();
        ASSERT_TRUE(log_in());
    }

    // As a program that was started again.
    void restart() {
        chains_.reset();
        link_.emplace(environment_, *store_, *self_, options_);
        tree_.emplace(*store_, *link_, folder_.path());
        ASSERT_TRUE(tree_->load(clinic_.id, clinic_.chain.genesis().audit));
        chains_.emplace(environment_, *store_, *link_, *tree_, *self_);
        if (seen_) ASSERT_TRUE(chains_->load());
    }
    Result<void> log_in() {
        WARDLINE_TRY(const auto answer, link_->log_in());
        WARDLINE_TRY(tree_->accept(answer.head));
        WARDLINE_TRY(chains_->compare_clinic_head(answer.clinic_head));
        seen_ = true;
        return success();
    }
    static void flip(Json& item) {
        auto& bytes = item.get_binary();
        bytes[bytes.size() / 2] ^= 1;
    }
    void expect_alarm(const Result<void>& done) {
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, Code::trust_alarm) << done.error().detail;
        EXPECT_NE(done.error().detail.find(' '), std::string::npos);
    }

    AClinic clinic_;
    FakeServer server_{clinic_};
    ManualClock clock_;
    Environment environment_{.clock = clock_, .random = clinic_.random, .connector = server_};
    ClientOptions options_;
    TemporaryFolder folder_;
    std::unique_ptr<Store> store_;
    std::optional<DeviceIdentity> self_;
    std::optional<Link> link_;
    std::optional<TreeState> tree_;
    std::optional<Chains> chains_;
    bool seen_{false};
};

TEST_F(ChainsTest, TakesInAndProvesWhatIsNew) {
    clinic_.a_staff_device("colleague");
    server_.journal.extend();
    server_.asked.clear();

    ASSERT_TRUE(chains_->update_clinic());

    EXPECT_EQ(chains_->clinic().head(), clinic_.chain.head());
    EXPECT_EQ(std::count(server_.asked.begin(), server_.asked.end(), "inclusion"), 1);
    EXPECT_EQ(tree_->head()->size, server_.journal.size());
}

TEST_F(ChainsTest, RemembersAcrossARestart) {
    clinic_.a_staff_device("colleague");
    server_.journal.extend();
    ASSERT_TRUE(chains_->update_clinic());

    restart();

    EXPECT_EQ(chains_->clinic().head(), clinic_.chain.head());
    EXPECT_EQ(tree_->head()->size, server_.journal.size());
}

TEST_F(ChainsTest, AShorterChainIsAnAlarm) {
    server_.lie = [](const std::string& type, Json& answer) {
        if (type == "chain") answer["entries"] = Json::array();
    };
    expect_alarm(chains_->update_clinic());
}

TEST_F(ChainsTest, AnotherHeadAtAKnownPositionIsAnAlarm) {
    server_.lie = [](const std::string& type, Json& answer) {
        if (type == "login") flip(answer["clinic_head"]["hash"]);
    };
    expect_alarm(log_in());
}

TEST_F(ChainsTest, AForkIsAnAlarmAndChangesNothing) {
    const auto before = chains_->clinic().head();
    // The same server shows two clients two continuations: to this one, the second.
    AClinic other;
    other.a_staff_device("first");
    clinic_.a_staff_device("second");
    server_.journal.extend();
    ASSERT_TRUE(chains_->update_clinic());
    ASSERT_NE(chains_->clinic().head(), before);
    FakeJournal forked{other};
    server_.lie = [&](const std::string& type, Json& answer) {
        if (type != "chain") return;
        answer["entries"] = Json::array();
        answer["entries"].push_back(cbor::decode(wire::encode(forked.entries().back())).value());
    };
    const auto verified = chains_->clinic().head();

    expect_alarm(chains_->update_clinic());

    EXPECT_EQ(chains_->clinic().head(), verified);
}

TEST_F(ChainsTest, AStatementThatIsNotInTheTreeDoesNotCount) {
    clinic_.a_staff_device("colleague");
    server_.journal.extend();
    server_.lie = [](const std::string& type, Json& answer) {
        if (type == "inclusion") flip(answer["paths"][0][0]);
    };
    const auto before = chains_->clinic().head();

    expect_alarm(chains_->update_clinic());

    EXPECT_EQ(chains_->clinic().head(), before);
    server_.lie = [](const std::string&, Json&) {};
    EXPECT_TRUE(chains_->update_clinic());
}

TEST_F(ChainsTest, AStatementWithAnotherSignatureDoesNotCount) {
    clinic_.a_staff_device("colleague");
    server_.journal.extend();
    server_.lie = [](const std::string& type, Json& answer) {
        if (type == "chain") flip(answer["entries"].back()["statement"]["sig"]);
    };
    expect_alarm(chains_->update_clinic());
}

TEST_F(ChainsTest, ATreeThatDoesNotContinueIsAnAlarm) {
    clinic_.a_staff_device("colleague");
    server_.journal.extend();
    server_.lie = [](const std::string& type, Json& answer) {
        if (type == "consistency") flip(answer["path"][0]);
    };
    expect_alarm(log_in());
}

TEST_F(ChainsTest, AHeadOfTheSameSizeWithAnotherRootIsAnAlarm) {
    const audit::TreeHead other{
        .clinic = clinic_.id,
        .incarnation = 1,
        .size = server_.journal.size(),
        .root = Hash{},
        .time = clinic_.now
    };
    const auto made = audit::sign_head(other, clinic_.audit);
    expect_alarm(tree_->accept(
        Json{{"body", cbor::binary(made.body)}, {"sig", cbor::binary(made.sig.view())}}
    ));
}

TEST_F(ChainsTest, AHeadThatSomebodyElseSignedIsAnAlarm) {
    auto head = server_.journal.head(server_.journal.size());
    flip(head["sig"]);
    expect_alarm(tree_->accept(head));
}

TEST_F(ChainsTest, AHeadInAMessageOfAnotherTreeIsAnAlarm) {
    EXPECT_TRUE(tree_->cross_check({.size = 1, .root = server_.journal.root(1)}));
    expect_alarm(tree_->cross_check({.size = 1, .root = Hash{}}));
}

TEST_F(ChainsTest, AnotherClinicsServerIsAnAlarm) {
    AClinic stranger{"another clinic"};
    FakeServer impostor{stranger};
    const Environment environment{.clock = clock_, .random = clinic_.random, .connector = impostor};
    Link link{environment, *store_, *self_, options_};

    const auto answer = link.log_in();

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::trust_alarm);
}

}  // namespace
}  // namespace wardline::client
