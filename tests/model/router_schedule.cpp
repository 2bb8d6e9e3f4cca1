#include "tests/model/router_schedule.hpp"

#include "protocol/message/sealed_message.hpp"
#include "server/acts/added_slots_act.hpp"
#include "server/acts/message_act.hpp"
#include "server/acts/session_acts.hpp"
#include "server/acts/statement_act.hpp"
#include "server/message_payload.hpp"
#include "server/visible.hpp"

#include <algorithm>

namespace wardline::model {

using namespace wardline::server;
using testing::TestDevice;

namespace {

constexpr int kSteps = 120;
constexpr std::size_t kBatchMax = 6;
constexpr std::size_t kQueueMax = 40;  // Frames that a peer holds before it is given up.

// People, teams, patients and their phones: the same in every schedule, which then goes its own
// way.
struct World {
    World() {
        const auto anna = clinic.a_staff_device("anna", trust::Role::reception);
        const auto ben = clinic.a_staff_device("ben");
        const auto cleo = clinic.a_staff_device("cleo");
        const auto emil = clinic.a_staff_device("emil", trust::Role::auditor);
        staff = {clinic.admin, anna, ben, cleo, emil, clinic.a_further_device(ben)};
        const auto front = clinic.team_of("front", anna);
        const auto ward = clinic.team_of("ward", cleo);
        clinic.admit(front, anna, ben);
        clinic.admit(ward, cleo, ben);
        const std::vector<std::vector<TeamName>> teams{{front}, {front, ward}, {ward}};
        for (std::size_t i = 0; i < teams.size(); ++i) {
            const auto name = "P-" + std::to_string(i + 1);
            clinic.open_patient(name, anna, teams[i]);
            patients.push_back(testing::a_patient(name));
            phones.push_back(clinic.a_patient_device(name, anna));
            clinic.next_patient_epoch(phones.back());
        }
    }
    testing::AClinic clinic{"router"};
    std::vector<TestDevice> staff;
    std::vector<TestDevice> phones;
    std::vector<PatientId> patients;
};

const World& world() {
    static const World kWorld;
    return kWorld;
}

}  // namespace

struct RouterSchedule::SlowPeer final : Peer {
    bool push(Bytes frame) override {
        if (closed) return false;
        if (waiting >= kQueueMax) {
            closed = CloseCode::try_again_later;
            return false;
        }
        ++waiting;
        frames.push_back(cbor::decode(frame).value());
        return true;
    }
    void close(CloseCode code, std::string_view) override {
        if (!closed) closed = code;
    }
    std::size_t queued_bytes() const override { return 0; }
    net::awaitable<bool> room() override { co_return !closed; }
    void authenticated() override {}
    const Hash& tls_exporter() const override { return exporter; }
    const std::string& address() const override { return from; }

    std::vector<cbor::Json> frames;  // Everything that was taken.
    std::size_t waiting{0};
    std::optional<CloseCode> closed;
    Hash exporter;
    std::string from;
};

struct RouterSchedule::Connected {
    Device* device{nullptr};
    std::shared_ptr<SlowPeer> peer;
    std::shared_ptr<ClientConnection> connection;
    Seq since{0};
    bool held{true};
    std::map<ThreadId, Seq> open;
    std::vector<Expected> expected;
};

struct RouterSchedule::Node {
    Node(MemoryJournal& journal, const Instant& now)
        : memory{journal, now},
          seqs{memory.reader},
          router{
              memory.state,
              metrics,
              seqs,
              {.thread_closed = [this](
                                    const DeviceId& device, const ThreadId& thread
                                ) { closed.emplace_back(device, thread); },
               .receipt_heard = [](const DeviceId&, const ThreadId&, Seq, Seq) {}}
          } {
        memory.state.listen(&router);
    }
    ~Node() { memory.state.listen(nullptr); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    MemoryNode memory;
    Metrics metrics;
    SharedSeqs seqs;
    Router router;
    std::vector<std::pair<DeviceId, ThreadId>> closed;  // By the router, to be filed.
    std::vector<std::unique_ptr<Connected>> connections;
};

RouterSchedule::RouterSchedule(std::uint64_t seed, RouterFault fault)
    : dice_{seed},
      fault_{fault},
      clinic_{world().clinic},
      staff_{world().staff},
      patients_{world().patients} {
    for (int i = 0; i < 2; ++i) nodes_.push_back(std::make_unique<Node>(journal_, clinic_.now));
    for (const auto& device : staff_) devices_.push_back({device.id, true});
    for (const auto& device : world().phones) devices_.push_back({device.id, false});
    nodes_[0]->memory.store(clinic_);
    nodes_[1]->memory.catch_up();
}

RouterSchedule::~RouterSchedule() = default;

void RouterSchedule::complain(const std::string& what) {
    if (!complaint_) complaint_ = what;
}

std::optional<std::string> RouterSchedule::run() {
    for (int i = 0; i < kSteps && !complaint_; ++i) step();
    for (auto& node : nodes_) {
        tell(*node, [&] { node->memory.catch_up(); });
        for (auto& connected : node->connections) {
            if (connected->held) connected->connection->release({});
            check(*connected);
        }
    }
    return complaint_;
}

void RouterSchedule::step() {
    auto& node = *nodes_[dice_.below(nodes_.size())];
    const auto kind = dice_.below(100);
    if (kind < 15) {
        log_in(node, devices_[dice_.below(devices_.size())]);
    } else if (kind < 20) {
        hang_up(node);
    } else if (kind < 35) {
        // A wake-up arrived; others are lost.
        tell(node, [&] {
            node.memory.catch_up([&](std::vector<storage::StoredEntry>& missed) {
                const auto at = dice_.below(missed.size());
                if (missed[at].kind != audit::EntryKind::message) return;
                const auto where = missed.begin() + static_cast<std::ptrdiff_t>(at);
                if (fault_ == RouterFault::lost_entry) missed.erase(where);
                if (fault_ == RouterFault::repeated_entry) missed.insert(where, *where);
            });
        });
    } else {
        batch(node);
    }
    for (auto& connected : node.connections) {
        if (connected->held && dice_.chance(50)) {
            connected->held = false;
            connected->connection->release({});
        }
        if (dice_.chance(70)) connected->peer->waiting = 0;
    }
}

// ---- Connections ----

void RouterSchedule::log_in(Node& node, Device& device) {
    auto connected = std::make_unique<Connected>();
    connected->device = &device;
    connected->peer = std::make_shared<SlowPeer>();
    connected->connection =
        std::make_shared<ClientConnection>(connected->peer, trust::LoginNonce{});
    std::vector<MemoryNode::Asked> asked;
    asked.push_back(
        {std::make_unique<LoginAct>(device.id, ++device.generation),
         [&](MemoryNode::Answer done) {
             if (!done) return;
             const auto known = node.memory.record().device(device.id);
             connected->since = done.value().seq;
             connected->connection->logged_in(
                 {device.id, known->account(), known->account().text(), connected->since}
             );
             node.router.joined(connected->connection);
             node.connections.push_back(std::move(connected));
         }}
    );
    if (dice_.chance(40)) asked.push_back(a_message());
    tell(node, [&] { node.memory.write(std::move(asked)); });
}

void RouterSchedule::hang_up(Node& node) {
    if (node.connections.empty()) return;
    const auto at = dice_.below(node.connections.size());
    auto connected = std::move(node.connections[at]);
    node.connections.erase(node.connections.begin() + static_cast<std::ptrdiff_t>(at));
    connected->connection->ended();
    node.router.left(*connected->connection);
    connected->held = true;  // What was held is lost with it.
    check(*connected);
    std::vector<MemoryNode::Asked> asked;
    for (const auto& [thread, since] : connected->connection->open) {
        asked.push_back({std::make_unique<CloseAct>(connected->device->id, thread), {}});
    }
    asked.push_back({std::make_unique<LogoutAct>(connected->device->id), {}});
    tell(node, [&] { node.memory.write(std::move(asked)); });
}

// ---- What people do ----

void RouterSchedule::batch(Node& node) {
    std::vector<MemoryNode::Asked> asked;
    const auto count = 1 + dice_.below(kBatchMax);
    for (std::size_t i = 0; i < count; ++i) {
        const auto kind = dice_.below(100);
        if (kind < 55) {
            asked.push_back(a_message());
        } else if (kind < 65) {
            asked.push_back(added_slots());
        } else if (kind < 85) {
            asked.push_back(an_opening(node));
        } else {
            asked.push_back(a_statement());
        }
    }
    for (const auto& [device, thread] : std::exchange(node.closed, {})) {
        asked.push_back({std::make_unique<CloseAct>(device, thread), {}});
    }
    std::erase_if(asked, [](const MemoryNode::Asked& each) { return each.act == nullptr; });
    tell(node, [&] { node.memory.write(std::move(asked)); });
}

MemoryNode::Asked RouterSchedule::a_message() {
    constexpr std::array kClasses{
        trust::MessageClass::clinical,
        trust::MessageClass::appointment,
        trust::MessageClass::internal
    };
    const auto& chain = clinic_.patient(dice_.pick(patients_).text());
    const auto message_class = kClasses[dice_.below(kClasses.size())];
    const auto audience = trust::audience_of(message_class);
    const auto sender = devices_[dice_.below(devices_.size())].id;
    Bytes id(MessageId::kSize);
    for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<std::uint8_t>(++messages_ >> (8 * i));
    message::Header header{
        .clinic = clinic_.id,
        .thread = chain.thread(),
        .patient = chain.patient(),
        .id = MessageId::from(id).value(),
        .device = sender,
        .counter = journal_.counters[{sender, {chain.thread(), audience}}] + 1,
        .message_class = message_class,
        .sent = clinic_.now,
        .commit = {},
        .prev = {},
        .clinic_head = clinic_.chain.head(),
        .patient_head = chain.head(),
        .tree = {}
    };
    auto act = std::make_unique<MessageAct>(sender, header);
    for (const auto& slot : trust::expected_slots(clinic_.chain, chain, audience)) {
        act->slots.push_back({slot.to, slot.epoch, crypto::Box{}});
    }
    auto& state = nodes_[0]->memory.state;
    if (const auto* known = state.record().patient_of(chain.thread())) {
        auto& book = state.recipients();
        const auto& readers = book.of(*known, audience, trust::kNow, clinic_.now);
        for (const auto& device : book.live_for(readers, sender)) {
            act->live.push_back({device, message::LiveKind::message, device.bytes()});
        }
    }
    const auto header_bytes = message::encode(header);
    const message::Message sealed{header_bytes, Bytes(80), message::encode_slots(act->slots), {}};
    act->hash = message::message_hash(sealed);
    act->ciphertext_bytes = sealed.ciphertext.size();
    act->payload = pack_message_payload(message::encode(sealed), act->live);
    act->message = storage::MessageAsk{sender, header.id, act->hash, chain.thread(), message_class};
    return {std::move(act), {}};
}

MemoryNode::Asked RouterSchedule::added_slots() {
    for (int tries = 0; tries < 20; ++tries) {
        const auto& entry = journal_.at(1 + dice_.below(journal_.newest()));
        if (entry.kind != audit::EntryKind::message) continue;
        const auto audience = trust::audience_of(*entry.message_class);
        const message::Slot slot{"team:front", crypto::sha256(as_bytes("epoch")), crypto::Box{}};
        return {
            std::make_unique<AddedSlotsAct>(
                devices_[dice_.below(devices_.size())].id,
                *entry.thread,
                audience,
                std::vector<message::AddedSlot>{{entry.seq, slot}}
            ),
            {}
        };
    }
    return {};
}

MemoryNode::Asked RouterSchedule::an_opening(Node& node) {
    if (node.connections.empty()) return {};
    auto* connected = node.connections[dice_.below(node.connections.size())].get();
    if (!connected->device->staff || !connected->connection->alive()) return {};
    const auto thread = clinic_.patient(dice_.pick(patients_).text()).thread();
    const auto device = connected->device->id;
    if (connected->open.contains(thread)) {
        connected->open.erase(thread);
        connected->connection->open.erase(thread);
        return {std::make_unique<CloseAct>(device, thread), {}};
    }
    return {
        std::make_unique<OpenAct>(device, thread),
        [connected, thread](MemoryNode::Answer done) {
            if (!done) return;
            connected->open.insert_or_assign(thread, done.value().seq);
            connected->connection->open.insert_or_assign(thread, done.value().seq);
        }
    };
}

MemoryNode::Asked RouterSchedule::a_statement() {
    const auto sign = [&](const TestDevice& by, trust::StatementFields fields) {
        auto act =
            std::make_unique<StatementAct>(trust::sign_statement(by.signing, fields).value());
        act->sender = by.id;
        return act;
    };
    const auto& admin = clinic_.admin;
    const auto& device = devices_[dice_.below(devices_.size())];
    const auto kind = dice_.below(10);
    if (kind < 3) {
        const trust::Revoke revoke{device.id};
        for (const auto& patient : patients_) {
            const auto& chain = clinic_.patient(patient.text());
            if (!chain.live(device.id)) continue;
            return {sign(admin, chain.draft(clinic_.chain, clinic_.now, revoke)), {}};
        }
        if (device.id == admin.id || dice_.chance(60)) return {};
        return {sign(admin, clinic_.chain.draft(clinic_.now, revoke)), {}};
    }
    const auto team = testing::a_team(dice_.chance(50) ? "front" : "ward");
    const auto members = clinic_.chain.team(team)->members_at();
    if (kind < 5) {
        const auto account = dice_.pick(staff_).account;
        const trust::TeamRemove remove{team, account};
        return {sign(admin, clinic_.chain.draft(clinic_.now, remove)), {}};
    }
    if (members.empty()) return {};
    const auto member = std::ranges::find(staff_, members.front(), &TestDevice::id);
    const auto* live = clinic_.chain.team(team)->epochs.live();
    if (live == nullptr) {
        const auto* before = clinic_.chain.team(team)->epochs.newest();
        const std::vector<crypto::Box> boxes(members.size() + 2);
        const trust::Epoch epoch{
            .team = team,
            .number = before->number + 1,
            .key = crypto::box_key_of(crypto::random_secret<BoxSecret>(clinic_.random)),
            .prev = before->hash,
            .devices = members,
            .boxes = trust::hash_of_boxes(boxes)
        };
        auto act = sign(*member, clinic_.chain.draft(clinic_.now, epoch));
        act->boxes = {boxes, true};
        return {std::move(act), {}};
    }
    const std::vector<crypto::Box> box(1);
    const trust::Admit admit{team, dice_.pick(staff_).id, live->hash, trust::hash_of_boxes(box)};
    auto act = sign(*member, clinic_.chain.draft(clinic_.now, admit));
    act->boxes.boxes = box;
    return {std::move(act), {}};
}

// ---- What everybody has to get ----

template <class Telling>
void RouterSchedule::tell(Node& node, Telling telling) {
    const auto before = node.memory.seen();
    telling();
    for (auto seq = clinic_.journal.back().seq + 1; seq <= journal_.newest(); ++seq) {
        const auto& entry = journal_.at(seq);
        if (!entry.statement) continue;
        auto statement = trust::Statement::parse(entry.statement->bytes).value();
        const auto patient = statement.chain().patient();
        const trust::LocatedStatement located{entry.seq, entry.time, std::move(statement)};
        const auto taken =
            patient ? clinic_.try_apply(patient->text(), located) : clinic_.try_apply(located);
        if (!taken) complain("a statement stands that its chain refuses");
    }
    for (auto seq = before + 1; seq <= node.memory.seen(); ++seq) {
        for (auto& connected : node.connections) expect(node, *connected, journal_.at(seq), before);
    }
    for (auto& connected : node.connections) check_ended(node, *connected, before);
    std::erase_if(node.connections, [](const auto& each) { return each == nullptr; });
}

bool RouterSchedule::may_see(const Device& device, const storage::StoredEntry& entry, Seq at)
    const {
    for (const auto& [name, chain] : clinic_.patients) {
        const bool about = entry.statement ? entry.statement->chain == chain.name().text()
                                           : entry.thread == chain.thread();
        if (!about) continue;
        const bool member = trust::in_thread_team(clinic_.chain, chain, device.id, at);
        if (entry.statement) {
            if (!device.staff) return chain.device(device.id) != nullptr;
            const auto may = clinic_.chain.capabilities(device.id, at);
            return member || may.has(trust::Capability::enrol_patient);
        }
        if (!is_content(entry)) return false;
        if (device.staff) return member;
        return !is_internal(entry) && chain.confirmed(device.id, at);
    }
    return entry.statement.has_value();  // The clinic's chain is everybody's.
}

// Whether the device was outside the thread's teams at any time behind `before` and up to `upto`.
bool RouterSchedule::was_outside(
    const Device& device, const trust::PatientChain& thread, Seq before, Seq upto
) const {
    for (auto at = before + 1; at <= upto; ++at)
        if (!trust::in_thread_team(clinic_.chain, thread, device.id, at)) return true;
    return false;
}

// `before`: what the node had seen when this connection was last looked at.
void RouterSchedule::expect(
    Node& node, Connected& connected, const storage::StoredEntry& entry, Seq before
) {
    if (entry.seq <= connected.since) return;
    // Where the right to see it changed between the entry and now, either is right.
    bool always = true;
    bool ever = false;
    for (auto at = entry.seq; at <= journal_.newest() + 1; ++at) {
        if (at > entry.seq && !journal_.at(at - 1).statement) continue;
        const bool may = may_see(*connected.device, entry, at);
        always = always && may;
        ever = ever || may;
    }
    if (!ever) return;
    const bool live = node.memory.record().live_device(connected.device->id).has_value();
    std::optional<bool> notice = false;
    if (connected.device->staff && !entry.statement) {
        const auto opened = connected.open.find(*entry.thread);
        notice = opened == connected.open.end() || opened->second >= entry.seq;
        // Who lost the right and got it again may have been looked at in between: then the thread
        // was closed.
        const auto* thread = node.memory.record().patient_of(*entry.thread);
        if (!*notice && was_outside(*connected.device, *thread, before, entry.seq)) notice.reset();
    }
    connected.expected.push_back({entry.seq, always && live, notice});
}

void RouterSchedule::check_ended(const Node& node, Connected& connected, Seq before) {
    const auto& record = node.memory.record();
    const auto device = record.live_device(connected.device->id);
    bool replaced = false;
    for (auto seq = connected.since + 1; seq <= node.memory.seen(); ++seq) {
        const auto& entry = journal_.at(seq);
        if (entry.kind != audit::EntryKind::login) continue;
        const auto details = cbor::decode(entry.details).value();
        replaced = replaced ||
                   DeviceId::from(details["device"].get_binary()).value() == connected.device->id;
    }
    const bool ends = !device || replaced;
    if (connected.connection->alive() == ends) {
        complain(
            ends ? "a connection goes on that may not" : "a connection was ended without a reason"
        );
    }
    if (ends) return;
    std::erase_if(connected.open, [&](const auto& each) {
        const auto* thread = record.patient_of(each.first);
        if (!record.may_read(*device, *thread, trust::Audience::all)) return true;
        // Who lost the right and got it again may have been looked at in between.
        if (connected.connection->open.contains(each.first)) return false;
        return was_outside(*connected.device, *thread, before, node.memory.seen());
    });
    if (connected.open != connected.connection->open) complain("other threads are open");
}

void RouterSchedule::check(Connected& connected) {
    auto next = connected.expected.begin();
    const auto end = connected.expected.end();
    const auto pass = [&](Seq upto) {
        for (; next != end && next->seq < upto; ++next) {
            if (next->must) complain("entry " + std::to_string(next->seq) + " was left out");
        }
    };
    for (const auto& frame : connected.peer->frames) {
        if (frame["t"] != "entry") continue;
        const auto& entry = frame["entry"];
        const auto seq = entry["seq"].get<Seq>();
        const auto name = "entry " + std::to_string(seq);
        pass(seq);
        if (next == end || next->seq != seq) {
            complain(name + " was handed out twice, out of order, or to the wrong device");
            return;
        }
        const auto& stored = journal_.at(seq);
        if (entry["details"] != cbor::binary(stored.details)) complain(name + " was changed");
        const bool payload =
            entry.contains("message") || entry.contains("added") || entry.contains("statement");
        if (payload == next->notice) {
            complain(name + (payload ? ": a notice is a payload" : ": a payload is a notice"));
        }
        const auto own = cbor::binary(connected.device->id.view());
        if (entry.contains("live") && entry["live"][1] != own) complain(name + ": another's key");
        ++delivered_;
        ++next;
    }
    const bool whole = connected.connection->alive() && !connected.peer->closed && !connected.held;
    if (whole) pass(trust::kNow);
}

}  // namespace wardline::model
