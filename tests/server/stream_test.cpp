#include "tests/server/server_fixture.hpp"

#include <set>

namespace wardline::testing {
namespace {

class StreamTest : public ServerTest {};

TEST_F(StreamTest, SyncUpToTheLoginAndPushesBehindItMissAndDoubleNothing) {
    auto sender = connect(patient);
    std::set<Seq> sent;
    for (int i = 0; i < 3; ++i) sent.insert(send(sender, patient)["seq"].get<Seq>());

    // Logs in while messages go on.
    RawClient late{node};
    const auto before = prepare(sender, patient, {});
    const auto pending = sender.send("send", before);
    const auto login = late.login(reception, clinic.id);
    sent.insert(sender.answer_to(pending)["seq"].get<Seq>());
    sent.insert(send(sender, patient)["seq"].get<Seq>());

    std::multiset<Seq> got;
    for (const auto& frame : late.pushed("entry")) {
        EXPECT_GT(frame["entry"]["seq"], login["seq"]);
        got.insert(frame["entry"]["seq"].get<Seq>());
    }
    for (Seq after = 0; after < login["seq"].get<Seq>();) {
        const auto page = late.ask("sync", {{"after", after}, {"limit", 2}});
        after = page["upto"].get<Seq>();
        for (const auto& entry : page["entries"]) {
            const auto seq = entry["seq"].get<Seq>();
            if (entry["kind"] == 2 && seq <= login["seq"].get<Seq>()) got.insert(seq);
        }
    }
    EXPECT_EQ(got, std::multiset<Seq>(sent.begin(), sent.end()));
}

TEST_F(StreamTest, TheAnswerToALoginComesBeforeAnyPush) {
    auto sender = connect(patient);
    RawClient late{node};
    const auto body = prepare(sender, patient, {});
    sender.send("send", body);

    late.login(nurse, clinic.id);

    // Whatever was pushed is still queued behind the answer, which was taken first.
    for (const auto& frame : late.peer->frames) EXPECT_EQ(frame["t"], "entry");
}

TEST_F(StreamTest, StatementsOfTheClinicReachEverybodyAndOfAPatientWhoMaySeeThem) {
    auto from_patient = connect(patient);
    auto from_nurse = connect(nurse);
    auto from_other = connect(outsider);
    clinic.a_staff_device("petra");
    clinic.a_staff_device("auditor", trust::Role::auditor);
    store();
    for (auto* client : {&from_patient, &from_nurse, &from_other}) {
        EXPECT_EQ(client->push("entry")["entry"]["chain"], "clinic");
    }
    from_other.pushed("entry");

    clinic.invite_patient("P-1", reception);
    store();

    const auto last = [](std::vector<Json> frames) { return frames.back()["entry"]; };
    EXPECT_EQ(last(from_patient.pushed("entry"))["chain"], "patient/P-1");
    EXPECT_EQ(last(from_nurse.pushed("entry"))["chain"], "patient/P-1");
    // A clinician has enrol-patient; the thread stays closed.
    EXPECT_EQ(last(from_other.pushed("entry"))["chain"], "patient/P-1");
}

TEST_F(StreamTest, HeadsArePushedAndProven) {
    auto client = connect(nurse);
    const auto old = audit::parse_head(client.ask("head")["head"]["body"].get_binary()).value();
    auto sender = connect(patient);
    const auto seq = send(sender, patient)["seq"].get<Seq>();

    const auto pushed = client.push("head");
    const auto head = audit::parse_head(client.ask("head")["head"]["body"].get_binary()).value();
    EXPECT_TRUE(pushed["head"].contains("sig"));
    const auto hashes = [](const Json& list) {
        std::vector<Hash> out;
        for (const auto& item : list) out.push_back(Hash::from(item.get_binary()).value());
        return out;
    };
    const auto proof = client.ask("consistency", {{"from", old.size}, {"to", head.size}});
    EXPECT_TRUE(
        audit::verify_consistency(old.size, old.root, head.size, head.root, hashes(proof["path"]))
    );
    const auto paths = client.ask("inclusion", {{"seqs", {seq}}, {"size", head.size}})["paths"];
    auto entry = client.push("entry")["entry"];
    while (entry["seq"] != seq) entry = client.push("entry")["entry"];
    const auto leaf = audit::leaf_hash(
        seq,
        Instant{entry["time"].get<std::uint64_t>()},
        audit::EntryKind::message,
        audit::details_hash(
            audit::Salt::from(entry["salt"].get_binary()).value(), entry["details"].get_binary()
        )
    );
    EXPECT_TRUE(audit::verify_inclusion(leaf, seq - 1, head.size, hashes(paths[0]), head.root));
    EXPECT_EQ(code_of(client.ask("consistency", {{"from", 1}, {"to", 1'000'000}})), "not_found");
    EXPECT_EQ(code_of(client.ask("inclusion", {{"seqs", {1}}, {"size", 1'000'000}})), "not_found");
}

TEST_F(StreamTest, TwoNodesOnOneDatabaseSeeEachOthersEntries) {
    ServerNode second{databases, clinic.now};
    second.start();
    auto here = connect(node, nurse);
    auto there = connect(second, patient);
    here.ask("open", {{"thread", thread()}});
    const auto body = prepare(there, patient, {});

    const auto sent = there.ask("send", body);
    ASSERT_EQ(code_of(sent), "ok") << sent.dump();
    auto entry = here.push("entry")["entry"];
    while (entry["kind"] != 2) entry = here.push("entry")["entry"];

    EXPECT_EQ(entry["seq"], sent["seq"]);
    EXPECT_EQ(Bytes{entry["live"][1].get_binary()}, nurse.id.bytes());
    // And back; both nodes write under one numbering.
    const auto answer = send(here, nurse);
    ASSERT_EQ(code_of(answer), "ok") << answer.dump();
    entry = there.push("entry")["entry"];
    while (entry["seq"] != answer["seq"]) entry = there.push("entry")["entry"];
    EXPECT_TRUE(entry.contains("message"));
}

TEST_F(StreamTest, ALoginOnAnotherNodeReplacesTheConnectionHere) {
    ServerNode second{databases, clinic.now};
    second.start();
    auto here = connect(node, nurse);

    auto there = connect(second, nurse);

    EXPECT_EQ(here.push("bye")["code"], "replaced");
}

TEST_F(StreamTest, ARevocationClosesTheConnectionAtOnceOnEveryNode) {
    ServerNode second{databases, clinic.now};
    second.start();
    auto here = connect(node, nurse);
    auto there = connect(second, outsider);

    clinic.must(clinic.admin.signing, trust::Revoke{nurse.id});
    clinic.must(clinic.admin.signing, trust::Disable{outsider.account});
    store();

    EXPECT_EQ(here.push("bye")["code"], "login_failed");
    EXPECT_EQ(here.peer->closed, server::CloseCode::policy_violation);
    there.wait_until_closed();
}

TEST_F(StreamTest, LeavingATeamClosesItsThreads) {
    auto from_nurse = connect(nurse);
    from_nurse.ask("open", {{"thread", thread()}});

    clinic.must(clinic.admin.signing, trust::TeamRemove{front, nurse.account});
    store();

    EXPECT_FALSE(from_nurse.peer->closed);
    ASSERT_TRUE(run_until(node.io, [&] { return !stored_details(audit::EntryKind::close).empty(); })
    );
    from_nurse.pushed("entry");
    auto from_patient = connect(patient);
    EXPECT_EQ(code_of(send(from_patient, patient)), "ok");
    EXPECT_TRUE(from_nurse.pushed("entry").empty());
    const Json page{{"thread", thread()}, {"before", 0}, {"limit", 5}};
    EXPECT_EQ(code_of(from_nurse.ask("history", page)), "forbidden");
}

TEST_F(StreamTest, AnotherNodeThatStartsLaterKnowsEverything) {
    auto from_patient = connect(patient);
    const auto sent = send(from_patient, patient)["seq"];
    ServerNode second{databases, clinic.now};

    second.start();

    auto there = connect(second, reception);
    const auto listed = there.ask("threads", {{"after", ""}, {"limit", 5}});
    EXPECT_EQ(listed["threads"][0]["last_seq"], sent);
    const Json ask{{"thread", thread()}, {"class", "clinical"}};
    EXPECT_EQ(there.ask("recipients", ask)["devices"].size(), 1U);
}

}  // namespace
}  // namespace wardline::testing
