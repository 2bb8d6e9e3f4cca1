#include "audit/registry.hpp"
#include "protocol/message/slots.hpp"
#include "protocol/signal/keys.hpp"
#include "server/request.hpp"
#include "tests/server/server_fixture.hpp"

#include <map>

// Every request is made once, well and by somebody who may: what it leaves in the journal is what
// its registration says. A request that is added without a way to drive it here fails.
namespace wardline::testing {
namespace {

class CompletenessTest : public ServerTest {
protected:
    CompletenessTest()
        : manager{clinic.a_staff_device("mara", trust::Role::manager)},
          auditor{clinic.a_staff_device("audra", trust::Role::auditor)},
          signer{a_signal_device(clinic.invite(clinic.admin, "sara", trust::Role::clinician))} {
        store();
    }

    // One whose identity key is the Signal library's, as a real client's is.
    TestDevice a_signal_device(const TestInvite& invite) {
        auto device = clinic.new_device(invite.account);
        device.keys.identity = identity.public_key;
        if (!clinic.try_apply(clinic.enrolment(invite, device))) throw std::runtime_error{"sara"};
        return device;
    }

    // Entries of each kind that are stored by now.
    std::map<audit::EntryKind, std::size_t> counts() {
        storage::JournalReader reader{node.database, node.keys};
        std::map<audit::EntryKind, std::size_t> out;
        const auto page = node.run(reader.range(0, UINT64_MAX, 10'000)).value();
        for (const auto& entry : page.entries) ++out[entry.kind];
        return out;
    }
    bool left(audit::EntryKind kind, const std::map<audit::EntryKind, std::size_t>& before) {
        const auto had = before.contains(kind) ? before.at(kind) : 0;
        return run_until(node.io, [&] { return counts()[kind] > had; });
    }

    signal::SignalIdentity identity{signal::generate_identity().value()};
    TestDevice manager;
    TestDevice auditor;
    TestDevice signer;
};

using Drive = std::function<Json()>;

TEST_F(CompletenessTest, EveryRequestLeavesWhatItsRegistrationSays) {
    auto from_nurse = connect(nurse);
    auto from_patient = connect(patient);
    auto from_manager = connect(manager);
    auto from_auditor = connect(auditor);
    auto from_admin = connect(clinic.admin);
    auto from_signer = connect(signer);
    std::optional<RawClient> from_reception;
    const auto seq = send(from_patient, patient)["seq"].get<Seq>();
    send(from_patient, patient, {.message_class = trust::MessageClass::admin});
    const auto page = Json{{"thread", thread()}, {"after", 0}, {"limit", 9}};
    const auto whole = from_nurse.ask("slots", page);
    const auto slot =
        message::parse_slots(whole["messages"][0]["slots"].get_binary()).value().front();
    const std::vector<message::AddedSlot> added{{seq, slot}};
    const auto epoch = cbor::binary(clinic.chain.team(front)->epochs.newest()->hash.view());
    const auto prekey = signal::generate_signed_prekey(identity, 1, clinic.now).value().key;
    const std::map<std::string_view, Drive> drives{
        {"add-slots",
         [&] {
             return from_nurse.ask(
                 "add-slots", {{"thread", thread()}, {"added", message::to_json(added)}}
             );
         }},
        {"audit", [&] { return from_auditor.ask("audit", {{"after", 0}, {"limit", 10}}); }},
        {"audit-begin", [&] { return from_auditor.ask("audit-begin", {{"act", "list"}}); }},
        {"audit-heads",
         [&] { return from_auditor.ask("audit-heads", {{"after", 0}, {"limit", 9}}); }},
        {"boxes", [&] { return from_nurse.ask("boxes", {{"epoch", epoch}}); }},
        {"chain",
         [&] { return from_nurse.ask("chain", {{"chain", "clinic"}, {"from", 0}, {"limit", 9}}); }},
        {"close", [&] { return from_nurse.ask("close", {{"thread", thread()}}); }},
        {"consistency", [&] { return from_nurse.ask("consistency", {{"from", 1}, {"to", 2}}); }},
        {"head", [&] { return from_nurse.ask("head"); }},
        {"history",
         [&] {
             return from_patient.ask(
                 "history", {{"thread", thread()}, {"before", 0}, {"limit", 9}}
             );
         }},
        {"inclusion", [&] { return from_nurse.ask("inclusion", {{"seqs", {1}}, {"size", 2}}); }},
        {"login",
         [&] {
             from_reception.emplace(node);
             return from_reception->login(reception, clinic.id);
         }},
        {"open", [&] { return from_nurse.ask("open", {{"thread", thread()}}); }},
        {"prekeys-get",
         [&] {
             return from_nurse.ask(
                 "prekeys-get", {{"devices", {cbor::binary(reception.id.view())}}}
             );
         }},
        {"prekeys-put",
         [&] {
             return from_signer.ask(
                 "prekeys-put",
                 {{"registration", identity.registration},
                  {"signed", signal::to_json(prekey)},
                  {"one_time", Json::array()}}
             );
         }},
        {"receipt",
         [&] {
             clinic.pass(61'000);
             auto done = from_patient.ask("receipt", {{"thread", thread()}, {"read", seq}});
             node.application->file_receipts();
             return done;
         }},
        {"receipts", [&] { return from_patient.ask("receipts", {{"thread", thread()}}); }},
        {"recipients",
         [&] {
             return from_patient.ask("recipients", {{"thread", thread()}, {"class", "clinical"}});
         }},
        {"retention-preview", [&] { return from_manager.ask("retention-preview"); }},
        {"retention-run",
         [&] {
             clinic.pass(366 * trust::kDayMs);
             return from_manager.ask("retention-run");
         }},
        {"send", [&] { return send(from_patient, patient); }},
        {"slots", [&] { return from_nurse.ask("slots", page); }},
        {"statement",
         [&] {
             const auto team = clinic.next(
                 clinic.admin.signing, trust::TeamCreate{a_team("new"), {nurse.account}}
             );
             return from_admin.ask("statement", {{"statement", statement_json(team)}});
         }},
        {"status", [&] { return from_nurse.ask("status"); }},
        {"sync", [&] { return from_nurse.ask("sync", {{"after", 0}, {"limit", 9}}); }},
        {"threads", [&] { return from_nurse.ask("threads", {{"after", ""}, {"limit", 9}}); }},
    };
    // What others need comes first; what lets a year pass comes last.
    std::vector<std::string_view> order{"open", "audit-begin"};
    for (const auto& [name, drive] : drives) {
        if (name != "open" && name != "audit-begin" && name != "retention-run") {
            order.push_back(name);
        }
    }
    order.push_back("retention-run");

    for (const auto& type : server::request_types()) {
        EXPECT_TRUE(drives.contains(type.name)) << "nothing drives " << type.name;
    }
    for (const auto name : order) {
        const auto* type = server::find_request_type(name);
        ASSERT_NE(type, nullptr) << name;
        const auto before = counts();

        const auto answer = drives.at(name)();

        ASSERT_EQ(code_of(answer), "ok") << name << ": " << answer;
        if (type->leaves.empty()) {
            EXPECT_EQ(counts(), before) << name << " says that it leaves nothing";
        } else {
            EXPECT_TRUE(left(type->leaves.front(), before)) << name << " left no entry";
        }
    }
}

TEST_F(CompletenessTest, WhatSomebodyMayNotIsAnEntryWithItsReason) {
    auto from_outsider = connect(outsider);
    auto from_nurse = connect(nurse);
    auto from_patient = connect(patient);
    struct Case {
        RawClient& by;
        std::string_view type;
        Json body;
        std::string actor;
    };
    const Json page{{"thread", thread()}, {"after", 0}, {"limit", 9}};
    const std::vector<Case> cases{
        {from_outsider, "open", {{"thread", thread()}}, outsider.account.text()},
        {from_outsider, "history", page, outsider.account.text()},
        {from_outsider, "slots", page, outsider.account.text()},
        {from_outsider, "receipts", {{"thread", thread()}}, outsider.account.text()},
        {from_outsider, "receipt", {{"thread", thread()}, {"read", 1}}, outsider.account.text()},
        {from_outsider,
         "recipients",
         {{"thread", thread()}, {"class", "clinical"}},
         outsider.account.text()},
        {from_nurse, "audit-begin", {{"act", "list"}}, nurse.account.text()},
        {from_nurse, "retention-preview", Json::object(), nurse.account.text()},
        {from_nurse, "retention-run", Json::object(), nurse.account.text()},
        {from_patient, "threads", {{"after", ""}, {"limit", 9}}, patient.account.text()},
    };
    std::size_t expected = 0;

    for (const auto& [by, type, body, actor] : cases) {
        ASSERT_EQ(code_of(by.ask(std::string{type}, body)), "forbidden") << type;

        const auto refusal = filed(audit::EntryKind::refusal, ++expected).back();
        EXPECT_EQ(refusal["act"], type);
        EXPECT_EQ(refusal["code"], "forbidden");
        EXPECT_EQ(refusal["actor"], actor);
    }
}

TEST_F(CompletenessTest, RefusalsBeyondTenAMinuteAreOneEntryWithTheirCount) {
    auto from_nurse = connect(nurse);
    for (int i = 0; i < 25; ++i) {
        ASSERT_EQ(code_of(from_nurse.ask("audit-begin", {{"act", "list"}})), "forbidden");
    }
    EXPECT_EQ(filed(audit::EntryKind::refusal, 10).size(), 10U);

    clinic.pass(61'000);
    node.application->file_refused();

    const auto refusals = filed(audit::EntryKind::refusal, 11);
    EXPECT_EQ(refusals.back()["count"], 15);
    EXPECT_EQ(refusals.back()["act"], "audit-begin");
    EXPECT_EQ(refusals.back()["actor"], nurse.account.text());
}

TEST_F(CompletenessTest, StrangersAreOneEntryAReasonAndMinuteWithNothingThatTheyTyped) {
    for (int i = 0; i < 7; ++i) {
        RawClient stranger{node};
        const auto device = clinic.new_device(staff("mallory-typed-this"));
        ASSERT_EQ(code_of(stranger.login(device, clinic.id)), "login_failed");
        ASSERT_EQ(code_of(stranger.ask("status")), "not_logged_in");
    }
    node.post(
        "/v1/enrol/begin",
        {{"invite", cbor::binary(InviteHandle{}.view())},
         {"key", cbor::binary(SigningKey{}.view())},
         {"time", clinic.now.ms},
         {"sig", cbor::binary(Signature{}.view())}}
    );

    clinic.pass(61'000);
    node.application->file_refused();

    std::map<std::string, std::uint64_t> found;
    for (const auto& entry : filed(audit::EntryKind::strangers, 3)) {
        found[entry["act"].get<std::string>() + " " + entry["code"].get<std::string>()] +=
            entry["count"].get<std::uint64_t>();
        EXPECT_EQ(entry["from"].get<std::uint64_t>() % 60'000, 0U);
        EXPECT_EQ(entry.dump().find("mallory"), std::string::npos);
    }
    const std::map<std::string, std::uint64_t> expected{
        {"enrol invite_unknown", 1}, {"login login_failed", 7}, {"request not_logged_in", 7}
    };
    EXPECT_EQ(found, expected);
}

TEST_F(CompletenessTest, ComingAndGoingOfANodeAndItsSettingsAreEntries) {
    ASSERT_TRUE(node.run(node.application->file_start({"limits.in_flight_max", "listen"})));
    node.application->file_stop();

    const auto events = filed(audit::EntryKind::server, 3);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0]["act"], "start");
    EXPECT_EQ(events[0]["version"], "test");
    EXPECT_EQ(events[1]["act"], "configuration");
    EXPECT_EQ(events[1]["names"], (Json{"limits.in_flight_max", "listen"}));
    EXPECT_EQ(events[2]["act"], "stop");
}

}  // namespace
}  // namespace wardline::testing
