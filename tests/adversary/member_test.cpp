#include "protocol/message/live_slots.hpp"
#include "protocol/message/padding.hpp"
#include "protocol/message/sealed_message.hpp"
#include "protocol/trust/readers.hpp"
#include "tests/adversary/forging.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <ctime>
#include <thread>

// Members with modified clients, on an honest server: what they send is theirs to invent, and
// costs the others next to nothing.
namespace wardline::adversary {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MemberTest : public PracticeTest {
protected:
    struct Version {
        message::Header header;
        message::Message message;
        MessageKey key;
        Json live;
    };
    // A message as that person's device would write it next, open to any change before sending.
    Version draft(
        const std::string& name,
        const std::string& text,
        const std::function<void(message::Header&)>& change = {}
    );
    void sign(const std::string& name, Version& version) {
        const auto hashes = message::hashes_of(version.message);
        version.message.signature = crypto::sign(
            at(name).session().self.signing,
            "wardline/1 message",
            concat({hashes.header.view(), hashes.ciphertext.view(), hashes.slots.view()})
        );
    }
    Result<Json> post(const std::string& name, const Version& version) {
        return at(name).session().link.request(
            "send", Json{{"message", message::to_json(version.message)}, {"live", version.live}}
        );
    }
    // What anna has of the thread: the texts, and "refused" where there is none.
    Texts read_by_anna() {
        const auto page = read("anna");
        EXPECT_TRUE(page) << page.error().detail;
        Texts out;
        for (const auto& message : page.value().messages) {
            const bool refused = message.state == client::MessageState::refused;
            if (refused) EXPECT_EQ(message.text, "");
            if (refused) EXPECT_NE(message.reason, "");
            out.push_back(refused ? "refused" : message.text);
        }
        return out;
    }
};

MemberTest::Version MemberTest::draft(
    const std::string& name,
    const std::string& text,
    const std::function<void(message::Header&)>& change
) {
    auto& session = at(name).session();
    const auto up = session.connect();
    EXPECT_TRUE(up);
    const auto* chain = session.thread_of(kPatient).value();
    const auto asked =
        session.link
            .request(
                "recipients",
                Json{{"thread", cbor::binary(chain->thread().view())}, {"class", "appointment"}}
            )
            .value();
    const auto& clinic = session.chains.clinic();
    message::Header header{
        .clinic = clinic.clinic(),
        .thread = chain->thread(),
        .patient = kPatient,
        .id = message::make_message_id(now(), crypto::system_random()),
        .device = at(name).device(),
        .counter = asked.at("counter").get<std::uint64_t>(),
        .message_class = trust::MessageClass::appointment,
        .sent = now(),
        .commit = {},
        .prev = {},
        .clinic_head = clinic.head(),
        .patient_head = chain->head(),
        .tree = session.tree.ref()
    };
    if (change) change(header);
    const auto readers = trust::expected_slots(clinic, *chain, trust::Audience::all);
    auto made =
        message::compose(
            header, message::Text{text}, readers, session.self.signing, crypto::system_random()
        )
            .value();
    Json live = Json::array();
    for (const auto& device : asked.at("devices"))
        live.push_back(Json::array({device, 1, cbor::binary(Bytes{0})}));
    return {made.header, std::move(made.message), std::move(made.key), std::move(live)};
}

TEST_F(MemberTest, AHandMadeMessageIsReadWhereNothingIsWrongWithIt) {
    ASSERT_TRUE(post("patient", draft("patient", "hand made")));
    EXPECT_EQ(read_by_anna(), Texts{"hand made"});
}

TEST_F(MemberTest, GarbageSlotsAreRefusedByThoseWhoCouldReadTheMessage) {
    const auto with_garbage_for = [&](const std::string& reader) {
        auto version = draft("patient", "not for " + reader);
        auto slots = cbor::decode(version.message.slots).value();
        for (auto& slot : slots) {
            if (slot["to"] == reader) flip(slot["box"]);
        }
        version.message.slots = cbor::encode(slots);
        sign("patient", version);
        return version;
    };
    for (const auto* reader : {"vault", "patient", "team:practice"})
        ASSERT_TRUE(post("patient", with_garbage_for(reader)));
    ASSERT_TRUE(post("patient", draft("patient", "and one that is right")));

    EXPECT_EQ(read_by_anna(), (Texts{"refused", "refused", "refused", "and one that is right"}));
}

TEST_F(MemberTest, GarbageLiveSlotsLeaveTheReaderSlot) {
    for (const auto& garbage : {Bytes(1, 0), Bytes(10, 7), Bytes(512, 0x33), Bytes(200, 0xff)}) {
        for (const auto kind : {1, 2}) {
            auto version = draft("patient", "all the same");
            for (auto& slot : version.live) {
                slot[1] = kind;
                slot[2] = cbor::binary(garbage);
            }
            ASSERT_TRUE(post("patient", version));
        }
    }
    EXPECT_THAT(read_by_anna(), ::testing::Each("all the same"));
}

TEST_F(MemberTest, AWrongSignatureOrKeyShowsNothing) {
    auto version = draft("patient", "not signed");
    version.message.signature = {};
    ASSERT_TRUE(post("patient", version));
    version = draft("patient", "another ciphertext");
    version.message.ciphertext[0] ^= 1;
    sign("patient", version);
    ASSERT_TRUE(post("patient", version));

    EXPECT_EQ(read_by_anna(), (Texts{"refused", "refused"}));
    // The first may be the server's doing, and is told.
    ASSERT_TRUE(at("anna").pending_alarm());
    EXPECT_THAT(*at("anna").pending_alarm(), HasSubstr("not signed by the device it names"));
}

TEST_F(MemberTest, OversizedAndWrongPaddingIsRefused) {
    const auto sealed_with = [&](const Bytes& padded) {
        auto version = draft("patient", "");
        version.message.ciphertext = crypto::aead_seal(
            crypto::derive(version.key.reveal(), "wardline/1 message key", {}),
            crypto::GcmNonce{},
            version.message.header,
            padded
        );
        sign("patient", version);
        return version;
    };
    const auto content = message::encode(message::Content{message::Text{"hi"}}).value();
    auto padded = message::pad(content);
    padded.resize(padded.size() + 64);
    ASSERT_TRUE(post("patient", sealed_with(padded)));
    padded.resize(message::kPaddedBytesMax);
    ASSERT_TRUE(post("patient", sealed_with(padded)));
    ASSERT_TRUE(post("patient", sealed_with(Bytes(128, 0))));
    padded.resize(message::kPaddedBytesMax + 1);
    const auto too_large = post("patient", sealed_with(padded));

    ASSERT_FALSE(too_large);
    EXPECT_EQ(too_large.error().code, Code::too_large);
    EXPECT_EQ(read_by_anna(), (Texts{"refused", "refused", "refused"}));
}

// So that nobody but a cheating server can make readers see two histories.
TEST_F(MemberTest, HeadsThatNeverWereAreRefusedByTheServer) {
    const std::vector<std::function<void(message::Header&)>> lies{
        [](auto& header) { header.clinic_head.hash = Hash{}; },
        [](auto& header) { header.clinic_head.pos += 1; },
        [](auto& header) { header.patient_head.hash = Hash{}; },
        [](auto& header) { header.patient_head.pos += 1'000; },
        [](auto& header) { header.tree.size += 1'000'000; },
        [](auto& header) { header.tree.size = UINT64_MAX; },
    };
    for (const auto& lie : lies) {
        const auto sent = post("patient", draft("patient", "lies", lie));
        ASSERT_FALSE(sent);
        EXPECT_EQ(sent.error().code, Code::forbidden);
    }
    ASSERT_TRUE(post("patient", draft("patient", "truth")));
    EXPECT_EQ(read_by_anna(), Texts{"truth"});
}

TEST_F(MemberTest, APredecessorThatNeverWasIsToldAndHidesNothing) {
    send("patient", "one");
    ASSERT_TRUE(post("patient", draft("patient", "two", [](auto& header) {
                         header.prev = crypto::sha256(as_bytes("made up"));
                     })));
    EXPECT_EQ(read_by_anna(), (Texts{"one", "two"}));
    ASSERT_TRUE(at("anna").pending_alarm());
    EXPECT_THAT(*at("anna").pending_alarm(), HasSubstr("or claims so"));
}

// A member makes an epoch whose boxes open for nobody else: the next member to come replaces it.
TEST_F(MemberTest, AnEpochWithWrongBoxesIsReplacedAtOnce) {
    ASSERT_NO_FATAL_FAILURE(add_colleague("bert"));
    send("patient", "before");
    at("anna").disconnect();
    auto& session = at("bert").session();
    at("bert").disconnect();
    ASSERT_TRUE(at("bert").connect());
    const auto name = team("practice");
    const auto& epochs = session.chains.clinic().team(name)->epochs;
    const auto* before = epochs.live();
    const auto secret = crypto::random_secret<BoxSecret>(crypto::system_random());
    const auto devices = session.chains.clinic().next_epoch_devices(name);
    const trust::EpochName epoch_name{
        .reader = trust::team_reader(name),
        .number = before->number + 1,
        .key = crypto::box_key_of(secret)
    };
    trust::EpochReaders readers{{}, session.chains.clinic().genesis().vault, nullptr};
    const auto stranger = crypto::box_key_of(secret);
    for (const auto& device : devices) {
        const bool own = device == at("bert").device();
        readers.devices.push_back(
            own ? session.chains.clinic().device(device)->keys.box : stranger
        );
    }
    const auto previous = session.epochs.secret(client::KeyReader{name}, before->hash).value();
    readers.previous = &previous;
    const auto boxes = trust::make_epoch_boxes(secret, epoch_name, readers).value();
    client::StatementDraft draft{
        .data =
            trust::Epoch{
                .team = name,
                .number = before->number + 1,
                .key = epoch_name.key,
                .prev = before->hash,
                .devices = devices,
                .boxes = trust::hash_of_boxes(boxes.boxes)
            }
    };
    draft.extra = Json{{"boxes", trust::boxes_to_json(boxes.boxes)}, {"previous", true}};
    const auto made = session.chains.submit(trust::ChainName::clinic(), [&] {
        return Result<std::optional<client::StatementDraft>>{std::optional{draft}};
    });
    ASSERT_TRUE(made) << made.error().detail;

    ASSERT_TRUE(at("anna").connect());
    const auto* live = at("anna").session().chains.clinic().team(name)->epochs.live();
    ASSERT_NE(live, nullptr);
    EXPECT_NE(live->key, epoch_name.key);
    at("patient").disconnect();
    send("patient", "after");
    EXPECT_EQ(texts("anna"), (Texts{"before", "after"}));
    EXPECT_EQ(texts("bert"), (Texts{"before", "after"}));
}

// Whoever may enrol staff can make a device for anna's account, and no reader of it.
TEST_F(MemberTest, AnAdministratorsSockPuppetReadsNothing) {
    send("patient", "for the practice");
    const auto invite = office().invite_staff(staff("anna"), "reception", {});
    ASSERT_TRUE(invite) << invite.error().detail;
    auto puppet = try_enrol("puppet", invite.value().uri);
    ASSERT_TRUE(puppet) << puppet.error().detail;
    people_["puppet"] = std::move(puppet).value();
    restart("anna");
    ASSERT_TRUE(at("anna").connect());
    send("patient", "and this too");

    at("puppet").disconnect();
    EXPECT_FALSE(at("puppet").open_thread(kPatient));
    const auto& clinic = at("anna").session().chains.clinic();
    EXPECT_FALSE(clinic.in_team(at("puppet").device(), team("practice")));
    EXPECT_TRUE(clinic.in_team(at("anna").device(), team("practice")));
    // Its owner sees it waiting, with its fingerprint; what she invited herself comes in by itself.
    const auto waiting = at("anna").admissible(staff("anna"));
    ASSERT_TRUE(waiting);
    ASSERT_EQ(waiting.value().size(), 1U);
    EXPECT_EQ(waiting.value().front().id, at("puppet").device());
    enrol("laptop", at("anna").invite_device());
    at("anna").disconnect();
    ASSERT_TRUE(at("anna").connect());
    EXPECT_EQ(texts("laptop"), (Texts{"for the practice", "and this too"}));
}

TEST_F(MemberTest, AnAdministratorAdmitsNobody) {
    enrol("eve", office().invite_staff(staff("eve"), "clinician", {}));
    at("admin").disconnect();
    ASSERT_TRUE(at("admin").connect());
    auto& session = at("admin").session();
    const auto* epoch = session.chains.clinic().team(team("practice"))->epochs.live();
    for (const auto* puppet : {"eve", "admin"}) {
        const auto admitted = session.chains.submit(
            trust::ChainName::clinic(),
            trust::Admit{
                .team = team("practice"),
                .device = at(puppet).device(),
                .epoch = epoch->hash,
                .box = Hash{}
            }
        );
        EXPECT_FALSE(admitted);
    }
    EXPECT_FALSE(at("eve").open_thread(kPatient));
    EXPECT_FALSE(at("admin").open_thread(kPatient));
}

TEST_F(MemberTest, AnOfficerDoesNotApproveTheirOwnProposal) {
    const auto invite = office().invite_staff(staff("mia"), "manager", {});
    ASSERT_TRUE(invite) << invite.error().detail;
    ASSERT_TRUE(invite.value().pending);
    EXPECT_FALSE(office().approve(invite.value().proposal));
    const auto approved = at("admin").session().chains.submit(
        trust::ChainName::clinic(), trust::Approve{invite.value().proposal}
    );
    EXPECT_FALSE(approved);
    const auto enrolled = try_enrol("mia", invite.value().uri);
    ASSERT_FALSE(enrolled);
    EXPECT_EQ(enrolled.error().code, Code::invite_pending);
}

double cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Live slots that fail are tried a few times and then left alone, however many sessions lie in the
// archive: reading them costs about what reading without them costs.
TEST_F(MemberTest, ForgedLiveSlotsCostTheirReadersLittle) {
    constexpr int kMessages = 40;
    // A session there is, so that there is something to forge for.
    send("patient", "begins a session");
    ASSERT_EQ(texts("anna"), Texts{"begins a session"});
    auto& session = at("patient").session();
    const auto& clinic = session.chains.clinic();
    const auto& anna = *clinic.device(at("anna").device());
    Bytes genuine;
    {
        auto transaction = session.signal->begin();
        const signal::Peer peer{.device = anna.id, .identity = anna.keys.identity};
        genuine = transaction.encrypt(peer, Bytes(50, 1)).value().bytes;
    }
    const auto seconds_for = [&](bool forged) {
        Seq first{0};
        for (int i = 0; i < kMessages; ++i) {
            auto version = draft("patient", "a text");
            auto bytes = genuine;
            bytes[bytes.size() - 1 - static_cast<std::size_t>(i) % 8] ^= 1;
            if (forged) {
                for (auto& slot : version.live) slot[2] = cbor::binary(bytes);
            }
            const auto sent = post("patient", version);
            EXPECT_TRUE(sent);
            if (first == 0) first = sent.value().at("seq").get<Seq>();
        }
        at("anna").disconnect();
        EXPECT_TRUE(at("anna").open_thread(kPatient));
        const auto before = cpu_seconds();
        const auto page = at("anna").history(kPatient, kMessages);
        const auto took = cpu_seconds() - before;
        EXPECT_TRUE(page);
        EXPECT_EQ(page.value().messages.size(), static_cast<std::size_t>(kMessages));
        for (const auto& message : page.value().messages) EXPECT_EQ(message.text, "a text");
        return took;
    };
    const auto honest = seconds_for(false);
    const auto attacked = seconds_for(true);
    EXPECT_LT(attacked, 4 * honest + 0.05) << honest;
}

// The revocation has a place in the journal, and nothing of the device comes behind it.
TEST_F(MemberTest, ARevokedDeviceThatGoesOnSendingIsShutOutAtItsRevocation) {
    ASSERT_NO_FATAL_FAILURE(add_colleague("bert"));
    std::atomic<int> acknowledged{0};
    std::thread racing{[&] {
        while (true) {
            const auto sent = at("bert").send_text(kPatient, "still here");
            if (!sent || sent.value().state != client::MessageState::sent) return;
            ++acknowledged;
        }
    }};
    while (acknowledged < 5) std::this_thread::yield();
    at("admin").disconnect();
    const auto disabled = office().disable(staff("bert"));
    racing.join();
    ASSERT_TRUE(disabled) << disabled.error().detail;

    at("admin").disconnect();
    ASSERT_TRUE(at("admin").connect());
    Seq revoked{0};
    int stored{0};
    for (const auto& entry : server().journal()) {
        const auto details = cbor::decode(entry.details).value();
        if (details.value("type", std::string{}) == "disable") revoked = entry.seq;
        if (entry.kind != audit::EntryKind::message) continue;
        ++stored;
        EXPECT_EQ(revoked, 0U) << "a message behind the revocation: " << entry.seq;
    }
    EXPECT_NE(revoked, 0U);
    EXPECT_GE(stored, acknowledged);
    EXPECT_FALSE(at("bert").send_text(kPatient, "again"));
}

TEST_F(MemberTest, AnInviteThatIsRedeemedTwiceMakesOneDeviceAndAnAlarm) {
    const auto invite = at("anna").invite_patient(kOther);
    ASSERT_TRUE(invite);
    ASSERT_TRUE(try_enrol("other", invite.value().uri));
    const auto again = try_enrol("thief", invite.value().uri);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::invite_used);
    EXPECT_FALSE(Client::is_enrolled(home("thief")));

    // The issuer hears of a second try that went as far as a statement.
    auto heard = false;
    server().push(at("anna").device(), {{"t", "alarm"}, {"code", "invite_used"}});
    for (int i = 0; i < 50 && !heard; ++i) {
        const auto event = at("anna").next_event(std::chrono::seconds{1});
        ASSERT_TRUE(event);
        heard = event.value() && std::holds_alternative<client::AlarmEvent>(*event.value());
    }
    EXPECT_TRUE(heard);
}

}  // namespace
}  // namespace wardline::adversary
