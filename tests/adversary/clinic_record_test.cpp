#include "audit/witness.hpp"
#include "tests/adversary/forging.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>

// Old, short, frozen and forked records of who belongs to the clinic.
namespace wardline::adversary {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class ClinicRecordTest : public PracticeTest {
protected:
    // The signed heads in the files that a client has put into its home with its alarms.
    std::vector<audit::Witness> evidence_of(const std::string& name) const {
        std::vector<audit::Witness> out;
        for (const auto& file : std::filesystem::directory_iterator{home(name)}) {
            if (!file.path().filename().string().starts_with("evidence-")) continue;
            std::ifstream in{file.path()};
            for (std::string line; std::getline(in, line);) {
                out.push_back(audit::parse_witness(line).value());
            }
        }
        return out;
    }
    // The victim's world stands still: no news of the clinic, no newer head.
    void freeze_for(const std::string& name) {
        const auto journal = std::make_shared<ForgedJournal>(server());
        const auto victim = at(name).device();
        const auto at_pos = at("admin").session().chains.clinic().head();
        Lies lies;
        lies.answer = [=](const Line& line, const Json&, Json& answer) {
            if (line.device != victim) return true;
            if (answer.contains("clinic_head")) {
                answer["clinic_head"] = {
                    {"pos", at_pos.pos}, {"hash", cbor::binary(at_pos.hash.view())}
                };
            }
            if (!answer.contains("entries")) return true;
            Json old = Json::array();
            for (const auto& entry : answer["entries"]) {
                const bool news = entry.at("kind") == 1 && entry.at("seq") > journal->size();
                if (!news) old.push_back(entry);
            }
            answer["entries"] = old;
            return true;
        };
        lies.push = [=](const Line& line, Json& push) {
            const bool news = push.at("t") == "entry" && push.at("entry").at("kind") == 1;
            return line.device != victim || !news;
        };
        server().lie(std::move(lies));
    }
};

TEST_F(ClinicRecordTest, ANewDeviceIsShownNoOlderClinicThanItsInviteNames) {
    ASSERT_TRUE(office().create_team(team("second"), {staff("anna")}));
    const auto invite = at("anna").invite_patient(kOther);
    ASSERT_TRUE(invite) << invite.error().detail;
    const auto length = at("anna").session().chains.clinic().size();
    for (std::size_t shown = 0; shown < length; ++shown) {
        server().lie({.post = [=](const std::string& path, const Json& request, Json& answer) {
            if (path != "/v1/enrol/begin") return;
            auto& entries = answer["clinic"];
            const auto from = request.at("clinic_from").get<std::size_t>();
            while (!entries.empty() && from + entries.size() > shown)
                entries.erase(entries.size() - 1);
        }});
        const auto enrolled = try_enrol("other", invite.value().uri);
        EXPECT_THAT(alarm_of(enrolled), HasSubstr("not the clinic that the invite names")) << shown;
    }
    server().be_honest();
    EXPECT_FALSE(Client::is_enrolled(home("other")));
    EXPECT_TRUE(try_enrol("other", invite.value().uri));
}

TEST_F(ClinicRecordTest, ANewDeviceIsShownNoOtherClinic) {
    const auto invite = office().invite_staff(staff("bert"), "clinician", {});
    ASSERT_TRUE(invite) << invite.error().detail;
    wardline::testing::AClinic other{"another clinic"};
    other.a_staff_device("bert");
    Json entries = Json::array();
    for (const auto& located : other.journal) {
        const Json details{{"hash", cbor::binary(located.statement.hash().view())}};
        entries.push_back(
            {{"seq", located.seq},
             {"time", located.time.ms},
             {"kind", 1},
             {"details", cbor::binary(cbor::encode(details))},
             {"salt", cbor::binary(Bytes(16, 0))},
             {"chain", "clinic"},
             {"statement", located.statement.to_json()}}
        );
    }
    server().lie({.post = [=](const std::string& path, const Json&, Json& answer) {
        if (path == "/v1/enrol/begin") answer["clinic"] = entries;
    }});

    EXPECT_THAT(
        alarm_of(try_enrol("bert", invite.value().uri)),
        HasSubstr("not the clinic that the invite names")
    );
}

TEST_F(ClinicRecordTest, AShorterRecordIsAnAlarm) {
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "login") answer["clinic_head"]["pos"] = 1'000;
        if (request.at("t") == "chain") answer["entries"] = Json::array();
        return true;
    }});
    EXPECT_THAT(alarm_on_return("anna"), HasSubstr("it is shorter than it was"));
    server().be_honest();
    EXPECT_TRUE(at("anna").connect());
}

TEST_F(ClinicRecordTest, AnotherRecordAtAKnownPlaceIsAnAlarm) {
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "login") flip(answer["clinic_head"]["hash"]);
        return true;
    }});
    EXPECT_THAT(alarm_on_return("anna"), HasSubstr("it differs from what was verified before"));
}

TEST_F(ClinicRecordTest, ARecordThatNeverEndsIsNotReadForEver) {
    Json known;
    server().lie({.answer = [&](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "login") answer["clinic_head"]["pos"] = 1'000'000;
        if (request.at("t") != "chain") return true;
        if (known.is_null()) known = answer["entries"][0];
        answer["entries"] = Json::array();
        for (int i = 0; i < 100; ++i) answer["entries"].push_back(known);
        answer["more"] = true;
        return true;
    }});
    EXPECT_THAT(alarm_on_return("patient"), HasSubstr("it has no end"));
    server().be_honest();
}

// A colleague is removed, and the server keeps that from the patient. The first message of somebody
// who knows ends it: nothing is sent for the removed colleague from then on.
TEST_F(ClinicRecordTest, AFrozenRecordIsFoundOutByTheFirstMessageOfSomebodyWhoKnowsMore) {
    ASSERT_NO_FATAL_FAILURE(add_colleague("bert"));
    at("admin").disconnect();
    ASSERT_TRUE(at("admin").connect());
    send("patient", "one");
    at("patient").disconnect();
    freeze_for("patient");
    ASSERT_TRUE(office().remove_from_team(team("practice"), staff("bert")));
    // Before that nobody has told the patient; the server has, by its silence, the last word.
    EXPECT_TRUE(at("patient").connect());
    at("anna").disconnect();
    send("anna", "two");

    const auto sentence = alarm_on_return("patient");
    const auto next = at("patient").send_text(std::nullopt, "not for bert");
    server().be_honest();

    EXPECT_THAT(sentence, HasSubstr("another record of who belongs to the clinic"));
    EXPECT_NE(alarm_of(next), "");
    EXPECT_EQ(texts("patient"), (Texts{"one", "two"}));
}

// Two clients, two histories: each is whole in itself, and the first message across shows it.
TEST_F(ClinicRecordTest, AForkBetweenTwoClientsIsFoundOutByTheirFirstMessage) {
    const trust::StatementData data{
        trust::TeamCreate{.team = team("second"), .founders = {Account::staff(staff("anna"))}}
    };
    const auto& chain = at("admin").session().chains.clinic();
    at("admin").disconnect();
    ASSERT_TRUE(at("admin").connect());
    const auto statement =
        trust::sign_statement(at("admin").session().self.signing, chain.draft(now(), data)).value();
    at("patient").disconnect();
    ASSERT_TRUE(at("patient").connect());
    // The patient sees what the administrator signed, the staff another statement in its place.
    auto journal = std::make_shared<ForgedJournal>(server());
    const auto entry = journal->append(statement);
    server().lie(shown_to(at("patient"), journal, entry));
    at("patient").disconnect();
    ASSERT_TRUE(at("patient").connect());
    server().be_honest();
    ASSERT_TRUE(office().create_team(team("third"), {staff("anna")}));

    // The true server is the other side of the fork to this patient now.
    EXPECT_THAT(
        alarm_on_return("patient"),
        AnyOf(HasSubstr("does not continue"), HasSubstr("differs"), HasSubstr("false record"))
    );
}

TEST_F(ClinicRecordTest, AJournalThatDoesNotContinueIsAnAlarm) {
    server().lie({.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "consistency") {
            for (auto& hash : answer["path"]) flip(hash);
        }
        return true;
    }});
    send("patient", "so that the journal grows");
    const auto alarm = alarm_on_return("anna");
    EXPECT_THAT(alarm, HasSubstr("not the one that this device has seen before"));
    // Both heads are named, and kept with their signatures for others to check.
    EXPECT_THAT(alarm, ::testing::ContainsRegex("signed [0-9]+ entries with root [0-9a-f]{64}"));
    const auto evidence = evidence_of("anna");
    ASSERT_EQ(evidence.size(), 2U);
    std::set<std::uint64_t> sizes;
    for (const auto& witness : evidence) {
        const auto head = audit::verify_head(witness.head, witness.audit_key, witness.clinic);
        ASSERT_TRUE(head);
        sizes.insert(head.value().size);
        EXPECT_THAT(alarm, HasSubstr(head.value().root.hex()));
    }
    EXPECT_EQ(sizes.size(), 2U);
}

TEST_F(ClinicRecordTest, AServerWithAnotherKeyIsAnAlarm) {
    client::Endpoint endpoint{.host = "127.0.0.1", .port = server().port(), .pin = Hash{}};
    const auto connection = client::tls_connector().connect(endpoint, std::chrono::seconds{10});
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, Code::trust_alarm);

    endpoint.pin.reset();
    const auto unknown = client::tls_connector().connect(endpoint, std::chrono::seconds{10});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::unreachable);

    endpoint.pin = server().pin();
    EXPECT_TRUE(client::tls_connector().connect(endpoint, std::chrono::seconds{10}));
}

}  // namespace
}  // namespace wardline::adversary
