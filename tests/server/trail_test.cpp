#include "tests/server/trail_fixture.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <thread>

namespace wardline::testing {
namespace {

TEST_F(TrailTest, IsReadInFullAndVerifiesFromTheFirstEntry) {
    auto from_patient = connect(patient);
    auto from_nurse = connect(nurse);
    for (int i = 0; i < 5; ++i) {
        send(from_patient, patient);
        clinic.pass(3'600'000);  // A head is kept for each hour.
    }
    from_nurse.ask("open", {{"thread", thread()}});
    auto from_auditor = connect(auditor);

    const auto whole = read(from_auditor, Json::object(), 3);
    const auto report = verify(from_auditor);

    EXPECT_EQ(whole.entries.size(), whole.begun["to"].get<Seq>());
    EXPECT_EQ(whole.entries.front().seq, 1U);
    EXPECT_EQ(first_finding(report), "sound");
    EXPECT_GE(report.heads, 6U);
    EXPECT_EQ(report.entries, report.last_good->size);
}

TEST_F(TrailTest, ReadingAndExportingItAreEntriesBeforeAnythingIsShown) {
    auto from_auditor = connect(auditor);

    const auto begun = from_auditor.ask("audit-begin", {{"act", "jsonl"}, {"patient", "P-1"}});
    const auto exported = stored_details(audit::EntryKind::export_run);
    ASSERT_EQ(exported.size(), 1U);
    EXPECT_EQ(exported[0]["act"], "jsonl");
    EXPECT_EQ(exported[0]["actor"], "s:audra");
    EXPECT_EQ(exported[0]["patient"], "P-1");
    EXPECT_EQ(exported[0]["to"], begun["to"]);

    read(from_auditor, {{"act", "access"}, {"subject", "s:nora"}, {"follow", true}});
    const auto readings = stored_details(audit::EntryKind::reading);
    ASSERT_EQ(readings.size(), 1U);
    EXPECT_EQ(readings[0]["subject"], "s:nora");
    EXPECT_FALSE(readings[0].contains("to"));
}

TEST_F(TrailTest, OnlyReadAuditReadsIt) {
    for (const auto& device : {nurse, manager, clinic.admin, patient}) {
        auto client = connect(device);
        EXPECT_EQ(code_of(client.ask("audit-begin", {{"act", "list"}})), "forbidden");
        EXPECT_EQ(code_of(client.ask("audit", {{"after", 0}, {"limit", 1}})), "not_open");
    }
    auto from_auditor = connect(auditor);
    EXPECT_EQ(code_of(from_auditor.ask("threads", {{"after", ""}, {"limit", 9}})), "ok");
    EXPECT_EQ(code_of(from_auditor.ask("open", {{"thread", thread()}})), "forbidden");
    EXPECT_EQ(
        code_of(from_auditor.ask("history", {{"thread", thread()}, {"before", 0}, {"limit", 9}})),
        "forbidden"
    );
}

TEST_F(TrailTest, ARightThatEndsEndsAReadingThatHasBegun) {
    auto from_auditor = connect(auditor);
    ASSERT_EQ(code_of(from_auditor.ask("audit-begin", {{"act", "list"}})), "ok");
    clinic.must(clinic.admin.signing, trust::RoleChange{auditor.account, trust::Role::reception});
    store();

    EXPECT_EQ(code_of(from_auditor.ask("audit", {{"after", 0}, {"limit", 9}})), "forbidden");
}

// Each node on a thread of its own, both with as much under way as a connection may have.
TEST_F(TrailTest, TwoNodesThatWriteAtOnceLeaveOneTreeWithoutGaps) {
    constexpr std::uint64_t kMessages = 150;
    constexpr std::uint64_t kAtOnce = 50;
    ServerNode second{databases, clinic.now};
    second.start();
    auto here = connect(node, nurse);
    auto there = connect(second, patient);
    here.ask("open", {{"thread", thread()}});
    const auto prepare_all = [this](RawClient& client, const TestDevice& device) {
        std::vector<Json> out;
        for (std::uint64_t counter = 1; counter <= kMessages; ++counter)
            out.push_back(prepare(client, device, {.counter = counter}));
        return out;
    };
    const auto from_nurse = prepare_all(here, nurse);
    const auto from_patient = prepare_all(there, patient);
    const auto send_all = [](RawClient& client, const std::vector<Json>& bodies) {
        std::vector<Seq> seqs;
        for (std::size_t at = 0; at < bodies.size(); at += kAtOnce) {
            std::vector<std::uint64_t> asked;
            for (std::size_t i = at; i < at + kAtOnce; ++i)
                asked.push_back(client.send("send", bodies[i]));
            for (const auto id : asked) seqs.push_back(client.answer_to(id).value("seq", Seq{0}));
        }
        return seqs;
    };
    std::vector<Seq> of_patient;
    std::thread other_node{[&] { of_patient = send_all(there, from_patient); }};
    const auto of_nurse = send_all(here, from_nurse);
    other_node.join();

    EXPECT_TRUE(std::ranges::is_sorted(of_nurse));
    EXPECT_TRUE(std::ranges::is_sorted(of_patient));
    EXPECT_LT(of_nurse.front(), of_patient.back()) << "one after the other proves nothing";
    EXPECT_LT(of_patient.front(), of_nurse.back()) << "one after the other proves nothing";
    auto from_auditor = connect(auditor);
    const auto whole = read(from_auditor, Json::object());
    std::vector<Seq> messages;
    for (std::size_t i = 0; i < whole.entries.size(); ++i) {
        ASSERT_EQ(whole.entries[i].seq, i + 1);
        if (whole.entries[i].kind == audit::EntryKind::message) messages.push_back(i + 1);
    }
    std::vector<Seq> acknowledged;
    std::ranges::merge(of_nurse, of_patient, std::back_inserter(acknowledged));
    EXPECT_EQ(messages, acknowledged);
    EXPECT_EQ(first_finding(verify(from_auditor)), "sound");
}

TEST_F(TrailTest, QuestionsNarrowIt) {
    auto from_patient = connect(patient);
    auto from_nurse = connect(nurse);
    auto from_outsider = connect(outsider);
    send(from_patient, patient);
    from_nurse.ask("open", {{"thread", thread()}});
    from_outsider.ask("open", {{"thread", thread()}});
    auto from_auditor = connect(auditor);

    const auto kinds = read(from_auditor, {{"kinds", {6, 10}}});
    ASSERT_EQ(kinds.entries.size(), 2U);
    EXPECT_EQ(kinds.entries[0].kind, audit::EntryKind::open);
    EXPECT_EQ(kinds.entries[1].kind, audit::EntryKind::refusal);

    const auto about = read(from_auditor, {{"patient", "P-1"}}, 2);
    std::map<audit::EntryKind, int> found;
    for (const auto& entry : about.entries) ++found[entry.kind];
    EXPECT_EQ(found[audit::EntryKind::message], 1);
    EXPECT_EQ(found[audit::EntryKind::open], 1);
    EXPECT_EQ(found[audit::EntryKind::refusal], 1);
    EXPECT_GE(found[audit::EntryKind::statement], 3);
    EXPECT_EQ(found.size(), 4U);

    const auto subject = read(from_auditor, {{"subject", "s:nora"}});
    for (const auto& entry : subject.entries) {
        EXPECT_EQ(cbor::decode(entry.details).value()["actor"], "s:nora");
    }
    EXPECT_GE(subject.entries.size(), 2U);
    const auto device = read(from_auditor, {{"device", cbor::binary(patient.id.view())}});
    EXPECT_EQ(device.entries.back().kind, audit::EntryKind::message);
    EXPECT_EQ(code_of(read(from_auditor, {{"patient", "P-2"}}).begun), "not_found");
    EXPECT_EQ(code_of(read(from_auditor, {{"act", "gossip"}}).begun), "bad_frame");
}

TEST_F(TrailTest, TimesAreFoundByHalving) {
    auto from_patient = connect(patient);
    const auto first = clinic.now;
    for (int i = 0; i < 9; ++i) {
        clinic.pass(1'000);
        send(from_patient, patient);
    }
    auto from_auditor = connect(auditor);

    const auto some = read(
        from_auditor, {{"kinds", {2}}, {"since", first.ms + 3'000}, {"until", first.ms + 6'000}}
    );

    ASSERT_EQ(some.entries.size(), 3U);
    EXPECT_EQ(some.entries.front().time.ms, first.ms + 3'000);
    EXPECT_EQ(some.entries.back().time.ms, first.ms + 5'000);
}

TEST_F(TrailTest, AddressesOfLoginsAreKeptApartForTwentyEightDays) {
    connect(nurse);
    auto from_auditor = connect(auditor);
    const Json logins{{"kinds", {4}}, {"subject", "s:nora"}};
    const auto now = read(from_auditor, logins);
    ASSERT_EQ(now.entries.size(), 1U);
    EXPECT_EQ(now.entries[0].address, "127.0.0.1");
    EXPECT_EQ(cbor::decode(now.entries[0].details).value().size(), 2U);  // Actor and device.

    clinic.pass(28 * trust::kDayMs + 1);
    node.application->erase_details();
    ASSERT_TRUE(run_until(node.io, [&] {
        return read(from_auditor, logins).entries.at(0).address.empty();
    }));
    EXPECT_EQ(first_finding(verify(from_auditor)), "sound");
}

TEST_F(TrailTest, ADecisionOfTwoErasesDetailsAndLeavesEveryProof) {
    auto from_nurse = connect(nurse);
    from_nurse.ask("open", {{"thread", thread()}});
    from_nurse.ask("close", {{"thread", thread()}});
    auto from_auditor = connect(auditor);
    const auto before = read(from_auditor, {{"kinds", {6, 7}}});
    ASSERT_EQ(before.entries.size(), 2U);
    const trust::AuditErase decision{
        clinic.patient("P-1").thread(),
        1,
        before.entries.back().seq,
        trust::ErasureReason::subject_request
    };
    clinic.seq = node.journal.seen();
    const auto proposal = clinic.must(manager.signing, decision);
    store();
    node.application->erase_details();
    EXPECT_TRUE(read(from_auditor, {{"kinds", {6, 7}}}).entries.at(0).salt) << "not approved yet";

    clinic.must(clinic.admin.signing, trust::Approve{proposal.statement.hash()});
    store();
    node.application->erase_details();
    filed(audit::EntryKind::erasure, 1);
    ASSERT_TRUE(run_until(node.io, [&] {
        return !read(from_auditor, {{"kinds", {6, 7}}}).entries.at(1).salt;
    }));

    const auto after = read(from_auditor, {{"kinds", {6, 7}}});
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_FALSE(after.entries[i].salt);
        EXPECT_EQ(
            after.entries[i].erased,
            audit::details_hash(*before.entries[i].salt, before.entries[i].details)
        );
    }
    const auto erasure = stored_details(audit::EntryKind::erasure).front();
    EXPECT_EQ(erasure["act"], "decision");
    EXPECT_EQ(erasure["count"], 2);
    EXPECT_EQ(erasure["hash"], cbor::binary(proposal.statement.hash().view()));
    const auto report = verify(from_auditor);
    EXPECT_EQ(first_finding(report), "sound");
    EXPECT_EQ(report.erased, 2U);
}

TEST_F(TrailTest, WhatTheTrailHasKeptForItsTimeIsErasedAndStatementsStay) {
    Seq message = 0;
    {
        auto from_patient = connect(patient);
        const auto sent =
            send(from_patient, patient, {.message_class = trust::MessageClass::admin});
        message = sent["seq"].get<Seq>();
    }
    // Genesis keeps content for 3,650 days at most.
    clinic.pass((3'650 + 365 + 1) * trust::kDayMs);
    auto from_manager = connect(manager);
    from_manager.ask("retention-run");

    const auto erasure = filed(audit::EntryKind::erasure, 1).front();
    EXPECT_EQ(erasure["act"], "retention");
    EXPECT_EQ(erasure["from"], 1);
    auto from_auditor = connect(auditor);
    const auto whole = read(from_auditor, Json::object());
    std::uint64_t erased = 0;
    for (const auto& entry : whole.entries) {
        if (entry.seq > erasure["to"].get<Seq>()) break;
        EXPECT_EQ(entry.salt.has_value(), entry.kind == audit::EntryKind::statement) << entry.seq;
        erased += entry.salt ? 0 : 1;
    }
    EXPECT_EQ(erased, erasure["count"]);
    EXPECT_EQ(first_finding(verify(from_auditor)), "sound");

    // Its readers hear that it stood there, and no more.
    auto from_patient = connect(patient);
    const auto shown =
        from_patient.ask("history", {{"thread", thread()}, {"before", 0}, {"limit", 9}});
    ASSERT_EQ(shown["entries"].size(), 1U);
    const auto& stub = shown["entries"][0];
    EXPECT_EQ(stub.size(), 4U);
    EXPECT_EQ(stub["seq"], message);
    EXPECT_EQ(stub["kind"], 2);
    EXPECT_EQ(
        audit::leaf_hash(
            message,
            Instant{stub["time"].get<std::uint64_t>()},
            audit::EntryKind::message,
            Hash::from(stub["erased"].get_binary()).value()
        ),
        whole.entries.at(message - 1).leaf
    );
    const auto synced = from_patient.ask("sync", {{"after", message - 1}, {"limit", 1}});
    EXPECT_EQ(synced["entries"].at(0), stub);
}

TEST_F(TrailTest, AMessageKeepsItsDetailsAsLongAsItsContent) {
    Seq message = 0;
    {
        auto from_patient = connect(patient);
        message = send(from_patient, patient)["seq"].get<Seq>();
    }
    clinic.seq = node.journal.seen();
    const auto proposal = clinic.must(
        manager.signing,
        trust::AuditErase{
            clinic.patient("P-1").thread(), 1, message, trust::ErasureReason::subject_request
        }
    );
    clinic.must(clinic.admin.signing, trust::Approve{proposal.statement.hash()});
    store();
    node.application->erase_details();
    const auto from_before = [&](const char* kind) {
        return sql(
            databases.main,
            "select count(*) from wardline." + std::string{kind} +
                " where seq = " + std::to_string(message)
        );
    };
    EXPECT_EQ(from_before("entry_details"), "1");

    clinic.pass(3'651 * trust::kDayMs);
    connect(manager).ask("retention-run");
    node.application->erase_details();
    ASSERT_TRUE(run_until(node.io, [&] { return from_before("erased_details") == "1"; }));
    EXPECT_EQ(from_before("entry_details"), "0");
    auto from_auditor = connect(auditor);
    EXPECT_EQ(first_finding(verify(from_auditor)), "sound");
}

TEST_F(TrailTest, NoPatientIsFoundInWhatRemainsOfErasedEntries) {
    {
        auto from_patient = connect(patient);
        send(from_patient, patient);
    }
    clinic.pass((3'650 + 365 + 1) * trust::kDayMs);
    connect(manager).ask("retention-run");
    filed(audit::EntryKind::erasure, 1);
    ASSERT_TRUE(run_until(node.io, [&] {
        return sql(databases.main, "select count(*) from wardline.erased_details") != "0";
    }));

    // A dictionary of every patient id, against each hash that is left: without the salt, none
    // fits.
    const auto salted =
        sql(databases.main,
            "select count(*) from wardline.erased_details x, wardline.entry_details d"
            " where x.seq = d.seq");
    EXPECT_EQ(salted, "0");
    const auto unsalted =
        sql(databases.main,
            "select count(*) from wardline.erased_details where hash in"
            " (select sha256(convert_to('P-' || n, 'UTF8')) from generate_series(0, 9999) n)");
    EXPECT_EQ(unsalted, "0");
    // Who wrote, and to whom, is gone with the message.
    EXPECT_EQ(
        sql(databases.main,
            "select count(*) from wardline.erased_details x join wardline.entries e using (seq)"
            " where e.kind = 2 and octet_length(x.thread) = 16"),
        "1"
    );
    EXPECT_EQ(
        sql(databases.main,
            "select count(*) from wardline.entry_details d join wardline.entries e using (seq)"
            " where e.kind = 2"),
        "0"
    );
    // The search itself works: it finds the id in the statements, which stay.
    EXPECT_NE(
        sql(databases.main,
            "select count(*) from wardline.entry_details"
            " where position('\\x502d31'::bytea in details) > 0"),
        "0"
    );
    EXPECT_EQ(
        sql(databases.main,
            "select count(*) from wardline.entries e join wardline.erased_details x using (seq)"
            " where position('\\x502d31'::bytea in e.leaf || x.hash) > 0"),
        "0"
    );
}

}  // namespace
}  // namespace wardline::testing
