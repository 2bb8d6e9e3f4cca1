#include "storage/wakeups.hpp"

#include "tests/storage_support/journal_fixture.hpp"

#include <boost/asio/co_spawn.hpp>

namespace wardline::testing {
namespace {

// A second node that never looks by itself.
class WakeupsTest : public JournalTest {
protected:
    WakeupsTest() {
        second_.state.told = 1;
        second_.start();
        boost::asio::co_spawn(second_.io, wakeups_.run(), boost::asio::detached);
        EXPECT_TRUE(run_until(second_.io, [this] { return woken_ > 0; }));
    }
    ~WakeupsTest() override {
        wakeups_.stop();
        second_.stop();
    }
    TestNode second_{options_, {.poll = std::chrono::hours{1}}};
    int woken_{0};
    storage::Wakeups wakeups_{second_.database, [this](Seq newest) {
                                  ++woken_;
                                  second_.writer.wake(newest);
                              }};
};

TEST_F(WakeupsTest, TellTheOtherNodeThatSomethingWasWritten) {
    static_cast<void>(node_.append(a_message("one", 1)).value());

    EXPECT_TRUE(run_until(second_.io, [this] { return second_.state.told == 2; }));
}

TEST_F(WakeupsTest, ListenAgainAfterTheirConnectionWasCut) {
    const auto before = woken_;
    sql(options_.main,
        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = current_database() and query like 'listen%'");

    EXPECT_TRUE(run_until(second_.io, [&] { return woken_ > before; }));
    static_cast<void>(node_.append(a_message("one", 1)).value());
    EXPECT_TRUE(run_until(second_.io, [this] { return second_.state.told == 2; }));
}

}  // namespace
}  // namespace wardline::testing
