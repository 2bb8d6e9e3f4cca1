#include "tests/e2e/client_people.hpp"

#include <array>
#include <csignal>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

// An enrolment that is broken off, and the same invite used again in the same home.
namespace wardline::e2e {
namespace {

// Tells of the files that are made in a folder.
class Watch {
public:
    explicit Watch(const std::filesystem::path& folder) : notify_{::inotify_init1(IN_CLOEXEC)} {
        EXPECT_GE(::inotify_add_watch(notify_, folder.c_str(), IN_CREATE | IN_MOVED_TO), 0);
    }
    ~Watch() { ::close(notify_); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Whether a file of that name was made, within a minute.
    bool sees(std::string_view name) {
        alignas(inotify_event) std::array<char, 4'096> events{};
        pollfd ready{.fd = notify_, .events = POLLIN, .revents = 0};
        while (::poll(&ready, 1, 60'000) > 0) {
            const auto size = ::read(notify_, events.data(), events.size());
            if (size <= 0) return false;
            for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
                const auto* event = reinterpret_cast<const inotify_event*>(&events[at]);
                if (event->len > 0 && name == event->name) return true;
                at += sizeof(inotify_event) + event->len;
            }
        }
        return false;
    }

private:
    int notify_;
};

class ClientEnrolmentTest : public ClientConversationTest {
protected:
    void SetUp() override {
        ClientConversationTest::SetUp();
        if (HasFatalFailure()) return;
        make_team();
    }
    Result<client::InviteInfo> colleague() {
        return office().invite_staff(staff("bea"), "clinician", {});
    }
    void lose(Fate fate) {
        line_.fate = [=](const std::string& type) {
            return type == "/v1/enrol/finish" ? fate : Fate::pass;
        };
    }
    void expect_broken_off(const std::string& name, const std::string& invite) {
        const auto broken = Client::enrol(home(name), invite, key(), environment_);
        ASSERT_FALSE(broken);
        EXPECT_EQ(broken.error().code, Code::unreachable) << broken.error().detail;
        EXPECT_FALSE(Client::is_enrolled(home(name)));
        const auto opened = Client::open(home(name), key(), environment_);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, Code::local_store);
        line_.fate = pass_all;
    }
    std::size_t live_devices(const std::string& name) {
        at("admin").disconnect();  // And back, for what has happened since.
        auto admin = office();
        const auto listed = admin.staff();
        EXPECT_TRUE(listed);
        for (const auto& one : listed.value())
            if (one.account == Account::staff(staff(name))) return one.live_devices;
        return 0;
    }
};

TEST_F(ClientEnrolmentTest, GoesOnWhereTheAnswerToTheGrantWasLost) {
    const auto invite = colleague();
    ASSERT_TRUE(invite);
    lose(Fate::lose_answer);
    ASSERT_NO_FATAL_FAILURE(expect_broken_off("bea", invite.value().uri));

    enrol("bea", invite);

    EXPECT_EQ(at("bea").account(), Account::staff(staff("bea")));
    EXPECT_TRUE(Client::is_enrolled(home("bea")));
    EXPECT_EQ(live_devices("bea"), 1U);
}

TEST_F(ClientEnrolmentTest, GoesOnWhereTheGrantNeverArrived) {
    const auto invite = at("anna").invite_device();
    ASSERT_TRUE(invite);
    lose(Fate::lose_request);
    ASSERT_NO_FATAL_FAILURE(expect_broken_off("anna-laptop", invite.value().uri));

    enrol("anna-laptop", invite);
    send("patient", "one");

    EXPECT_EQ(live_devices("anna"), 2U);
    at("anna").disconnect();
    ASSERT_TRUE(at("anna").connect());
    EXPECT_EQ(texts("anna-laptop"), (std::vector<std::string>{"one"}));
}

TEST_F(ClientEnrolmentTest, APatientsGoesOnToo) {
    const auto invite = at("patient").invite_device();
    ASSERT_TRUE(invite);
    send("patient", "one");
    lose(Fate::lose_answer);
    ASSERT_NO_FATAL_FAILURE(expect_broken_off("tablet", invite.value().uri));

    enrol("tablet", invite);
    at("patient").disconnect();
    ASSERT_TRUE(at("patient").connect());

    EXPECT_EQ(texts("tablet"), (std::vector<std::string>{"one"}));
}

TEST_F(ClientEnrolmentTest, AnotherInviteIsTakenWhereTheFirstCameToNothing) {
    const auto first = colleague();
    ASSERT_TRUE(first);
    lose(Fate::lose_request);
    ASSERT_NO_FATAL_FAILURE(expect_broken_off("bea", first.value().uri));

    enrol("bea", colleague());

    EXPECT_EQ(live_devices("bea"), 1U);
    const auto late = Client::enrol(home("thief"), first.value().uri, key(), environment_);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::invite_used);
}

TEST_F(ClientEnrolmentTest, AnotherInviteIsRefusedWhereTheFirstWasGranted) {
    const auto first = colleague();
    ASSERT_TRUE(first);
    lose(Fate::lose_answer);
    ASSERT_NO_FATAL_FAILURE(expect_broken_off("bea", first.value().uri));
    const auto other = at("anna").invite_device();
    ASSERT_TRUE(other);

    const auto refused = Client::enrol(home("bea"), other.value().uri, key(), environment_);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::local_store);
    const auto bea = Client::open(home("bea"), key(), environment_);
    ASSERT_TRUE(bea) << bea.error().detail;
    ASSERT_TRUE(bea.value()->connect());
    EXPECT_EQ(bea.value()->account(), Account::staff(staff("bea")));
}

TEST_F(ClientEnrolmentTest, AHomeOfADeviceIsNeverTaken) {
    const auto invite = colleague();
    ASSERT_TRUE(invite);
    const auto refused = Client::enrol(home("anna"), invite.value().uri, key(), environment_);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::local_store);
    send("anna", "still here");
}

// The program itself, killed as soon as it has written one of its marks.
TEST_F(ClientEnrolmentTest, GoesOnAfterAKill) {
    int killed = 0;
    for (const std::string mark : {"enrolling", "store.db", "granting"}) {
        const auto invite = at("anna").invite_device();
        ASSERT_TRUE(invite);
        const auto name = "laptop-" + mark;
        std::filesystem::create_directories(home(name));
        std::filesystem::permissions(home(name), std::filesystem::perms::owner_all);
        Watch watch{home(name)};
        const auto program = start(name, {"enrol", invite.value().uri});
        ASSERT_TRUE(watch.sees(mark)) << mark;
        if (program->end_by(SIGKILL).exit_code == 128 + SIGKILL) {
            ++killed;
            const auto again = wardline(name, {"enrol", invite.value().uri});
            EXPECT_EQ(again.exit_code, 0) << mark << ": " << again.err;
        }
        const auto status = wardline(name, {"status", "--json"});
        EXPECT_EQ(status.json()["account"], "s:anna") << mark << ": " << status.err;
    }
    EXPECT_GE(killed, 1);
    EXPECT_EQ(live_devices("anna"), 4U);
}

// A patient's invite that nobody has used is made again, by the same words.
TEST_F(ClientEnrolmentTest, APatientWhoNeverCameIsInvitedAgain) {
    const auto patient = PatientId::parse("4712").value();
    const std::vector<TeamName> teams{team("practice")};
    const auto lost = at("anna").invite_patient(patient, teams);
    ASSERT_TRUE(lost) << lost.error().detail;
    const auto again = at("anna").invite_patient(patient, teams);
    ASSERT_TRUE(again) << again.error().detail;

    enrol("second", again);

    EXPECT_TRUE(at("second").status().value().confirmed);
    const auto third = at("anna").invite_patient(patient, teams);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, Code::conflict);
    // Who finds the first slip gets a device that reads nothing before somebody has confirmed it.
    enrol("finder", lost);
    EXPECT_FALSE(at("finder").status().value().confirmed);
}

TEST_F(ClientEnrolmentTest, StaffRemovesAPatientsDeviceWithoutHavingReadTheThread) {
    enrol("bea", colleague());
    const auto waiting = at("anna").admissible(staff("bea"));
    ASSERT_TRUE(waiting);
    ASSERT_EQ(waiting.value().size(), 1U);
    ASSERT_TRUE(at("anna").admit(staff("bea"), team("practice"), waiting.value().front().id));

    const auto removed = at("bea").revoke_device(at("patient").device());

    ASSERT_TRUE(removed) << removed.error().detail;
    at("patient").disconnect();
    EXPECT_FALSE(at("patient").connect());
    const auto unknown = at("bea").revoke_device(DeviceId{});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::not_found);
}

}  // namespace
}  // namespace wardline::e2e
