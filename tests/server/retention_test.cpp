#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

class RetentionTest : public ServerTest {
protected:
    RetentionTest() : manager{clinic.a_staff_device("mara", trust::Role::manager)} { store(); }

    TestDevice manager;
};

TEST_F(RetentionTest, WhatIsDueIsShownThenGone) {
    Json seq;
    {
        auto from_patient = connect(patient);
        seq = send(from_patient, patient, {.message_class = trust::MessageClass::admin})["seq"];
        send(from_patient, patient, {.message_class = trust::MessageClass::clinical});
    }
    clinic.pass(366 * trust::kDayMs);
    auto from_manager = connect(manager);

    const auto preview = from_manager.ask("retention-preview");
    ASSERT_EQ(preview["units"].size(), 1U);
    EXPECT_EQ(preview["units"][0]["patient"], "P-1");
    EXPECT_EQ(preview["units"][0]["class"], "admin");
    EXPECT_EQ(preview["units"][0]["messages"], 1);
    const auto done = from_manager.ask("retention-run");
    EXPECT_EQ(done["units"], 1);
    EXPECT_EQ(done["messages"], 1);

    auto from_patient = connect(patient);
    const auto page =
        from_patient.ask("history", {{"thread", thread()}, {"before", 0}, {"limit", 9}});
    ASSERT_EQ(page["entries"].size(), 2U);
    EXPECT_EQ(page["entries"][0]["seq"], seq);
    EXPECT_TRUE(page["entries"][0]["expired"].get<bool>());
    EXPECT_FALSE(page["entries"][0].contains("message"));
    EXPECT_TRUE(page["entries"][1].contains("message"));
    const auto entry = stored_details(audit::EntryKind::expiry).back();
    EXPECT_EQ(entry["actor"], "s:mara");
    EXPECT_EQ(entry["units"].size(), 1U);
    EXPECT_TRUE(from_manager.ask("retention-preview")["units"].empty());
    EXPECT_EQ(from_manager.ask("retention-run")["units"], 0);
}

TEST_F(RetentionTest, NeedsTheCapability) {
    auto from_nurse = connect(nurse);

    EXPECT_EQ(code_of(from_nurse.ask("retention-preview")), "forbidden");
    EXPECT_EQ(code_of(from_nurse.ask("retention-run")), "forbidden");
    EXPECT_EQ(filed(audit::EntryKind::refusal, 2).size(), 2U);
}

TEST_F(RetentionTest, StatusSaysHowThingsStand) {
    auto from_manager = connect(manager);

    const auto status = from_manager.ask("status");

    EXPECT_EQ(status["version"], "test");
    EXPECT_EQ(status["connections"], 1);
    EXPECT_EQ(status["patients"], 1);
    EXPECT_EQ(status["staff"], 5);
    EXPECT_EQ(status["teams"][0]["devices"], 2);
}

TEST_F(RetentionTest, WhileTheDatabaseIsAwayItSaysSoAndRecoversByItself) {
    auto client = connect(nurse);
    const auto server = TestDatabases::shared().clusters().main_conninfo();
    const auto name = sql(databases.main, "select current_database()");
    sql(server, "alter database " + name + " allow_connections false");
    sql(server,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'");
    Json refused;
    ASSERT_TRUE(run_until(node.io, [&] {
        refused = client.ask("open", {{"thread", thread()}});
        return refused["t"] == "error";
    }));
    EXPECT_EQ(code_of(refused), "unavailable");
    EXPECT_GT(refused["retry_after_ms"], 0);
    EXPECT_EQ(
        code_of(client.ask("chain", {{"chain", "clinic"}, {"from", 0}, {"limit", 9}})),
        "unavailable"
    );
    ASSERT_TRUE(run_until(node.io, [&] { return !node.journal.available(); }));
    EXPECT_EQ(node.http("GET", "/readyz", nullptr).status, 503U);

    sql(server, "alter database " + name + " allow_connections true");

    ASSERT_TRUE(run_until(node.io, [&] { return node.journal.available(); }));
    EXPECT_EQ(node.http("GET", "/readyz", nullptr).status, 200U);
    EXPECT_FALSE(client.peer->closed);
    EXPECT_EQ(code_of(client.ask("open", {{"thread", thread()}})), "ok");
}

}  // namespace
}  // namespace wardline::testing
