#include "tests/e2e/clinic.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

// The audit trail as an inspector uses it, with the programs alone.
namespace wardline::e2e {
namespace {

using testing::HasSubstr;

class CliAudit : public ClinicTest {
protected:
    void SetUp() override {
        ClinicTest::SetUp();
        ASSERT_NO_FATAL_FAILURE(make_practice());
        invite_and_enrol("otto", "auditor");
        send("patient", {"My result?"});
        messages("anna", {"4711"});
    }
    Json list(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"audit", "list", "--json"});
        const auto listed = admin("otto", arguments);
        EXPECT_EQ(listed.exit_code, 0) << listed.err;
        return listed.json()["entries"];
    }
    std::string file(const std::string& name) const { return folder_ / name; }
    // With no home, no server.
    static Outcome verify(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {WARDLINE_ADMIN_PATH, "audit", "verify", "--json"});
        return run_program(arguments);
    }
};

TEST_F(CliAudit, IsReadByItsAuditorAloneAndThatIsWritten) {
    for (const std::string name : {"admin", "anna", "patient"}) {
        const auto refused = admin(name, {"audit", "list", "--json"});
        EXPECT_EQ(refused.exit_code, 3) << name;
        EXPECT_EQ(refused.error_code(), "forbidden");
    }

    const auto opened = list({"--kind", "open", "--patient", "4711"});
    ASSERT_EQ(opened.size(), 1U);
    EXPECT_EQ(opened[0]["details"]["actor"], "s:anna");
    const auto refused = list({"--outcome", "refused", "--actor", "anna"});
    EXPECT_EQ(
        std::ranges::count_if(
            refused, [](const Json& entry) { return entry["details"]["act"] == "audit-begin"; }
        ),
        1
    );
    const auto readings = list({"--kind", "reading"});
    EXPECT_EQ(readings.size(), 2U);
    EXPECT_EQ(list({"--limit", "3"}).size(), 3U);
    // In words, for people.
    const auto words = admin("otto", {"audit", "list", "--patient", "4711"});
    EXPECT_THAT(words.out, HasSubstr("opened the thread of 4711"));
    EXPECT_EQ(words.out.find("My result?"), std::string::npos);
}

TEST_F(CliAudit, SaysWhoSawAPatientsMessagesAndTheReverse) {
    const auto seen = admin("otto", {"audit", "access", "--patient", "4711", "--json"}).json();
    const auto by_anna = std::ranges::count_if(seen["accesses"], [](const Json& access) {
        return access["account"] == "s:anna" && access["opened"] == true;
    });
    EXPECT_EQ(by_anna, 1);

    const auto reverse = admin("otto", {"audit", "access", "--staff", "anna", "--json"}).json();
    ASSERT_FALSE(reverse["accesses"].empty());
    for (const auto& access : reverse["accesses"]) {
        EXPECT_EQ(access["account"], "s:anna");
        EXPECT_EQ(access["patient_id"], "4711");
    }
}

TEST_F(CliAudit, IsVerifiedWithTheServerAndWithoutIt) {
    const auto online = admin("otto", {"audit", "verify", "--json"});
    ASSERT_EQ(online.exit_code, 0) << online.err;
    EXPECT_TRUE(online.json()["sound"].get<bool>());
    ASSERT_EQ(admin("otto", {"audit", "witness", "--file", file("heads")}).exit_code, 0);
    const auto exported =
        admin("otto", {"audit", "export", "--out", file("trail.jsonl"), "--json"});
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    stop_server();

    const auto offline = verify({file("trail.jsonl"), "--head", file("heads")});

    ASSERT_EQ(offline.exit_code, 0) << offline.err;
    EXPECT_EQ(offline.json()["entries"], exported.json()["entries"]);
    EXPECT_EQ(offline.json()["witnessed"], 1);

    std::stringstream text;
    text << std::ifstream{file("trail.jsonl")}.rdbuf();
    auto changed = text.str();
    const auto at = changed.find("s:anna");
    ASSERT_NE(at, std::string::npos);
    changed.replace(at, 6, "s:emma");
    std::ofstream{file("changed.jsonl")} << changed;
    const auto unsound = verify({file("changed.jsonl")});
    EXPECT_EQ(unsound.exit_code, 5);
    EXPECT_EQ(unsound.error_code(), "trust_alarm");
    EXPECT_FALSE(unsound.json()["findings"].empty());
    // Nothing is overwritten, and nothing is left half.
    EXPECT_EQ(verify({file("nothing.jsonl")}).exit_code, 2);
}

TEST_F(CliAudit, ProofsAndEvidenceAreForAnybody) {
    const auto entry = list({"--kind", "message"})[0]["seq"].get<std::uint64_t>();
    const auto shown = admin("otto", {"audit", "show", std::to_string(entry), "--json"}).json();
    EXPECT_EQ(shown["entry"]["kind"], "message");
    EXPECT_FALSE(shown["proof"]["path"].empty());
    ASSERT_EQ(admin("otto", {"audit", "witness", "--file", file("heads")}).exit_code, 0);

    const auto evidence =
        run_program({WARDLINE_ADMIN_PATH, "audit", "evidence", file("heads"), "--json"});

    ASSERT_EQ(evidence.exit_code, 0) << evidence.err;
    EXPECT_FALSE(evidence.json()["fork"].get<bool>());
    EXPECT_EQ(evidence.json()["heads"].size(), 1U);
}

TEST_F(CliAudit, IsKeptForALongerTimeByOneAndForAShorterByTwo) {
    EXPECT_EQ(admin("admin", {"audit", "retention", "--json"}).json()["days"], 4'015);
    const auto shorter = admin("admin", {"audit", "retention", "--days", "400", "--json"});
    ASSERT_EQ(shorter.exit_code, 0) << shorter.err;
    EXPECT_TRUE(shorter.json()["proposal"].is_string());
    EXPECT_EQ(admin("admin", {"audit", "retention", "--json"}).json()["days"], 4'015);
    const auto longer = admin("admin", {"audit", "retention", "--days", "5000", "--json"});
    EXPECT_TRUE(longer.json()["proposal"].is_null());
    EXPECT_EQ(admin("admin", {"audit", "retention", "--json"}).json()["days"], 5'000);
}

}  // namespace
}  // namespace wardline::e2e
