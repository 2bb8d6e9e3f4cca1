#include "storage/embedded_postgres.hpp"

#include "storage/database.hpp"
#include "tests/storage_support/run_task.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace wardline::testing {
namespace {

using std::chrono::milliseconds;
using storage::EmbeddedPostgres;

Result<EmbeddedPostgres> start(const std::string& folder) {
    return EmbeddedPostgres::start({.folder = folder, .binaries = {}, .sync_to_disk = false});
}

std::string server_of(const std::string& conninfo) {
    return sql(conninfo, "select pg_postmaster_start_time()::text");
}

template <class Condition>
bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(milliseconds{20});
    }
    return true;
}

bool alive(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

// Starts the clusters in a process of its own, which is told to end by SIGKILL.
class OtherProcess {
public:
    explicit OtherProcess(const std::string& folder) {
        int pipe_ends[2];
        if (::pipe(pipe_ends) != 0) throw std::runtime_error{"pipe"};
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(pipe_ends[0]);
            const auto started = start(folder);
            const pid_t pids[2]{
                started ? started.value().main_pid() : -1, started ? started.value().keys_pid() : -1
            };
            static_cast<void>(::write(pipe_ends[1], pids, sizeof pids));
            for (;;) ::pause();
        }
        ::close(pipe_ends[1]);
        if (::read(pipe_ends[0], servers_, sizeof servers_) != sizeof servers_) servers_[0] = -1;
        ::close(pipe_ends[0]);
    }
    ~OtherProcess() { kill(); }
    void kill() {
        if (pid_ < 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    pid_t main_server() const { return servers_[0]; }
    pid_t keys_server() const { return servers_[1]; }

private:
    pid_t pid_{-1};
    pid_t servers_[2]{-1, -1};
};

TEST(EmbeddedPostgres, TwoClustersThatAreNotOne) {
    const ScratchFolder folder;
    const auto started = start(folder.path());
    ASSERT_TRUE(started) << started.error().detail;
    const auto system = [](const std::string& conninfo) {
        return sql(conninfo, "select system_identifier from pg_control_system()");
    };

    EXPECT_NE(system(started.value().main_conninfo()), system(started.value().keys_conninfo()));
    EXPECT_TRUE(storage::prepare_databases(
        {.main = started.value().main_conninfo(), .keys = started.value().keys_conninfo()}
    ));
}

TEST(EmbeddedPostgres, ListensOnNoNetworkAndSyncsToDisk) {
    const ScratchFolder folder;
    const auto started = EmbeddedPostgres::start({.folder = folder.path(), .binaries = {}});
    ASSERT_TRUE(started) << started.error().detail;
    for (const auto& conninfo :
         {started.value().main_conninfo(), started.value().keys_conninfo()}) {
        const auto show = [&](const std::string& name) { return sql(conninfo, "show " + name); };
        EXPECT_EQ(show("listen_addresses"), "");
        EXPECT_EQ(show("fsync"), "on");
        EXPECT_EQ(show("synchronous_commit"), "on");
        EXPECT_EQ(show("full_page_writes"), "on");
        EXPECT_EQ(show("data_checksums"), "on");
        EXPECT_EQ(show("server_encoding"), "UTF8");
        EXPECT_EQ(show("log_min_error_statement"), "panic");
    }
}

TEST(EmbeddedPostgres, KeepsItsDataOverARestart) {
    const ScratchFolder folder;
    {
        const auto first = start(folder.path());
        ASSERT_TRUE(first) << first.error().detail;
        sql(first.value().main_conninfo(),
            "create table kept (x int); insert into kept values (42)");
    }

    const auto second = start(folder.path());

    ASSERT_TRUE(second) << second.error().detail;
    EXPECT_EQ(sql(second.value().main_conninfo(), "select x from kept"), "42");
}

TEST(EmbeddedPostgres, WorksBelowAFolderThatOnlyItsOwnerMayEnter) {
    const ScratchFolder folder;
    const auto closed = folder.path() + "/closed";
    ASSERT_EQ(::mkdir(closed.c_str(), 0700), 0);

    const auto started = start(closed + "/data");

    ASSERT_TRUE(started) << started.error().detail;
    EXPECT_EQ(sql(started.value().main_conninfo(), "select 1"), "1");
    struct stat info{};
    ASSERT_EQ(::stat((closed + "/data/postgres/main").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    if (::geteuid() == 0) EXPECT_NE(info.st_uid, 0U);
}

TEST(EmbeddedPostgres, WorksInAFolderWithAHundredCharacters) {
    const ScratchFolder folder;
    const auto data = folder.path() + "/" + std::string(100 - folder.path().size() - 1, 'd');
    ASSERT_EQ(data.size(), 100U);

    const auto started = start(data);

    ASSERT_TRUE(started) << started.error().detail;
    EXPECT_EQ(sql(started.value().main_conninfo(), "select 1"), "1");
}

// Another cluster has the usual port, and the usual variables speak of it.
TEST(EmbeddedPostgres, WorksBesideAForeignCluster) {
    const ScratchFolder folder;
    const ScratchFolder foreign_folder{"foreign"};
    const auto foreign = start(foreign_folder.path());
    ASSERT_TRUE(foreign) << foreign.error().detail;
    sql(foreign.value().main_conninfo(), "create table foreign_table (x int)");
    for (const auto* name : {"PGPORT", "PGDATA", "PGDATABASE"}) ::setenv(name, "5432", 1);

    const auto started = start(folder.path());
    for (const auto* name : {"PGPORT", "PGDATA", "PGDATABASE"}) ::unsetenv(name);

    ASSERT_TRUE(started) << started.error().detail;
    EXPECT_EQ(
        sql(started.value().main_conninfo(), "select to_regclass('foreign_table') is null"), "t"
    );
    EXPECT_EQ(sql(foreign.value().main_conninfo(), "select count(*) from foreign_table"), "0");
}

TEST(EmbeddedPostgres, RefusesAFolderThatIsInUse) {
    const ScratchFolder folder;
    const auto first = start(folder.path());
    ASSERT_TRUE(first) << first.error().detail;

    const auto second = start(folder.path());

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::usage);
    EXPECT_EQ(sql(first.value().main_conninfo(), "select 1"), "1");
}

TEST(EmbeddedPostgres, EndsWithTheProcessThatStartedIt) {
    const ScratchFolder folder;
    OtherProcess killed{folder.path()};
    ASSERT_GT(killed.main_server(), 0);

    killed.kill();

    EXPECT_TRUE(eventually([&] { return !alive(killed.main_server()); }));
    EXPECT_TRUE(eventually([&] { return !alive(killed.keys_server()); }));
}

TEST(EmbeddedPostgres, StartsAtOnceAfterAKilledProcess) {
    const ScratchFolder folder;
    OtherProcess killed{folder.path()};
    ASSERT_GT(killed.main_server(), 0);
    killed.kill();

    const auto started = start(folder.path());

    ASSERT_TRUE(started) << started.error().detail;
    EXPECT_EQ(sql(started.value().main_conninfo(), "select 1"), "1");
    EXPECT_TRUE(eventually([&] { return !alive(killed.main_server()); }));
}

// Its server does not even hear that its owner died.
TEST(EmbeddedPostgres, StopsAServerThatWasLeftFrozen) {
    const ScratchFolder folder;
    OtherProcess killed{folder.path()};
    ASSERT_GT(killed.main_server(), 0);
    ::kill(killed.main_server(), SIGSTOP);
    killed.kill();
    std::jthread thaw{[pid = killed.main_server()] {
        std::this_thread::sleep_for(milliseconds{300});
        ::kill(pid, SIGCONT);
    }};

    const auto started = start(folder.path());

    ASSERT_TRUE(started) << started.error().detail;
    EXPECT_TRUE(eventually([&] { return !alive(killed.main_server()); }));
}

TEST(EmbeddedPostgres, MakesAClusterAnewThatWasHalfMade) {
    const ScratchFolder folder;
    std::filesystem::create_directories(folder.path() + "/postgres/main.new/base");
    std::ofstream{folder.path() + "/postgres/main.new/PG_VERSION"} << "15\n";

    const auto started = start(folder.path());

    ASSERT_TRUE(started) << started.error().detail;
    EXPECT_EQ(sql(started.value().main_conninfo(), "select 1"), "1");
}

TEST(EmbeddedPostgres, BelievesNoStaleLockFile) {
    const ScratchFolder folder;
    {
        const auto first = start(folder.path());
        ASSERT_TRUE(first) << first.error().detail;
    }
    // A number that belongs to somebody else by now: to us.
    std::ofstream{folder.path() + "/postgres/main/postmaster.pid"}
        << ::getppid() << "\n/proc/self/fd/9\n1\n5432\n/tmp\n\n  1 1\nready\n";

    const auto started = start(folder.path());

    ASSERT_TRUE(started) << started.error().detail;
}

TEST(EmbeddedPostgres, SaysWhichPostgresqlTheDataNeeds) {
    const ScratchFolder folder;
    {
        const auto first = start(folder.path());
        ASSERT_TRUE(first) << first.error().detail;
    }
    std::ofstream{folder.path() + "/postgres/main/PG_VERSION", std::ios::trunc} << "14\n";

    const auto started = start(folder.path());

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::usage);
}

TEST(EmbeddedPostgres, RestartsAServerThatWasKilled) {
    const ScratchFolder folder;
    auto started = start(folder.path());
    ASSERT_TRUE(started) << started.error().detail;
    auto& clusters = started.value();
    const auto before = server_of(clusters.main_conninfo());
    const auto killed = clusters.main_pid();
    boost::asio::io_context io;
    boost::asio::co_spawn(io, clusters.supervise(), boost::asio::detached);

    ::kill(killed, SIGKILL);

    EXPECT_TRUE(run_until(io, [&] {
        return clusters.main_pid() > 0 && clusters.main_pid() != killed &&
               sqlstate(clusters.main_conninfo(), "select 1") == "00000";
    }));
    EXPECT_NE(server_of(clusters.main_conninfo()), before);
    clusters.stop_supervising();
    io.run();
}

TEST(EmbeddedPostgres, RestartsTheKeyRingThatWasKilled) {
    const ScratchFolder folder;
    auto started = start(folder.path());
    ASSERT_TRUE(started) << started.error().detail;
    auto& clusters = started.value();
    const auto killed = clusters.keys_pid();
    boost::asio::io_context io;
    boost::asio::co_spawn(io, clusters.supervise(), boost::asio::detached);

    ::kill(killed, SIGKILL);

    EXPECT_TRUE(run_until(io, [&] {
        return clusters.keys_pid() > 0 && clusters.keys_pid() != killed &&
               sqlstate(clusters.keys_conninfo(), "select 1") == "00000";
    }));
    clusters.stop_supervising();
    io.run();
}

TEST(EmbeddedPostgres, SaysThatPostgresqlIsMissing) {
    const ScratchFolder folder;

    const auto started =
        EmbeddedPostgres::start({.folder = folder.path(), .binaries = "/nonexistent"});

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::io);
}

}  // namespace
}  // namespace wardline::testing
