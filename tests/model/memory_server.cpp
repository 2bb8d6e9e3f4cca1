#include "tests/model/memory_server.hpp"

#include "protocol/message/sealed_message.hpp"
#include "protocol/trust/login.hpp"
#include "server/acts/added_slots_act.hpp"
#include "server/acts/message_act.hpp"
#include "server/acts/session_acts.hpp"
#include "server/acts/statement_act.hpp"
#include "server/entry_frames.hpp"
#include "server/message_payload.hpp"
#include "server/visible.hpp"

#include <algorithm>

namespace wardline::model {

using namespace wardline::server;
using storage::StoredEntry;

namespace {

template <class Fixed>
Fixed fixed(const Json& frame, const char* key) {
    return Fixed::from(frame.at(key).get_binary()).value();
}
std::uint64_t number(const Json& frame, const char* key) {
    return frame.at(key).get<std::uint64_t>();
}
Json position(const trust::ChainPosition& at) {
    return {{"pos", at.pos}, {"hash", cbor::binary(at.hash.view())}};
}
Json path_of(const Result<std::vector<Hash>>& path) {
    auto out = Json::array();
    for (const auto& hash : path.value()) out.push_back(cbor::binary(hash.view()));
    return out;
}
const Error kForbidden{Code::forbidden, "not for this device"};

}  // namespace

struct MemoryServer::Node {
    Node(MemoryJournal& journal, const Instant& now)
        : memory{journal, now},
          seqs{memory.reader},
          router{
              memory.state,
              metrics,
              seqs,
              {.thread_closed = [](const DeviceId&, const ThreadId&) {},
               .receipt_heard = [](const DeviceId&, const ThreadId&, Seq, Seq) {}}
          } {
        memory.catch_up();
        memory.state.listen(&router);
    }
    ~Node() { memory.state.listen(nullptr); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    MemoryNode memory;
    Metrics metrics;
    SharedSeqs seqs;
    Router router;
    std::vector<std::weak_ptr<Channel>> channels;
};

MemoryServer::MemoryServer(
    MemoryJournal continued,
    std::map<DeviceId, UploadedPrekeys> uploaded,
    const SigningSecret& audit_key,
    const Instant& now
)
    : journal{std::move(continued)},
      prekeys{std::move(uploaded)},
      audit_key_{audit_key},
      now_{now} {
    for (int i = 0; i < 2; ++i) nodes_.push_back(std::make_unique<Node>(journal, now_));
}

MemoryServer::~MemoryServer() = default;

const ClinicRecord& MemoryServer::record() const {
    for (const auto& node : nodes_) {
        if (node->memory.seen() == journal.newest()) return node->memory.record();
    }
    nodes_.front()->memory.catch_up();
    return nodes_.front()->memory.record();
}

bool MemoryServer::Channel::push(Bytes frame) {
    if (closed) return false;
    pushes.push_back(cbor::decode(frame).value());
    return true;
}

// ---- Connections ----

std::shared_ptr<MemoryServer::Channel> MemoryServer::connect(std::size_t node) {
    Bytes nonce(trust::LoginNonce::kSize);
    for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(nonces_ >> (8 * i));
    ++nonces_;
    auto channel = std::make_shared<Channel>(node, trust::LoginNonce::from(nonce).value());
    channel->connection = std::make_shared<ClientConnection>(channel, channel->nonce);
    nodes_[node]->channels.push_back(channel);
    return channel;
}

void MemoryServer::hang_up(Channel& channel) {
    if (!channel.connection) return;
    const auto connection = std::exchange(channel.connection, nullptr);
    connection->ended();
    channel.closed = true;
    if (!connection->login()) return;
    auto& node = *nodes_[channel.node];
    const auto device = connection->login()->device;
    node.router.left(*connection);
    if (connection->was_replaced()) return;
    (void)node.memory.write(std::make_unique<LogoutAct>(device));
}

void MemoryServer::wake(std::size_t node) {
    nodes_[node]->memory.catch_up();
}

void MemoryServer::restart(std::size_t node) {
    for (const auto& known : nodes_[node]->channels) {
        if (const auto channel = known.lock()) {
            channel->closed = true;
            channel->connection = nullptr;
        }
    }
    nodes_[node] = std::make_unique<Node>(journal, now_);
}

MemoryNode::Answer MemoryServer::put(const SigningSecret& by, trust::StatementData data) {
    auto fields = record().clinic().draft(now_, std::move(data));
    auto statement = trust::sign_statement(by, std::move(fields));
    if (!statement) return statement.error();
    return nodes_.front()->memory.write(std::make_unique<StatementAct>(std::move(statement).value())
    );
}

std::optional<KnownDevice> MemoryServer::asker(const Channel& channel) const {
    return record().live_device(channel.connection->login()->device);
}

const std::map<std::string, MemoryServer::Handler>& MemoryServer::handlers() {
    static const std::map<std::string, Handler> all{
        {"login", &MemoryServer::log_in},
        {"chain", &MemoryServer::chain},
        {"statement", &MemoryServer::statement},
        {"boxes", &MemoryServer::boxes},
        {"threads", &MemoryServer::threads},
        {"recipients", &MemoryServer::recipients},
        {"prekeys-put", &MemoryServer::prekeys_put},
        {"prekeys-get", &MemoryServer::prekeys_get},
        {"send", &MemoryServer::send},
        {"open", &MemoryServer::open},
        {"close", &MemoryServer::close},
        {"history", &MemoryServer::history},
        {"sync", &MemoryServer::sync},
        {"receipt", &MemoryServer::nothing},
        {"receipts", &MemoryServer::receipts},
        {"head", &MemoryServer::newest_head},
        {"consistency", &MemoryServer::consistency},
        {"inclusion", &MemoryServer::inclusion},
        {"slots", &MemoryServer::slots},
        {"add-slots", &MemoryServer::add_slots},
    };
    return all;
}

Result<Json> MemoryServer::answer(Channel& channel, const Json& frame) {
    if (channel.closed) return Error{Code::unreachable, "the connection has ended"};
    const auto found = handlers().find(frame.at("t").get<std::string>());
    if (found == handlers().end()) return Error{Code::unknown_type, "no such request"};
    const bool login = found->first == "login";
    if (!login && !channel.connection->login()) return Error{Code::not_logged_in, "log in first"};
    if (!login && !asker(channel)) return kForbidden;
    return (this->*found->second)(channel, frame);
}

Result<Json> MemoryServer::post(std::string_view path, const Json& body) {
    if (path == "/v1/enrol/finish") {
        WARDLINE_TRY(auto act, StatementAct::parse_enrolment(body));
        WARDLINE_TRY(const auto done, nodes_.front()->memory.write(std::move(act)));
        return Json{{"seq", done.seq}, {"time", done.time.ms}};
    }
    auto list = Json::array();
    for (const auto& entry : journal.entries()) {
        if (!entry.statement || entry.statement->chain != trust::ChainName::clinic().text())
            continue;
        if (entry.statement->pos >= number(body, "clinic_from")) {
            list.push_back(shown(entry, true, {}));
        }
    }
    return Json{{"clinic", std::move(list)}, {"patient", nullptr}, {"more", false}};
}

Json MemoryServer::head(Seq size) {
    const audit::TreeHead head{
        .clinic = record().clinic().clinic(), .size = size, .root = journal.root(size), .time = now_
    };
    const auto made = audit::sign_head(head, audit_key_);
    return {{"body", cbor::binary(made.body)}, {"sig", cbor::binary(made.sig.view())}};
}

Json MemoryServer::shown(const StoredEntry& entry, bool whole, const DeviceId& device) const {
    const auto view = whole ? EntryView::payload : EntryView::notice;
    return cbor::decode(encode_entry(entry, view, device)).value();
}

// ---- Requests ----

Result<Json> MemoryServer::log_in(Channel& channel, const Json& frame) {
    const auto device = fixed<DeviceId>(frame, "device");
    auto& node = *nodes_[channel.node];
    const auto generation = number(frame, "generation");
    const trust::LoginChallenge challenge{
        record().clinic().clinic(), device, channel.nonce, {}, generation
    };
    const auto known = record().device(device);
    const auto sig = fixed<Signature>(frame, "sig");
    if (!known || !trust::verify_login(known->record->keys.signing, challenge, sig)) {
        return Error{Code::login_failed, "wrong signature"};
    }
    Result<Json> out{kForbidden};
    std::vector<MemoryNode::Asked> batch;
    batch.push_back({std::make_unique<LoginAct>(device, generation), [&](MemoryNode::Answer done) {
                         if (!done) {
                             out = done.error();
                             return;
                         }
                         const auto account = node.memory.record().device(device)->account();
                         const auto seq = done.value().seq;
                         channel.connection->logged_in({device, account, account.text(), seq});
                         node.router.joined(channel.connection);
                         out = Json{{"account", account.text()}, {"seq", seq}, {"time", now_.ms}};
                     }});
    node.memory.write(std::move(batch));
    if (!out) return out;
    const auto& held = prekeys[device];
    auto& fields = out.value();
    fields["clinic_head"] = position(record().clinic().head());
    fields["head"] = head(journal.newest());
    fields["one_time_prekeys"] = held.one_time.size();
    fields["signed_prekey"] = held.signed_prekey.is_null() ? 0U : number(held.signed_prekey, "id");
    channel.connection->release({});
    return out;
}

Result<Json> MemoryServer::chain(Channel& channel, const Json& frame) {
    const auto name = frame.at("chain").get<std::string>();
    const auto parsed = trust::ChainName::parse(name).value();
    if (!parsed.is_clinic()) {
        const auto* found = record().patient(*parsed.patient());
        if (found == nullptr || !record().may_read_chain(*asker(channel), *found)) {
            return kForbidden;
        }
    }
    auto list = Json::array();
    for (const auto& entry : journal.entries()) {
        if (!entry.statement || entry.statement->chain != name) continue;
        if (entry.statement->pos < number(frame, "from")) continue;
        list.push_back(shown(entry, true, {}));
    }
    return Json{{"entries", std::move(list)}, {"more", false}};
}

Result<Json> MemoryServer::statement(Channel& channel, const Json& frame) {
    WARDLINE_TRY(auto act, StatementAct::parse(channel.connection->login()->device, frame));
    const auto hash = act->statement.hash();
    auto done = nodes_[channel.node]->memory.write(std::move(act));
    for (const auto& entry : journal.entries()) {
        if (entry.statement && entry.statement->hash == hash) {
            return Json{{"seq", entry.seq}, {"time", entry.time.ms}};
        }
    }
    return done.error();
}

Result<Json> MemoryServer::boxes(Channel&, const Json& frame) {
    const auto found = journal.boxes.find(fixed<Hash>(frame, "epoch"));
    if (found == journal.boxes.end()) return Error{Code::not_found, "no boxes"};
    auto list = Json::array();
    for (const auto& box : found->second.boxes) list.push_back(cbor::binary(box));
    auto admitted = Json::array();
    for (const auto& box : journal.admitted[found->first]) {
        admitted.push_back(
            {{"device", cbor::binary(box.device.view())}, {"box", cbor::binary(box.box)}}
        );
    }
    return Json{
        {"boxes", std::move(list)},
        {"previous", found->second.previous},
        {"admitted", std::move(admitted)}
    };
}

Result<Json> MemoryServer::threads(Channel& channel, const Json& frame) {
    const auto device = channel.connection->login()->device;
    auto list = Json::array();
    for (const auto& [patient, chain] : record().patients()) {
        if (patient.text() <= frame.at("after").get<std::string>()) continue;
        if (!trust::in_thread_team(record().clinic(), *chain, device)) continue;
        Seq last = 0;
        for (const auto& entry : journal.entries()) {
            if (entry.kind == audit::EntryKind::message && entry.thread == chain->thread()) {
                last = entry.seq;
            }
        }
        auto teams = Json::array();
        for (const auto& team : chain->teams()) teams.push_back(team.text());
        list.push_back(
            {{"thread", cbor::binary(chain->thread().view())},
             {"patient", patient.text()},
             {"teams", std::move(teams)},
             {"last_seq", last},
             {"last_time", now_.ms},
             {"last_class", nullptr},
             {"read", 0U}}
        );
    }
    return Json{{"threads", std::move(list)}, {"more", false}};
}

Result<Json> MemoryServer::recipients(Channel& channel, const Json& frame) {
    const auto device = channel.connection->login()->device;
    const auto thread = fixed<ThreadId>(frame, "thread");
    const auto name = frame.at("class").get<std::string>();
    const auto message_class = trust::parse_class(name).value();
    const auto audience = trust::audience_of(message_class);
    // As the node knows it, which may be behind the journal.
    auto& state = nodes_[channel.node]->memory.state;
    const auto* chain = state.record().patient_of(thread);
    if (chain == nullptr) return kForbidden;
    WARDLINE_TRY(trust::may_write(state.record().clinic(), *chain, device, message_class));
    auto& book = state.recipients();
    auto devices = Json::array();
    for (const auto& id : book.live_for(book.of(*chain, audience, trust::kNow, now_), device)) {
        devices.push_back(cbor::binary(id.view()));
    }
    return Json{
        {"devices", std::move(devices)},
        {"counter", journal.counters[{device, {thread, audience}}] + 1},
        {"patient_head", position(chain->head())},
        {"clinic_head", position(state.record().clinic().head())}
    };
}

Result<Json> MemoryServer::prekeys_put(Channel& channel, const Json& frame) {
    auto& held = prekeys[channel.connection->login()->device];
    if (!frame.at("signed").is_null()) {
        held.signed_prekey = frame.at("signed");
        held.registration = number(frame, "registration");
    }
    for (const auto& key : frame.at("one_time")) held.one_time.push_back(key);
    return Json{{"one_time_prekeys", held.one_time.size()}};
}

Result<Json> MemoryServer::prekeys_get(Channel&, const Json& frame) {
    auto list = Json::array();
    for (const auto& id : frame.at("devices")) {
        auto& held = prekeys[DeviceId::from(id.get_binary()).value()];
        if (held.signed_prekey.is_null()) continue;
        Json one_time;
        if (!held.one_time.empty()) {
            one_time = held.one_time.front();
            held.one_time.pop_front();
        }
        list.push_back(
            {{"device", id},
             {"registration", held.registration},
             {"signed", held.signed_prekey},
             {"one_time", std::move(one_time)}}
        );
    }
    return Json{{"bundles", std::move(list)}};
}

Result<Json> MemoryServer::send(Channel& channel, const Json& frame) {
    WARDLINE_TRY(auto act, MessageAct::parse(channel.connection->login()->device, frame));
    WARDLINE_TRY(const auto done, nodes_[channel.node]->memory.write(std::move(act)));
    return Json{
        {"seq", done.seq}, {"time", done.time.ms}, {"hash", cbor::binary(done.hash.view())}
    };
}

Result<Json> MemoryServer::open(Channel& channel, const Json& frame) {
    const auto thread = fixed<ThreadId>(frame, "thread");
    auto& open = channel.connection->open;
    if (const auto known = open.find(thread); known != open.end()) {
        return Json{{"seq", known->second}};
    }
    const auto device = channel.connection->login()->device;
    const auto connection = channel.connection;
    Result<Json> out{kForbidden};
    std::vector<MemoryNode::Asked> batch;
    batch.push_back({std::make_unique<OpenAct>(device, thread), [&](MemoryNode::Answer done) {
                         if (!done) {
                             out = done.error();
                             return;
                         }
                         connection->open.insert_or_assign(thread, done.value().seq);
                         out = Json{{"seq", done.value().seq}};
                     }});
    nodes_[channel.node]->memory.write(std::move(batch));
    return out;
}

Result<Json> MemoryServer::close(Channel& channel, const Json& frame) {
    const auto thread = fixed<ThreadId>(frame, "thread");
    if (channel.connection->open.erase(thread) == 0) return Error{Code::not_open, "not open"};
    const auto device = channel.connection->login()->device;
    WARDLINE_TRY(
        const auto done,
        nodes_[channel.node]->memory.write(std::make_unique<CloseAct>(device, thread))
    );
    return Json{{"seq", done.seq}};
}

Result<Json> MemoryServer::history(Channel& channel, const Json& frame) {
    const auto thread = fixed<ThreadId>(frame, "thread");
    const auto device = *asker(channel);
    const auto* chain = record().patient_of(thread);
    if (chain == nullptr || !record().may_read(device, *chain, trust::Audience::all)) {
        return kForbidden;
    }
    if (device.is_staff() && !channel.connection->open.contains(thread)) {
        return Error{Code::not_open, "open the thread first"};
    }
    std::vector<const StoredEntry*> found;
    for (const auto& entry : journal.entries()) {
        if (entry.thread != thread || !is_content(entry)) continue;
        if (!device.is_staff() && is_internal(entry)) continue;
        const bool forward = frame.contains("after");
        const auto before = forward ? 0 : number(frame, "before");
        if (forward ? entry.seq > number(frame, "after") : before == 0 || entry.seq < before) {
            found.push_back(&entry);
        }
    }
    const auto limit = number(frame, "limit");
    const bool more = found.size() > limit;
    if (more && frame.contains("after")) {
        found.resize(limit);
    } else if (more) {
        found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
    }
    auto list = Json::array();
    for (const auto* entry : found) list.push_back(shown(*entry, true, device.record->id));
    return Json{{"entries", std::move(list)}, {"more", more}};
}

Result<Json> MemoryServer::sync(Channel& channel, const Json& frame) {
    const auto device = *asker(channel);
    const auto id = device.record->id;
    auto upto = number(frame, "after");
    auto list = Json::array();
    const auto limit = number(frame, "limit");
    while (upto < journal.newest() && list.size() < limit) {
        const auto& entry = journal.at(++upto);
        if (entry.statement) {
            const auto name = trust::ChainName::parse(entry.statement->chain).value();
            const auto* chain = name.is_clinic() ? nullptr : record().patient(*name.patient());
            if (chain != nullptr && !record().may_read_chain(device, *chain)) continue;
            list.push_back(shown(entry, true, id));
        } else if (entry.thread && is_content(entry)) {
            const auto audience =
                is_internal(entry) ? trust::Audience::internal : trust::Audience::all;
            const auto* chain = record().patient_of(*entry.thread);
            if (!record().may_read(device, *chain, audience)) continue;
            list.push_back(shown(entry, !device.is_staff(), id));
        }
    }
    return Json{
        {"entries", std::move(list)},
        {"upto", upto},
        {"more", upto < journal.newest()},
        {"head", head(journal.newest())}
    };
}

Result<Json> MemoryServer::nothing(Channel&, const Json&) {
    return Json::object();
}

Result<Json> MemoryServer::receipts(Channel&, const Json&) {
    return Json{{"receipts", Json::array()}};
}

Result<Json> MemoryServer::newest_head(Channel&, const Json&) {
    return Json{{"head", head(journal.newest())}};
}

Result<Json> MemoryServer::consistency(Channel&, const Json& frame) {
    const auto path = audit::consistency_path(journal, number(frame, "from"), number(frame, "to"));
    return Json{{"path", path_of(path)}};
}

Result<Json> MemoryServer::inclusion(Channel&, const Json& frame) {
    auto paths = Json::array();
    for (const auto& seq : frame.at("seqs")) {
        const auto index = seq.get<Seq>() - 1;
        paths.push_back(path_of(audit::inclusion_path(journal, index, number(frame, "size"))));
    }
    return Json{{"paths", std::move(paths)}};
}

Result<Json> MemoryServer::slots(Channel& channel, const Json& frame) {
    const auto thread = fixed<ThreadId>(frame, "thread");
    const auto device = *asker(channel);
    std::map<Seq, Json> found;
    for (const auto& entry : journal.entries()) {
        if (entry.thread != thread || !is_content(entry)) continue;
        if (!device.is_staff() && is_internal(entry)) continue;
        if (entry.kind == audit::EntryKind::message) {
            if (entry.seq <= number(frame, "after")) continue;
            const auto payload = MessagePayload::of(entry.payloads.front().bytes);
            const auto sealed = message::decode_message(payload->message).value();
            found[entry.seq] = {
                {"seq", entry.seq},
                {"header", cbor::binary(sealed.header)},
                {"slots", cbor::binary(sealed.slots)}
            };
            continue;
        }
        for (const auto& payload : entry.payloads) {
            const auto added = message::decode_added_slots(payload.bytes).value();
            for (const auto& item : added) {
                if (!found.contains(item.seq)) continue;
                found[item.seq]["added"].push_back(message::to_json(item.slot));
            }
        }
    }
    auto list = Json::array();
    for (const auto& [seq, item] : found) {
        if (list.size() == number(frame, "limit")) break;
        list.push_back(item);
    }
    const bool more = list.size() < found.size();
    return Json{{"messages", std::move(list)}, {"more", more}};
}

Result<Json> MemoryServer::add_slots(Channel& channel, const Json& frame) {
    const auto thread = fixed<ThreadId>(frame, "thread");
    std::map<trust::Audience, std::vector<message::AddedSlot>> parts;
    WARDLINE_TRY(const auto added, message::parse_added_slots(frame.at("added")));
    for (const auto& item : added) {
        parts[trust::audience_of(*journal.at(item.seq).message_class)].push_back(item);
    }
    Seq last = 0;
    for (auto& [audience, items] : parts) {
        WARDLINE_TRY(
            const auto done,
            nodes_[channel.node]->memory.write(std::make_unique<AddedSlotsAct>(
                channel.connection->login()->device, thread, audience, std::move(items)
            ))
        );
        last = done.seq;
    }
    return Json{{"seq", last}};
}

}  // namespace wardline::model
