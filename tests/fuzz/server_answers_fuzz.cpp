// A whole client before a server that lies: answers, refusals and pushes spoiled as the input says
// (lies.hpp), the rest honest. Whatever comes, the client does not fall over, shows nothing that
// nobody wrote, and gives no key to a stranger; and before an honest server all is as it was.
#include "clients/core/client.hpp"
#include "protocol/trust/invite.hpp"
#include "tests/fuzz/lies.hpp"
#include "tests/fuzz/lying_line.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/scratch.hpp"
#include "tests/model/sync_world.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

using namespace wardline;
using fuzz::require;

// Where a client pauses before it asks again, it asks at once.
extern "C" int nanosleep(const timespec*, timespec*) {
    return 0;
}
extern "C" int clock_nanosleep(clockid_t, int, const timespec*, timespec*) {
    return 0;
}

namespace {

constexpr client::ClientOptions kOptions{.call_limit = client::Milliseconds{50}};
constexpr int kEventsMax = 20;
constexpr std::size_t kPage = 100;
const PatientId kPatient = testing::a_patient("P-1");

// Who wrote what before the lies began. Whoever hears them writes "own".
const std::map<std::string, std::string> kWritten{
    {"one", "anna"}, {"two", "pat"}, {"three", "anna"}
};

// Time that passes whenever somebody looks.
class PassingClock final : public client::Clock {
public:
    explicit PassingClock(Instant now) : now_{now} {}
    Instant now() override { return now_; }
    std::chrono::steady_clock::time_point steady() override {
        return std::chrono::steady_clock::time_point{std::chrono::milliseconds{++steady_ms_}};
    }

private:
    Instant now_;
    std::int64_t steady_ms_{0};
};

// The clinic of the model, in which some messages were written, and an invite that waits.
struct World {
    World() {
        model::MemoryServer server{clinic.journal(), clinic.prekeys(), clinic.audit_key(), now};
        for (const auto& [text, name] : kWritten) say(server, name, text);
        const trust::Invite invite{
            testing::staff("carla"),
            trust::Role::clinician,
            {},
            trust::invite_key(secret),
            Instant{now.ms + 3 * trust::kDayMs}
        };
        const auto stands = server.put(clinic.admin(), invite);
        const auto handle = trust::invite_handle(stands.value().hash);
        uri = trust::make_invite_uri({"clinic.example:8443", secret, handle, {}}).value();
        journal = server.journal;
        prekeys = server.prekeys;
    }

    void say(model::MemoryServer& server, const std::string& name, const std::string& text) {
        model::Dice dice{1};
        model::Trouble calm{.dice = dice, .on = false};
        PassingClock clock{now};
        model::BadNetwork network{server, calm};
        const client::Environment environment{clock, crypto::system_random(), network};
        const auto home = clinic.folder() / name;
        auto writer = client::Client::open(home, clinic.store_key(), environment).value();
        const auto whose = writer->is_patient() ? std::nullopt : std::optional{kPatient};
        const auto sent = writer->send_text(whose, text);
        require(sent && sent.value().state == client::MessageState::sent);
    }

    fuzz::Scratch scratch;
    model::SyncWorld clinic{scratch.folder() / "world"};
    Instant now{clinic.now()};
    InviteSecret secret{crypto::random_secret<InviteSecret>(crypto::system_random())};
    std::string uri;
    model::MemoryJournal journal;
    std::map<DeviceId, model::UploadedPrekeys> prekeys;
};

// One device and one server, from the same beginning each time.
class Round {
public:
    Round(World& world, std::string name, BytesView input)
        : world_{world},
          name_{std::move(name)},
          home_{world.scratch.folder() / "home"},
          server_{world.journal, world.prekeys, world.clinic.audit_key(), world.now},
          network_{server_, calm_, fuzz::Lies{input}} {
        std::filesystem::remove_all(home_);
        if (name_.empty()) return;
        std::filesystem::copy(world.clinic.folder() / name_, home_);
        std::filesystem::permissions(home_, std::filesystem::perms::owner_all);
    }

    void enrol() {
        (void)client::Client::enrol(
            home_, world_.uri, world_.clinic.store_key(), environment_, kOptions
        );
    }
    void hear_lies() {
        open();
        (void)client_->connect();
        (void)client_->inbox();
        (void)client_->open_thread(whose_);
        (void)read();
        watch();
        (void)client_->send_text(whose_, "own");
        (void)client_->mark_read(whose_, 1);
        (void)client_->receipts(whose_);
        (void)client_->devices();
        (void)client_->verify(std::nullopt);
        (void)client_->status();
        if (!client_->is_patient()) (void)client_->unconfirmed(kPatient);
        client_->disconnect();
        (void)client_->connect();
        watch();
        (void)read();
        client_.reset();
    }
    // Everything that was written, once.
    void hear_the_truth() {
        network_.lies = fuzz::Lies{{}};
        open();
        require(client_->connect().has_value());
        require(client_->open_thread(whose_).has_value());
        const auto texts = read();
        require(texts.has_value());
        for (const auto& [text, author] : kWritten) require(texts.value().count(text) == 1);
        require(texts.value().count("own") <= 1);
    }

private:
    void open() {
        auto opened =
            client::Client::open(home_, world_.clinic.store_key(), environment_, kOptions);
        client_ = std::move(opened).value();
        whose_ = client_->is_patient() ? std::nullopt : std::optional{kPatient};
    }
    Result<std::multiset<std::string>> read() {
        WARDLINE_TRY(const auto page, client_->history(whose_, kPage));
        std::multiset<std::string> out;
        for (const auto& message : page.messages) {
            check(message);
            out.insert(message.text);
        }
        return out;
    }
    void watch() {
        for (int i = 0; i < kEventsMax; ++i) {
            const auto event = client_->next_event(client::Milliseconds{0});
            if (!event || !event.value()) return;
            if (const auto* came = std::get_if<client::MessageEvent>(&*event.value())) {
                check(came->message);
            }
        }
    }
    // What is shown, somebody wrote, and to this patient.
    void check(const client::Message& message) const {
        if (message.text.empty()) return;
        require(message.patient_id == kPatient);
        const auto written = kWritten.find(message.text);
        const auto& author = written == kWritten.end() ? name_ : written->second;
        require(written != kWritten.end() || message.text == "own");
        require(message.author.name() == (author == "pat" ? kPatient.text() : author));
    }

    World& world_;
    std::string name_;
    std::filesystem::path home_;
    model::Dice dice_{1};
    model::Trouble calm_{.dice = dice_, .on = false};
    model::MemoryServer server_;
    fuzz::LyingNetwork network_;
    PassingClock clock_{world_.now};
    testing::SeededRandom random_{"server answers"};
    client::Environment environment_{clock_, random_, network_};
    std::unique_ptr<client::Client> client_;
    std::optional<PatientId> whose_;
};

}  // namespace

// The first byte: who hears the lies; somebody new, who enrols, or one that was there before.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0) return 0;
    const auto lies = BytesView{data, size}.subspan(1);
    if (data[0] % 3 == 0) {
        Round{world, "", lies}.enrol();
        return 0;
    }
    Round round{world, data[0] % 3 == 1 ? "anna" : "pat", lies};
    round.hear_lies();
    round.hear_the_truth();
    return 0;
}
