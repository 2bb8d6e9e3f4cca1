#include "tests/server/trail_fixture.hpp"

#include <map>

namespace wardline::testing {
namespace {

TEST_F(TrailTest, IsReadInFullAndVerifiesFromTheFirstEntry) {
    auto from_patient = connect(patient);
    auto from_nurse = connect(nurse);
    for (int i = 0; i < 5; ++i) {
        send(from_patient, patient);
        clinic.pass(61'000);  // A head is kept for each minute.
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
    {
        auto from_patient = connect(patient);
        send(from_patient, patient, {.message_class = trust::MessageClass::admin});
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
        const bool stays =
            entry.kind == audit::EntryKind::statement || entry.kind == audit::EntryKind::message;
        EXPECT_EQ(entry.salt.has_value(), stays) << entry.seq;
        erased += entry.salt ? 0 : 1;
    }
    EXPECT_EQ(erased, erasure["count"]);
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
    // The search itself works: it finds the id in the details that are still there.
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
