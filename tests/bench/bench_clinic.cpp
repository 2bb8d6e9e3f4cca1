#include "tests/bench/bench_clinic.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/message/sealed_message.hpp"
#include "protocol/trust/login.hpp"
#include "protocol/wire/frames.hpp"

#include <chrono>

namespace wardline::bench {
namespace {

constexpr std::size_t kAtOnce = 16;          // Enrolments under way on connections of their own.
constexpr std::size_t kLiveSlotBytes = 123;  // A Signal message that carries 50 bytes.
constexpr std::string_view kText =
    "Your appointment is moved to Tuesday at 10:30. Please bring the letter.";

Json boxes_of(const trust::EpochBoxes& boxes) {
    Json list = Json::array();
    for (const auto& box : boxes.boxes) list.push_back(cbor::binary(box.view()));
    return list;
}

}  // namespace

Instant wall_clock() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count()
    )};
}

BenchClinic::BenchClinic(Place place, const std::string& token)
    : place_{std::move(place)}, http_{place_.host, place_.port}, chains_{found(token)} {
    admin_ = log_in(chains_.admin);
}

testing::AClinic BenchClinic::found(const std::string& token) {
    const auto info = http_.post("/v1/setup/info", {{"token", token}});
    const testing::AClinic::ServerKeys keys{
        SigningKey::from(info.at("audit").get_binary()).value(),
        Hash::from(info.at("tls").get_binary()).value()
    };
    const auto seed = crypto::random_fixed<MessageId>(crypto::system_random()).hex();
    testing::AClinic clinic{seed, keys};
    Json statements = Json::array();
    for (const auto& statement : clinic.journal)
        statements.push_back(statement.statement.to_json());
    http_.post("/v1/setup", {{"token", token}, {"statements", std::move(statements)}});
    return clinic;
}

testing::AClinic& BenchClinic::at_present() {
    chains_.now = wall_clock();
    return chains_;
}

void BenchClinic::send_login(Wire& wire, const testing::TestDevice& device) {
    const auto generation = ++generations_[device.id];
    const trust::LoginChallenge challenge{
        .clinic = chains_.id,
        .device = device.id,
        .nonce = trust::LoginNonce::from(wire.hello().at("nonce").get_binary()).value(),
        .binding = trust::TlsBinding::from(wire.exporter().view()).value(),
        .generation = generation
    };
    wire.send(
        "login",
        {{"device", cbor::binary(device.id.view())},
         {"version", 1},
         {"features", Json::array({"live"})},
         {"generation", generation},
         {"binding", "tls-exporter"},
         {"sig", cbor::binary(trust::sign_login(device.signing, challenge).view())}}
    );
}

std::unique_ptr<Wire> BenchClinic::log_in(const testing::TestDevice& device) {
    auto wire = std::make_unique<Wire>(place_.host, place_.port);
    send_login(*wire, device);
    wire->receive();
    return wire;
}

void BenchClinic::upload(const trust::LocatedStatement& statement) {
    admin_->request("statement", {{"statement", statement.statement.to_json()}});
}

void BenchClinic::upload_epoch(
    Wire& by, const trust::LocatedStatement& statement, const Hash& epoch
) {
    const auto& boxes = chains_.epoch_boxes.at(epoch);
    by.request(
        "statement",
        {{"statement", statement.statement.to_json()},
         {"boxes", boxes_of(boxes)},
         {"previous", boxes.previous}}
    );
}

void BenchClinic::enrol(const trust::LocatedStatement& grant) {
    http_.post("/v1/enrol/finish", {{"statement", grant.statement.to_json()}});
}

testing::TestDevice BenchClinic::add_staff(const std::string& name) {
    const auto invite = at_present().invite(chains_.admin, name, trust::Role::clinician);
    upload(chains_.journal.back());
    auto device = chains_.enrol(invite);
    enrol(chains_.journal.back());
    return device;
}

TeamName BenchClinic::add_team(const std::string& name, testing::TestDevice& member) {
    auto team = at_present().team(name, {member.account});
    upload(chains_.journal.back());
    const auto wire = log_in(member);
    const auto epoch = chains_.next_epoch(team, member);
    upload_epoch(*wire, chains_.journal.back(), epoch);
    return team;
}

void BenchClinic::admit(
    const TeamName& team,
    const testing::TestDevice& member,
    Wire& by,
    const testing::TestDevice& device
) {
    at_present().admit(team, member, device);
    const auto* epoch = chains_.chain.team(team)->epochs.newest();
    const trust::EpochName name{trust::team_reader(team), epoch->number, epoch->key};
    const auto box =
        trust::make_admit_box(chains_.epoch_secrets.at(epoch->hash), name, device.keys.box).value();
    by.request(
        "statement",
        {{"statement", chains_.journal.back().statement.to_json()},
         {"boxes", Json::array({cbor::binary(box.view())})},
         {"previous", false}}
    );
}

void BenchClinic::add_patient_epoch(const testing::TestDevice& patient) {
    const auto wire = log_in(patient);
    const auto epoch = at_present().next_patient_epoch(patient);
    upload_epoch(*wire, chains_.journal.back(), epoch);
}

BenchClinic::Pair BenchClinic::add_pair(std::size_t number) {
    const auto name = std::to_string(number);
    auto staff = add_staff("nurse-" + name);
    const auto team = add_team("team-" + name, staff);
    auto patients = add_patients(1, team);
    Pair pair{std::move(staff), std::move(patients.front()), {}, {}, {}};
    pair.patient_id = pair.patient.account.name();
    pair.patient_wire = log_in(pair.patient);
    const auto epoch = at_present().next_patient_epoch(pair.patient);
    upload_epoch(*pair.patient_wire, chains_.journal.back(), epoch);
    pair.staff_wire = log_in(pair.staff);
    const auto& thread = chains_.patient(pair.patient_id).thread();
    pair.staff_wire->request("open", {{"thread", cbor::binary(thread.view())}});
    return pair;
}

std::vector<testing::TestDevice> BenchClinic::add_patients(
    std::size_t count, const TeamName& team
) {
    std::vector<testing::TestDevice> out;
    std::vector<HttpClient> connections;
    while (connections.size() < std::min(count, kAtOnce))
        connections.emplace_back(place_.host, place_.port);
    while (out.size() < count) {
        std::vector<trust::LocatedStatement> grants;
        while (grants.size() < connections.size() && out.size() < count) {
            const auto id = "P-" + std::to_string(chains_.patients.size() + 1);
            at_present().open_patient(id, chains_.admin, {team});
            admin_->send("statement", {{"statement", chains_.journal.back().statement.to_json()}});
            const auto invite = chains_.invite_patient(id, chains_.admin);
            admin_->send("statement", {{"statement", chains_.journal.back().statement.to_json()}});
            out.push_back(chains_.enrol_patient(invite));
            grants.push_back(chains_.journal.back());
        }
        for (std::size_t i = 0; i < 2 * grants.size(); ++i) admin_->receive();
        for (std::size_t i = 0; i < grants.size(); ++i) {
            connections[i].send("/v1/enrol/finish", {{"statement", grants[i].statement.to_json()}});
        }
        for (std::size_t i = 0; i < grants.size(); ++i) connections[i].receive();
    }
    return out;
}

std::vector<Prepared> prepare(
    const testing::AClinic& clinic,
    const trust::PatientChain& thread,
    const testing::TestDevice& sender,
    const PrepareOptions& options
) {
    auto& random = crypto::system_random();
    const auto message_class = trust::parse_class(options.message_class).value();
    const auto readers =
        trust::expected_slots(clinic.chain, thread, trust::audience_of(message_class));
    std::vector<message::LiveSlot> live;
    for (const auto& device : options.live) {
        live.push_back({device, message::LiveKind::message, Bytes(kLiveSlotBytes)});
    }
    message::Header header{
        .clinic = clinic.id,
        .thread = thread.thread(),
        .patient = thread.patient(),
        .id = {},
        .device = sender.id,
        .counter = options.first_counter,
        .message_class = message_class,
        .sent = {},
        .commit = {},
        .prev = {},
        .clinic_head = clinic.chain.head(),
        .patient_head = thread.head(),
        .tree = {}
    };
    std::vector<Prepared> out;
    out.reserve(options.count);
    for (std::size_t i = 0; i < options.count; ++i, ++header.counter) {
        header.sent = wall_clock();
        header.id = message::make_message_id(header.sent, random);
        auto composed =
            message::compose(
                header, message::Text{std::string{kText}}, readers, sender.signing, random
            )
                .value();
        for (auto& slot : live) random.fill(slot.bytes);
        Json body{
            {"message", message::to_json(composed.message)}, {"live", message::to_json(live)}
        };
        header.prev = composed.hash;
        out.push_back(
            {wire::make_request(
                 "send", options.first_request + i * options.request_step, std::move(body)
             ),
             header.id}
        );
    }
    return out;
}

}  // namespace wardline::bench
