#include "tests/server/server_fixture.hpp"

#include "audit/registry.hpp"
#include "protocol/trust/login.hpp"
#include "protocol/wire/frames.hpp"
#include "server/acts/statement_act.hpp"
#include "storage/journal_reader.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <stdexcept>
#include <utility>

namespace wardline::testing {
namespace {

SymmetricKey a_key(std::uint8_t filler) {
    SymmetricKey key;
    std::ranges::fill(key.writable(), filler);
    return key;
}

AClinic a_clinic() {
    return AClinic{
        "server tests",
        AClinic::ServerKeys{crypto::signing_key_of(server_audit_key()), server_pin()}
    };
}

// The count of a device's logins, as its store would keep it.
std::uint64_t next_generation() {
    static std::uint64_t generation = 0;
    return ++generation;
}

trust::EpochBoxes boxes_for(AClinic& clinic, const trust::LocatedStatement& located) {
    const auto& statement = located.statement;
    if (std::holds_alternative<trust::Epoch>(statement.data())) {
        return clinic.epoch_boxes.at(statement.hash());
    }
    const auto* admit = std::get_if<trust::Admit>(&statement.data());
    if (admit == nullptr) return {};
    const auto found = clinic.chain.epoch(admit->epoch);
    const trust::EpochName name{
        trust::team_reader(*admit->team), found->epoch->number, found->epoch->key
    };
    const auto& key = clinic.chain.device(admit->device)->keys.box;
    const auto box = trust::make_admit_box(clinic.epoch_secrets.at(admit->epoch), name, key);
    return {{box.value()}, false};
}

}  // namespace

SigningSecret server_audit_key() {
    SigningSecret key;
    std::ranges::fill(key.writable(), std::uint8_t{7});
    return key;
}

Hash server_pin() {
    return crypto::sha256(as_bytes("the server's key"));
}

bool FakePeer::push(Bytes frame) {
    if (closed) return false;
    frames.push_back(cbor::decode(frame).value());
    return true;
}

void FakePeer::close(server::CloseCode code, std::string_view /*reason*/) {
    if (!closed) closed = code;
}

ServerNode::ServerNode(const storage::DatabaseOptions& databases, const Instant& clock)
    : now{clock},
      log{server::Log::to_stream(log_text, server::LogLevel::debug, a_key(3))},
      database{io.get_executor(), databases},
      keys{database, a_key(9), crypto::system_random()},
      state{database, keys, log},
      journal{
          database,
          keys,
          state,
          server_audit_key(),
          [this] { return now; },
          crypto::system_random(),
          {.poll = std::chrono::milliseconds{20}}
      },
      tokens{folder.path()},
      tasks{io.get_executor(), log} {
    application.emplace(server::ApplicationParts{
        .executor = io.get_executor(),
        .database = database,
        .keys = keys,
        .journal = journal,
        .state = state,
        .setup_tokens = tokens,
        .metrics = metrics,
        .log = log,
        .limits = {},
        .tls_pin = server_pin(),
        .audit_key = crypto::signing_key_of(server_audit_key()),
        .version = "test",
        .now = [this] { return now; },
        .random = crypto::system_random()
    });
}

ServerNode::~ServerNode() {
    stop();
    database.close();
}

void ServerNode::start() {
    run(keys.check()).value();
    run(keys.top_up()).value();
    tasks.spawn(journal.run());
    tasks.spawn(application->run());
    running = true;
    if (!run_until(io, [this] { return journal.available(); })) {
        throw std::runtime_error{"the journal does not start: " + log_text.str()};
    }
}

void ServerNode::stop() {
    if (!std::exchange(running, false)) return;
    application->stop();
    run_until(io, [this] { return application->idle(); });
    application->say_goodbye();
    journal.stop();
    run_until(io, [this] { return tasks.size() == 0; });
}

server::HttpResponse ServerNode::http(
    const std::string& method, const std::string& path, const Json& body
) {
    std::optional<server::HttpResponse> answer;
    server::HttpRequest request{
        method, path, "application/cbor", body.is_null() ? Bytes{} : cbor::encode(body), "127.0.0.1"
    };
    tasks.spawn(
        [](server::Application& to, server::HttpRequest asked, auto& out
        ) -> boost::asio::awaitable<void> {
            out = co_await to.handle(std::move(asked));
        }(*application, std::move(request), answer)
    );
    run_until(io, [&] { return answer.has_value(); });
    return *std::move(answer);
}

Json ServerNode::post(const std::string& path, const Json& body, unsigned* status) {
    const auto answer = http("POST", path, body);
    if (status != nullptr) *status = answer.status;
    return cbor::decode(answer.body).value();
}

RawClient::RawClient(ServerNode& to) : node{to}, peer{std::make_shared<FakePeer>()} {
    session_ = node.application->connected(peer);
    hello_ = peer->frames.front();
    peer->frames.pop_front();
}

RawClient::~RawClient() {
    hang_up();
}

void RawClient::hang_up() {
    if (!session_) return;
    session_->disconnected();
    session_.reset();
}

std::uint64_t RawClient::send(const std::string& type, Json body) {
    const auto id = next_id_++;
    session_->received(wire::make_request(type, id, std::move(body)));
    return id;
}

void RawClient::send_raw(Bytes frame) {
    session_->received(std::move(frame));
}

std::optional<Json> RawClient::take(const std::function<bool(const Json&)>& wanted) {
    const auto found = std::ranges::find_if(peer->frames, wanted);
    if (found == peer->frames.end()) return std::nullopt;
    auto frame = std::move(*found);
    peer->frames.erase(found);
    return frame;
}

Json RawClient::answer_to(std::uint64_t id) {
    std::optional<Json> answer;
    const bool came = run_until(node.io, [&] {
        if (!answer) {
            answer =
                take([id](const Json& frame) { return frame.contains("id") && frame["id"] == id; });
        }
        return answer.has_value();
    });
    if (!came) throw std::runtime_error{"no answer came: " + node.log_text.str()};
    return *answer;
}

Json RawClient::ask(const std::string& type, Json body) {
    return answer_to(send(type, std::move(body)));
}

Json RawClient::login(const TestDevice& device, const ClinicId& clinic, std::uint64_t generation) {
    const auto count = generation == 0 ? next_generation() : generation;
    trust::LoginChallenge challenge{clinic, device.id, {}, {}, count};
    challenge.nonce = trust::LoginNonce::from(hello_["nonce"].get_binary()).value();
    challenge.binding = trust::TlsBinding::from(peer->exporter.view()).value();
    const auto sig = trust::sign_login(device.signing, challenge);
    return ask(
        "login",
        {{"device", cbor::binary(device.id.view())},
         {"version", 1},
         {"features", Json::array()},
         {"generation", count},
         {"binding", "tls-exporter"},
         {"sig", cbor::binary(sig.view())}}
    );
}

Json RawClient::push(const std::string& type) {
    std::optional<Json> found;
    const bool came = run_until(node.io, [&] {
        if (!found) {
            found = take([&](const Json& f) { return f["t"] == type && !f.contains("id"); });
        }
        return found.has_value();
    });
    if (!came) throw std::runtime_error{"no push came: " + type};
    return *found;
}

std::vector<Json> RawClient::pushed(const std::string& type) {
    std::vector<Json> out;
    while (auto frame = take([&](const Json& f) { return f["t"] == type && !f.contains("id"); })) {
        out.push_back(*std::move(frame));
    }
    return out;
}

void RawClient::wait_until_closed() {
    if (!run_until(node.io, [this] { return peer->closed.has_value(); })) {
        throw std::runtime_error{"the connection stays open"};
    }
}

ServerTest::ServerTest()
    : databases{TestDatabases::shared().fresh()},
      clinic{a_clinic()},
      node{databases, clinic.now},
      reception{clinic.a_staff_device("rita", trust::Role::reception)},
      nurse{clinic.a_staff_device("nora")},
      outsider{clinic.a_staff_device("otto")},
      patient{clinic.new_device(Account::patient(a_patient("P-1")))},
      front{clinic.team_of("front", reception)},
      other{clinic.team_of("other", outsider)} {
    clinic.admit(front, reception, nurse);
    clinic.open_patient("P-1", reception, {front});
    patient = clinic.a_patient_device("P-1", reception);
    clinic.next_patient_epoch(patient);
    node.start();
    store();
}

void ServerTest::store() {
    if (stored == 0) {
        auto act = std::make_unique<server::SetupAct>(
            clinic.journal[0].statement, clinic.journal[1].statement
        );
        act->tls_pin = server_pin();
        act->audit_key = crypto::signing_key_of(server_audit_key());
        node.run(node.journal.append(std::move(act))).value();
        stored = 2;
    }
    for (; stored < clinic.journal.size(); ++stored) {
        const auto& located = clinic.journal[stored];
        auto act = std::make_unique<server::StatementAct>(located.statement);
        act->boxes = boxes_for(clinic, located);
        const auto done = node.run(node.journal.append(std::move(act)));
        if (!done) throw std::runtime_error{"not stored: " + done.error().detail};
    }
}

RawClient ServerTest::connect(ServerNode& to, const TestDevice& device) {
    RawClient client{to};
    const auto answer = client.login(device, clinic.id);
    if (answer["t"] != "login") throw std::runtime_error{"no login: " + code_of(answer)};
    return client;
}

Json ServerTest::prepare(RawClient& from, const TestDevice& device, const Draft& draft) {
    auto& chain = clinic.patient("P-1");
    const auto audience = trust::audience_of(draft.message_class);
    const auto asked = from.ask(
        "recipients", {{"thread", thread()}, {"class", trust::name_of(draft.message_class)}}
    );
    if (asked["t"] == "error") throw std::runtime_error{"no recipients: " + code_of(asked)};
    message::Header header{
        .clinic = clinic.id,
        .thread = chain.thread(),
        .patient = chain.patient(),
        .id = draft.id.value_or(message::make_message_id(clinic.now, clinic.random)),
        .device = device.id,
        .counter = draft.counter.value_or(asked["counter"].get<std::uint64_t>()),
        .message_class = draft.message_class,
        .sent = clinic.now,
        .commit = {},
        .prev = {},
        .clinic_head = {clinic.chain.head().pos, clinic.chain.head().hash},
        .patient_head = {chain.head().pos, chain.head().hash},
        .tree = {}
    };
    const auto readers = trust::expected_slots(clinic.chain, chain, audience);
    const auto composed = message::compose(
        std::move(header), message::Text{draft.text}, readers, device.signing, clinic.random
    );
    std::vector<message::LiveSlot> live;
    for (const auto& id : asked["devices"]) {
        const auto recipient = DeviceId::from(id.get_binary()).value();
        live.push_back({recipient, message::LiveKind::message, recipient.bytes()});
    }
    return {
        {"message", message::to_json(composed.value().message)}, {"live", message::to_json(live)}
    };
}

Json ServerTest::send(RawClient& from, const TestDevice& device, const Draft& draft) {
    return from.ask("send", prepare(from, device, draft));
}

Json ServerTest::details_of(const Json& entry) {
    return cbor::decode(entry["details"].get_binary()).value();
}

std::vector<Json> ServerTest::stored_details(audit::EntryKind kind) {
    storage::JournalReader reader{node.database, node.keys};
    const auto page = node.run(reader.range(0, UINT64_MAX, 10'000)).value();
    std::vector<Json> out;
    for (const auto& entry : page.entries) {
        if (entry.kind == kind) out.push_back(cbor::decode(entry.details).value());
    }
    return out;
}

std::vector<Json> ServerTest::filed(audit::EntryKind kind, std::size_t count) {
    std::vector<Json> out;
    const bool there = run_until(node.io, [&] {
        out = stored_details(kind);
        return out.size() >= count;
    });
    if (!there) throw std::runtime_error{"an entry is not filed"};
    return out;
}

void ServerTest::TearDown() {
    storage::JournalReader reader{node.database, node.keys};
    const auto page = node.run(reader.range(0, UINT64_MAX, 10'000));
    // Some tests take the database away.
    if (page) {
        for (const auto& entry : page.value().entries) {
            if (entry.details.empty()) continue;  // Erased.
            const auto checked = audit::check_details(entry.kind, entry.details);
            EXPECT_TRUE(checked) << "entry " << entry.seq << ": " << checked.error().detail;
        }
    }
    if (HasFailure()) std::cerr << node.log_text.str();
}

EmptyServerTest::EmptyServerTest()
    : databases{TestDatabases::shared().fresh()}, clinic{a_clinic()}, node{databases, clinic.now} {
    node.start();
    token = node.tokens.issue(server_pin(), clinic.now).value();
}

std::string code_of(const Json& answer) {
    return answer.contains("code") ? answer["code"].get<std::string>() : "ok";
}

Json statement_json(const trust::LocatedStatement& located) {
    return located.statement.to_json();
}

}  // namespace wardline::testing
