#include "tests/model/sync_world.hpp"

#include "clients/core/session.hpp"
#include "server/entry_frames.hpp"
#include "tests/model/bad_network.hpp"

#include <fstream>
#include <utility>

namespace wardline::model {

using testing::TestDevice;

SyncWorld::SyncWorld(std::filesystem::path folder) : folder_{std::move(folder)} {
    std::filesystem::create_directories(folder_);
    std::ofstream{folder_ / "key"} << "a key file for the model's stores";
    std::filesystem::permissions(folder_ / "key", std::filesystem::perms::owner_read);
    auto anna = make("anna", testing::staff("anna"));
    auto ben = make("ben", testing::staff("ben"));
    enrol(clinic_.invite(clinic_.admin, "anna", trust::Role::reception), anna);
    enrol(clinic_.invite(clinic_.admin, "ben", trust::Role::clinician), ben);
    const auto front = clinic_.team_of("front", anna);
    clinic_.admit(front, anna, ben);
    const auto spare = clinic_.a_further_device(ben);
    clinic_.admit(front, anna, spare);
    spare_ = spare.id;
    clinic_.open_patient("P-1", anna, {front});
    auto pat = make("pat", Account::patient(testing::a_patient("P-1")));
    const auto invite = clinic_.invite_patient("P-1", anna);
    (void)clinic_.try_apply("P-1", clinic_.patient_enrolment(invite, pat)).value();
    clinic_.next_patient_epoch(pat);
    begin();
}

SyncWorld::~SyncWorld() = default;

client::StoreKey SyncWorld::store_key() const {
    return client::StoreKey::from_key_file(folder_ / "key").value();
}

TestDevice SyncWorld::make(const std::string& name, const Account& account) {
    const client::Anchor anchor{
        .statement = clinic_.chain.genesis_hash(),
        .genesis = clinic_.chain.genesis_hash(),
        .audit = clinic_.server_keys.audit
    };
    auto identity = client::make_device_identity(
        clinic_.id, account, {"clinic.example", 8443, std::nullopt}, anchor, clinic_.random
    );
    const auto& made = identity.value();
    TestDevice device{account, made.signing, made.box, made.box, made.keys(), made.device()};
    homes_.push_back({folder_ / name, made});
    return device;
}

void SyncWorld::enrol(const testing::TestInvite& invite, const TestDevice& device) {
    (void)clinic_.try_apply(clinic_.enrolment(invite, device)).value();
}

void SyncWorld::begin() {
    Dice dice{1};
    Trouble calm{.dice = dice, .on = false};
    ModelClock clock{clinic_.now, calm};
    MemoryJournal journal;
    MemoryNode node{journal, clinic_.now};
    node.store(clinic_);
    server_ = std::make_unique<MemoryServer>(
        std::move(journal), std::map<DeviceId, UploadedPrekeys>{}, clinic_.audit, clinic_.now
    );
    BadNetwork network{*server_, calm};
    const client::Environment environment{clock, crypto::system_random(), network};
    for (const auto& home : homes_) begin(home, environment);
}

void SyncWorld::begin(const Home& home, const client::Environment& environment) {
    std::vector<wire::Entry> clinic;
    std::vector<wire::Entry> patient;
    for (const auto& entry : server_->journal.entries()) {
        if (!entry.statement) continue;
        const auto bytes = server::encode_entry(entry, server::EntryView::payload, {});
        auto parsed = wire::parse_entry(cbor::decode(bytes).value()).value();
        (parsed.chain->is_clinic() ? clinic : patient).push_back(std::move(parsed));
    }
    if (!home.identity.is_patient()) patient.clear();
    auto held = client::Home::open(home.path, client::Home::Make::yes).value();
    auto store = client::Store::create(held.store_file(), store_key(), environment.random);
    (void)client::save(*store.value(), home.identity).value();
    auto session = client::Session::make(
        std::move(held), std::move(store).value(), environment, client::ClientOptions{}
    );
    (void)session.value()->begin_chains(clinic, patient).value();
    (void)session.value()->connect().value();
}

}  // namespace wardline::model
