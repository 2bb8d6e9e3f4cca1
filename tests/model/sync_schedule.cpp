#include "tests/model/sync_schedule.hpp"

#include "clients/core/session.hpp"
#include "server/message_payload.hpp"
#include "tests/model/sync_world.hpp"
#include "tests/storage_support/test_databases.hpp"
#include "tests/support/chain_fixture.hpp"

#include <algorithm>

namespace wardline::model {

using client::Message;
using client::MessageState;

namespace {

constexpr int kSteps = 40;
constexpr int kSettleRounds = 60;
constexpr std::uint64_t kMinuteMs = 60'000;
const PatientId kPatient = testing::a_patient("P-1");

const SyncWorld& world() {
    static const testing::ScratchFolder folder{"sync-world"};
    static const SyncWorld value{folder.path()};
    return value;
}

}  // namespace

struct SyncSchedule::Person {
    std::string name;
    std::filesystem::path home;
    bool staff{true};
    std::unique_ptr<client::Client> client;
    std::set<MessageId> told;  // Messages that came as events since the client was opened.
    Seq told_last{0};
    std::optional<Seq> open_since;  // The thread, in this client.
};

SyncSchedule::SyncSchedule(std::uint64_t seed, SyncFault fault)
    : dice_{seed},
      trouble_{.dice = dice_, .lose_acknowledged = fault == SyncFault::lost_acknowledged},
      now_{world().now()},
      clock_{now_, trouble_},
      random_{dice_, trouble_},
      server_{world().journal(), world().prekeys(), world().audit_key(), now_},
      network_{server_, trouble_},
      environment_{clock_, random_, network_},
      folder_{world().folder() / ("seed-" + std::to_string(seed))} {
    std::filesystem::create_directory(folder_);
    for (const char* name : {"anna", "ben", "pat"}) {
        auto person = std::make_unique<Person>();
        person->name = name;
        person->staff = person->name != "pat";
        person->home = folder_ / name;
        std::filesystem::copy(world().folder() / name, person->home);
        std::filesystem::permissions(person->home, std::filesystem::perms::owner_all);
        people_.push_back(std::move(person));
    }
}

SyncSchedule::~SyncSchedule() {
    trouble_.on = false;
    people_.clear();
    std::filesystem::remove_all(folder_);
}

void SyncSchedule::complain(const std::string& what) {
    if (!complaint_) complaint_ = what;
}

// Errors that a bad network explains, and no other.
template <class T>
bool SyncSchedule::fine(const Result<T>& result, const std::string& what) {
    if (result) return true;
    switch (result.error().code) {
        case Code::unreachable:
        case Code::unavailable:
        case Code::not_open:
            break;
        default:
            complain(what + ": " + result.error().detail);
    }
    return false;
}

std::optional<std::string> SyncSchedule::run() {
    for (int i = 0; i < kSteps && !complaint_; ++i) step();
    trouble_.on = false;
    if (!complaint_) settle();
    if (!complaint_) compare();
    return complaint_;
}

void SyncSchedule::step() {
    now_.ms += 1'000 + dice_.below(5 * kMinuteMs);
    if (dice_.chance(3)) now_.ms += 30 * 60 * kMinuteMs;  // Everybody goes off duty.
    if (dice_.chance(40)) server_.wake(dice_.below(2));
    if (dice_.chance(3)) server_.restart(dice_.below(2));
    if (dice_.chance(4)) disturb();
    auto& person = *people_[dice_.below(people_.size())];
    try {
        if (ensure_open(person)) act(person);
    } catch (const Crash&) {
        ++crashes_;
        person.client.reset();
    }
}

// One device of the team is revoked: messages on their way are for other readers then, and the
// team needs another key.
void SyncSchedule::disturb() {
    if (std::exchange(disturbed_, true)) return;
    const auto done = server_.put(world().admin(), trust::Revoke{world().spare()});
    if (!done) complain("the device is not revoked: " + done.error().detail);
}

bool SyncSchedule::ensure_open(Person& person) {
    if (person.client) return true;
    auto opened = client::Client::open(person.home, world().store_key(), environment_);
    if (!fine(opened, person.name + " cannot open the store")) return false;
    person.client = std::move(opened).value();
    person.told.clear();
    person.told_last = 0;
    person.open_since.reset();
    return true;
}

void SyncSchedule::act(Person& person) {
    const auto kind = dice_.below(100);
    if (kind < 40) return send(person);
    if (kind < 70) return watch(person, 1 + static_cast<int>(dice_.below(12)));
    if (kind < 85) return read(person);
    if (kind < 90) {
        person.client.reset();  // An orderly end.
        return;
    }
    if (kind < 95) return person.client->disconnect();
    fine(person.client->connect(), person.name + " connects");
}

void SyncSchedule::send(Person& person) {
    const auto said = person.name + " says " + std::to_string(texts_.size());
    auto& text = texts_[said];
    text.person = static_cast<std::size_t>(
        std::ranges::find_if(people_, [&](const auto& each) { return each.get() == &person; }) -
        people_.begin()
    );
    text.internal = person.staff && dice_.chance(25);
    const client::SendOptions options{
        .message_class = text.internal ? "internal" : "appointment", .corrects = std::nullopt
    };
    const auto whose = person.staff ? std::optional{kPatient} : std::nullopt;
    const auto sent = person.client->send_text(whose, said, options);
    if (!fine(sent, person.name + " sends")) {
        text.fate = Text::Fate::refused;
        return;
    }
    text.fate = Text::Fate::taken;
    if (sent.value().state == MessageState::sent) text.seq = sent.value().seq;
}

void SyncSchedule::heard(Person& person, const client::Event& event) {
    if (const auto* alarm = std::get_if<client::AlarmEvent>(&event)) {
        complain(person.name + " is alarmed: " + alarm->sentence);
    }
    const auto* came = std::get_if<client::MessageEvent>(&event);
    if (came == nullptr) return;
    const auto& message = came->message;
    if (message.state == MessageState::refused) {
        complain(person.name + " refuses a message: " + message.reason);
    }
    if (message.state != MessageState::received) return;
    if (!person.told.insert(message.message_id).second) {
        complain(person.name + " is told twice of entry " + std::to_string(message.seq));
    }
    if (message.seq <= person.told_last) complain(person.name + " is told out of order");
    person.told_last = message.seq;
}

void SyncSchedule::watch(Person& person, int events) {
    for (int i = 0; i < events; ++i) {
        const auto event = person.client->next_event(client::Milliseconds{0});
        if (!fine(event, person.name + " watches") || !event.value()) return;
        heard(person, *event.value());
    }
}

void SyncSchedule::read(Person& person) {
    const auto whose = person.staff ? std::optional{kPatient} : std::nullopt;
    if (!fine(person.client->open_thread(whose), person.name + " opens the thread")) return;
    if (person.staff && !person.open_since) person.open_since = server_.journal.newest();
    const auto page = person.client->history(whose, 1 + dice_.below(30));
    if (!fine(page, person.name + " reads")) return;
    for (const auto& message : page.value().messages) {
        if (message.state == MessageState::refused) {
            complain(person.name + " cannot read entry " + std::to_string(message.seq));
        }
    }
}

// ---- Afterwards ----

void SyncSchedule::settle() {
    for (int round = 0; round < kSettleRounds && !complaint_; ++round) {
        now_.ms += 5 * kMinuteMs;
        bool quiet = true;
        const auto before = server_.journal.newest();
        for (std::size_t node = 0; node < 2; ++node) server_.wake(node);
        for (auto& person : people_) {
            if (!ensure_open(*person)) return;
            quiet = fine(person->client->connect(), person->name + " connects") && quiet;
            watch(*person, 1'000);
            const auto pending = person->client->session().outbox->pending();
            quiet = fine(pending, person->name) && pending.value().empty() && quiet;
            quiet = quiet && person->client->online();
        }
        if (quiet && server_.journal.newest() == before) return;
    }
    complain("the clients do not come to rest");
}

std::vector<Message> SyncSchedule::history(Person& person) {
    const auto whose = person.staff ? std::optional{kPatient} : std::nullopt;
    if (!fine(person.client->open_thread(whose), person.name + " opens the thread")) return {};
    auto page = person.client->history(whose, 1'000);
    if (!fine(page, person.name + " reads everything")) return {};
    return std::move(page).value().messages;
}

// What others wrote into a thread that was open all the time came as an event.
void SyncSchedule::check_told(const Person& person) {
    if (!person.open_since) return;
    const auto own = person.client->device();
    for (auto seq = *person.open_since + 1; seq <= server_.journal.newest(); ++seq) {
        const auto& entry = server_.journal.at(seq);
        if (entry.kind != audit::EntryKind::message) continue;
        const auto payload = server::MessagePayload::of(entry.payloads.front().bytes);
        const auto sealed = message::decode_message(payload->message).value();
        const auto header = message::parse_header(sealed.header).value();
        if (header.device == own || person.told.contains(header.id)) continue;
        complain(person.name + " is not told of entry " + std::to_string(seq));
    }
}

void SyncSchedule::compare() {
    // What stands, as the journal has it: the one order.
    std::vector<Seq> all;
    std::vector<Seq> shared;
    for (const auto& entry : server_.journal.entries()) {
        if (entry.kind != audit::EntryKind::message) continue;
        all.push_back(entry.seq);
        if (entry.message_class != trust::MessageClass::internal) shared.push_back(entry.seq);
    }
    std::map<std::string, Seq> places;
    for (auto& person : people_) {
        check_told(*person);
        const auto shown = history(*person);
        std::vector<Seq> seqs;
        for (const auto& message : shown) {
            const auto name = person->name + ", entry " + std::to_string(message.seq) + ": ";
            seqs.push_back(message.seq);
            if (!texts_.contains(message.text)) {
                complain(name + "not what anybody wrote (" + message.reason + ")");
                return;
            }
            const auto place = places.try_emplace(message.text, message.seq).first;
            if (place->second != message.seq) complain(name + "a text stands twice");
        }
        const auto& expected = person->staff ? all : shared;
        if (seqs != expected) {
            complain(
                person->name + " has " + std::to_string(seqs.size()) + " messages, and " +
                std::to_string(expected.size()) + " stand"
            );
        }
    }
    for (const auto& [said, text] : texts_) {
        const auto place = places.find(said);
        const bool stands = place != places.end();
        if (text.fate == Text::Fate::taken && !stands) complain("lost: " + said);
        if (text.fate == Text::Fate::refused && stands) complain("refused, and stands: " + said);
        if (text.seq && stands && *text.seq != place->second) complain("moved: " + said);
    }
    stood_ = places.size();
}

}  // namespace wardline::model
