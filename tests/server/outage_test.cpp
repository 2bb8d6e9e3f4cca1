#include "protocol/trust/login.hpp"
#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

// The database fails under a running node: what it says, and that nothing remains of it.
class OutageTest : public ServerTest {
protected:
    OutageTest() : from_patient{connect(patient)} {}

    // From now on every commit that would store an entry does this instead.
    void at_commit(const std::string& action) {
        sql(databases.main,
            "create or replace function public.at_commit() returns trigger language plpgsql as "
            "$$ begin " +
                action +
                "; end $$; create constraint trigger at_commit after insert on wardline.entries "
                "deferrable initially deferred for each row execute function public.at_commit()");
    }
    void calm() { sql(databases.main, "drop trigger at_commit on wardline.entries"); }
    std::string messages() {
        return sql(databases.main, "select count(*) from wardline.message_ids");
    }

    RawClient from_patient;
};

TEST_F(OutageTest, AFullDiskIsReadOnlyUntilThereIsRoom) {
    at_commit("raise exception using errcode = '53100'");

    EXPECT_EQ(code_of(send(from_patient, patient)), "read_only");
    EXPECT_EQ(node.http("GET", "/readyz", nullptr).status, 503U);
    EXPECT_EQ(node.http("GET", "/healthz", nullptr).status, 200U);
    // What is stored can still be read.
    EXPECT_EQ(
        code_of(from_patient.ask("chain", {{"chain", "clinic"}, {"from", 0}, {"limit", 9}})), "ok"
    );
    EXPECT_EQ(messages(), "0");

    calm();
    ASSERT_TRUE(run_until(node.io, [&] { return !node.journal.read_only(); }));
    EXPECT_EQ(node.http("GET", "/readyz", nullptr).status, 200U);
    EXPECT_FALSE(from_patient.peer->closed);
    EXPECT_EQ(code_of(send(from_patient, patient)), "ok");
    EXPECT_EQ(messages(), "1");
}

TEST_F(OutageTest, AFaultIsInternalWithALineToFindInTheLog) {
    at_commit("raise exception using errcode = 'P0001', message = 'a planted fault'");

    const auto refused = send(from_patient, patient);

    ASSERT_EQ(code_of(refused), "internal");
    const auto line = node.log_text.str();
    EXPECT_NE(line.find(refused["ref"].get<std::string>()), std::string::npos);
    EXPECT_EQ(refused.dump().find("planted"), std::string::npos);
    calm();
    EXPECT_EQ(code_of(send(from_patient, patient)), "ok");
    EXPECT_EQ(messages(), "1");
}

TEST_F(OutageTest, AFaultOverHttpIsInternalWithALineToFindInTheLog) {
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    const auto grant = clinic.enrolment(invite, clinic.new_device(invite.account));
    const Json body{{"statement", statement_json(grant)}};
    at_commit("raise exception using errcode = 'P0001', message = 'a planted fault'");
    unsigned status = 0;

    const auto refused = node.post("/v1/enrol/finish", body, &status);

    ASSERT_EQ(code_of(refused), "internal");
    EXPECT_EQ(status, 500U);
    EXPECT_NE(node.log_text.str().find(refused["ref"].get<std::string>()), std::string::npos);
    EXPECT_EQ(refused.dump().find("planted"), std::string::npos);
    calm();
    EXPECT_GT(node.post("/v1/enrol/finish", body)["seq"].get<Seq>(), 0U);
}

TEST_F(OutageTest, WithTheDatabaseAwayHttpSaysUnavailableAndWhenToComeBack) {
    const auto server = TestDatabases::shared().clusters().main_conninfo();
    const auto name = sql(databases.main, "select current_database()");
    const auto invite = clinic.invite(clinic.admin, "nils", trust::Role::clinician);
    store();
    const auto grant = clinic.enrolment(invite, clinic.new_device(invite.account));
    const Json body{{"statement", statement_json(grant)}};
    sql(server, "alter database " + name + " allow_connections false");
    sql(server,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'");
    unsigned status = 0;

    const auto refused = node.post("/v1/enrol/finish", body, &status);

    EXPECT_EQ(code_of(refused), "unavailable");
    EXPECT_EQ(status, 503U);
    EXPECT_GT(refused["retry_after_ms"], 0);
    sql(server, "alter database " + name + " allow_connections true");
    ASSERT_TRUE(run_until(node.io, [&] { return node.journal.available(); }));
    EXPECT_GT(node.post("/v1/enrol/finish", body)["seq"].get<Seq>(), 0U);
}

TEST_F(OutageTest, ShuttingDownHttpSaysSo) {
    node.application->stop();
    unsigned status = 0;

    const auto refused = node.post("/v1/setup/info", {{"token", "any"}}, &status);

    EXPECT_EQ(code_of(refused), "shutting_down");
    EXPECT_EQ(status, 503U);
}

TEST_F(OutageTest, AnIdIsForOneMessageOnEveryNode) {
    ServerNode second{databases, clinic.now};
    second.start();
    const auto id = message::make_message_id(clinic.now, clinic.random);
    const auto body = prepare(from_patient, patient, {.id = id});
    const auto first = from_patient.ask("send", body);
    ASSERT_EQ(code_of(first), "ok");
    auto elsewhere = connect(second, patient);

    const auto again = elsewhere.ask("send", body);
    const auto other =
        elsewhere.ask("send", prepare(elsewhere, patient, {.text = "other", .id = id}));

    EXPECT_EQ(again["seq"], first["seq"]);
    EXPECT_EQ(again["hash"], first["hash"]);
    EXPECT_EQ(code_of(other), "id_reused");
    EXPECT_EQ(other["seq"], first["seq"]);
    EXPECT_EQ(other["hash"], first["hash"]);
    EXPECT_EQ(messages(), "1");
}

}  // namespace
}  // namespace wardline::testing
