#include "tests/server/server_fixture.hpp"

namespace wardline::testing {
namespace {

using trust::MessageClass;

class SendTest : public ServerTest {
protected:
    RawClient from_patient{connect(patient)};
};

TEST_F(SendTest, StoresAMessageAndAnswersItsSeqAndHash) {
    const auto answer = send(from_patient, patient);

    ASSERT_EQ(code_of(answer), "ok");
    EXPECT_EQ(answer["seq"].get<Seq>(), node.journal.seen());
    EXPECT_EQ(answer["time"].get<std::uint64_t>(), clinic.now.ms);
    const auto details = stored_details(audit::EntryKind::message).back();
    EXPECT_EQ(details["actor"], "p:P-1");
    EXPECT_EQ(details["patient"], "P-1");
    EXPECT_EQ(details["class"], "clinical");
    EXPECT_EQ(details["hash"], answer["hash"]);
}

TEST_F(SendTest, ARepeatedMessageGetsItsFirstAnswer) {
    const auto body = prepare(from_patient, patient, {});
    const auto first = from_patient.ask("send", body);
    clinic.pass(1'000);

    const auto again = from_patient.ask("send", body);

    EXPECT_EQ(again["seq"], first["seq"]);
    EXPECT_EQ(again["time"], first["time"]);
    EXPECT_EQ(again["hash"], first["hash"]);
    EXPECT_EQ(stored_details(audit::EntryKind::message).size(), 1U);
}

TEST_F(SendTest, AnIdIsForOneMessage) {
    const auto id = message::make_message_id(clinic.now, clinic.random);
    const auto first = send(from_patient, patient, {.id = id});

    const auto other = send(from_patient, patient, {.text = "other", .id = id});

    EXPECT_EQ(code_of(other), "id_reused");
    EXPECT_EQ(other["seq"], first["seq"]);
    EXPECT_EQ(other["hash"], first["hash"]);
}

TEST_F(SendTest, CountersHaveNoGapAndStandOnce) {
    const auto ahead = send(from_patient, patient, {.counter = 2});
    EXPECT_EQ(code_of(ahead), "out_of_order");
    EXPECT_EQ(ahead["expected"], 1);

    EXPECT_EQ(code_of(send(from_patient, patient, {.counter = 1})), "ok");
    const auto behind = send(from_patient, patient, {.counter = 1});

    EXPECT_EQ(code_of(behind), "out_of_order");
    EXPECT_EQ(behind["expected"], 2);
}

TEST_F(SendTest, PipelinedMessagesTakeEffectInOrder) {
    std::vector<std::uint64_t> sent;
    for (std::uint64_t counter = 1; counter <= 20; ++counter) {
        const auto body = prepare(from_patient, patient, {.counter = counter});
        sent.push_back(from_patient.send("send", body));
    }

    Seq last = 0;
    for (const auto id : sent) {
        const auto answer = from_patient.answer_to(id);
        ASSERT_EQ(code_of(answer), "ok");
        EXPECT_GT(answer["seq"].get<Seq>(), last);
        last = answer["seq"].get<Seq>();
    }
}

TEST_F(SendTest, NamesExactlyWhoIsMissingAndWhoIsTooMany) {
    auto body = prepare(from_patient, patient, {});
    const message::LiveSlot extra{outsider.id, message::LiveKind::message, Bytes(50, 1)};
    body["live"] = message::to_json(std::vector{extra});
    auto on_duty = connect(nurse);

    const auto answer = from_patient.ask("send", body);

    ASSERT_EQ(code_of(answer), "recipients_changed");
    ASSERT_EQ(answer["missing"].size(), 1U);
    EXPECT_EQ(Bytes{answer["missing"][0].get_binary()}, nurse.id.bytes());
    ASSERT_EQ(answer["extra"].size(), 1U);
    EXPECT_EQ(Bytes{answer["extra"][0].get_binary()}, outsider.id.bytes());
    EXPECT_EQ(answer["slots"][0]["to"], "team:front");
    EXPECT_EQ(answer["slots"][1]["to"], "patient");
    EXPECT_EQ(answer["slots"][2]["to"], "vault");
    EXPECT_EQ(answer["clinic_head"]["pos"].get<std::uint64_t>(), clinic.chain.head().pos);
    EXPECT_TRUE(stored_details(audit::EntryKind::refusal).empty());
    EXPECT_EQ(code_of(send(from_patient, patient)), "ok");
}

TEST_F(SendTest, ARevocationInBetweenChangesTheRecipients) {
    const auto body = prepare(from_patient, patient, {});
    clinic.must(clinic.admin.signing, trust::Revoke{nurse.id});
    store();

    const auto answer = from_patient.ask("send", body);

    EXPECT_EQ(code_of(answer), "recipients_changed");
    EXPECT_EQ(answer["slots"][0]["to"], "device:" + reception.id.hex());
}

TEST_F(SendTest, OnDutyEndsADayAfterADeviceWasSeen) {
    {
        auto seen = connect(nurse);
    }
    filed(audit::EntryKind::logout, 1);
    const Json ask{{"thread", thread()}, {"class", "clinical"}};
    EXPECT_EQ(from_patient.ask("recipients", ask)["devices"].size(), 1U);

    clinic.pass(24ULL * 60 * 60 * 1000 - 1);
    EXPECT_EQ(from_patient.ask("recipients", ask)["devices"].size(), 1U);
    clinic.pass(1);
    EXPECT_EQ(from_patient.ask("recipients", ask)["devices"].size(), 0U);
}

TEST_F(SendTest, APatientWritesNothingInternal) {
    auto body = prepare(from_patient, patient, {});
    // The same message under another class, signed anew: only the class is wrong.
    auto from_nurse = connect(nurse);
    const auto internal = prepare(from_nurse, nurse, {.message_class = MessageClass::internal});
    auto sealed = message::parse_message(internal["message"]).value();
    auto header = message::parse_header(sealed.header).value();
    header.device = patient.id;
    sealed.header = message::encode(header);
    body["message"] = message::to_json(sealed);

    EXPECT_EQ(code_of(from_patient.ask("send", body)), "wrong_class");
    EXPECT_EQ(stored_details(audit::EntryKind::refusal).back()["code"], "wrong_class");
}

TEST_F(SendTest, WhoIsNotOnTheThreadWritesNothingIntoIt) {
    auto from_nurse = connect(nurse);
    auto from_outsider = connect(outsider);
    const auto body = prepare(from_nurse, nurse, {});
    auto sealed = message::parse_message(body["message"]).value();
    auto header = message::parse_header(sealed.header).value();
    header.device = outsider.id;
    sealed.header = message::encode(header);

    const auto answer =
        from_outsider.ask("send", {{"message", message::to_json(sealed)}, {"live", body["live"]}});

    EXPECT_EQ(code_of(answer), "forbidden");
    const auto refusal = stored_details(audit::EntryKind::refusal).back();
    EXPECT_EQ(refusal["act"], "send");
    EXPECT_EQ(refusal["actor"], "s:otto");
    EXPECT_EQ(refusal["patient"], "P-1");
}

TEST_F(SendTest, NobodySendsForAnotherDevice) {
    auto from_nurse = connect(nurse);
    const auto body = prepare(from_patient, patient, {});

    EXPECT_EQ(code_of(from_nurse.ask("send", body)), "forbidden");
}

TEST_F(SendTest, MalformedMessagesAreAnswered) {
    const auto body = prepare(from_patient, patient, {});
    auto no_live = body;
    no_live.erase("live");
    EXPECT_EQ(code_of(from_patient.ask("send", no_live)), "bad_frame");
    auto short_header = body;
    short_header["message"]["header"] = cbor::binary(Bytes{0xA0});
    EXPECT_EQ(code_of(from_patient.ask("send", short_header)), "bad_frame");
    auto large = body;
    large["message"]["ciphertext"] = cbor::binary(Bytes(message::kCiphertextBytesMax + 1));
    EXPECT_EQ(code_of(from_patient.ask("send", large)), "too_large");
    EXPECT_EQ(code_of(from_patient.ask("send", body)), "ok");
}

TEST_F(SendTest, ALargeMessageArrives) {
    const std::string text(message::kTextBytesMax, 'x');

    EXPECT_EQ(code_of(send(from_patient, patient, {.text = text})), "ok");
    EXPECT_EQ(from_patient.push("entry")["entry"]["kind"], 2);
}

}  // namespace
}  // namespace wardline::testing
