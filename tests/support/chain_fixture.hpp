#pragma once

#include "protocol/crypto/crypto.hpp"
#include "protocol/trust/clinic_chain.hpp"
#include "protocol/trust/epoch.hpp"
#include "protocol/trust/fingerprint.hpp"
#include "protocol/trust/invite.hpp"
#include "protocol/trust/patient_chain.hpp"
#include "protocol/trust/readers.hpp"
#include "tests/support/seeded_random.hpp"

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Chains for tests, made as real clients make them: real keys, signatures and boxes, the same ones
// in every run. A step that a chain refuses throws, unless it is a try_….
namespace wardline::testing {

inline Account staff(const std::string& name) {
    return Account::staff(StaffName::parse(name).value());
}
inline TeamName a_team(const std::string& name) {
    return TeamName::parse(name).value();
}
inline PatientId a_patient(const std::string& id) {
    return PatientId::parse(id).value();
}

// A device with its private keys.
struct TestDevice {
    Account account;
    SigningSecret signing;
    BoxSecret identity;
    BoxSecret box;
    trust::DeviceKeys keys;
    DeviceId id;
};

// An invite with its secret, as the URI carries them.
struct TestInvite {
    Account account;
    trust::Role role;
    InviteSecret secret;
    Hash statement;
};

class AClinic {
public:
    // Keys of a server that a clinic is founded on.
    struct ServerKeys {
        SigningKey audit;
        Hash tls;
    };

    // Genesis, and "admin" as the first administrator.
    explicit AClinic(
        const std::string& seed = "wardline test clinic",
        const std::optional<ServerKeys>& server = std::nullopt
    )
        : random{seed},
          root{crypto::random_secret<SigningSecret>(random)},
          vault{crypto::random_secret<BoxSecret>(random)},
          audit{crypto::random_secret<SigningSecret>(random)},
          server_keys{server.value_or(ServerKeys{
              crypto::signing_key_of(audit), crypto::sha256(as_bytes("the server's key"))
          })},
          id{crypto::random_fixed<ClinicId>(random)},
          admin{new_device(staff("admin"))} {
        must(root, genesis());
        must(root, grant_of(admin, crypto::signing_key_of(root), std::nullopt, trust::Role::admin));
    }

    // ---- Steps in the clinic's chain ----

    // The statement as it would stand next. Nothing is applied.
    trust::LocatedStatement next(const SigningSecret& by, trust::StatementData data) const {
        auto fields = chain.draft(now, std::move(data));
        fields.clinic = id;
        return located(trust::sign_statement(by, std::move(fields)).value());
    }
    Result<void> try_apply(const SigningSecret& by, trust::StatementData data) {
        return try_apply(next(by, std::move(data)));
    }
    Result<void> try_apply(const trust::LocatedStatement& statement) {
        auto applied = chain.apply(statement);
        if (applied) took(statement);
        return applied;
    }
    trust::LocatedStatement must(const SigningSecret& by, trust::StatementData data) {
        auto statement = next(by, std::move(data));
        require(try_apply(statement));
        return statement;
    }

    trust::Genesis genesis() const {
        return {
            "Clinic for Tests",
            crypto::signing_key_of(root),
            crypto::box_key_of(vault),
            server_keys.audit,
            server_keys.tls,
            {90, 3'650, 3'650, 365, 30, 365}
        };
    }
    trust::Invite invite_data(
        const Account& account,
        trust::Role role,
        const InviteSecret& secret,
        std::vector<TeamName> teams = {}
    ) const {
        const auto expires = Instant{now.ms + 3 * trust::kDayMs};
        return {account, role, std::move(teams), trust::invite_key(secret), expires};
    }
    trust::Grant grant_of(
        const TestDevice& device, const SigningKey& by, std::optional<Hash> invite, trust::Role role
    ) const {
        const auto& keys = device.keys;
        const auto pop = trust::prove_possession(device.signing, id, by, keys.identity, keys.box);
        return {device.account, role, keys, pop, invite};
    }

    TestInvite invite(const TestDevice& by, const std::string& name, trust::Role role) {
        return invite(by.signing, staff(name), role);
    }
    TestInvite invite(const SigningSecret& by, const Account& account, trust::Role role) {
        const auto secret = crypto::random_secret<InviteSecret>(random);
        const auto statement = must(by, invite_data(account, role, secret));
        return {account, role, secret, statement.statement.hash()};
    }
    trust::LocatedStatement enrolment(const TestInvite& invite, const TestDevice& device) const {
        const auto by = trust::invite_signing_secret(invite.secret);
        return next(
            by, grant_of(device, crypto::signing_key_of(by), invite.statement, invite.role)
        );
    }
    TestDevice enrol(const TestInvite& invite) {
        auto device = new_device(invite.account);
        require(try_apply(enrolment(invite, device)));
        return device;
    }
    // Approved by root, or by `officer` once two people are needed.
    void approve(const Hash& proposal, const TestDevice* officer = nullptr) {
        must(officer == nullptr ? root : officer->signing, trust::Approve{proposal});
    }
    // A member of staff with one device; a sensitive role is approved by root.
    TestDevice a_staff_device(const std::string& name, trust::Role role = trust::Role::clinician) {
        const auto sent = invite(admin, name, role);
        if (trust::sensitive(role)) approve(sent.statement);
        return enrol(sent);
    }
    // A further device of the same account.
    TestDevice a_further_device(const TestDevice& owner) {
        const auto role = chain.account(owner.account)->role_at(trust::kNow);
        return enrol(invite(owner.signing, owner.account, role));
    }

    TeamName team(const std::string& name, std::vector<Account> founders) {
        must(admin.signing, trust::TeamCreate{a_team(name), std::move(founders)});
        return a_team(name);
    }
    // A team with a live epoch, founded by the device's account.
    TeamName team_of(const std::string& name, const TestDevice& founder) {
        auto made = team(name, {founder.account});
        next_epoch(made, founder);
        return made;
    }
    trust::Epoch epoch_data(const TeamName& name) {
        const auto* record = chain.team(name);
        return make_epoch(
            name, trust::team_reader(name), record->epochs, chain.next_epoch_devices(name), nullptr
        );
    }
    Hash next_epoch(const TeamName& name, const TestDevice& by) {
        const auto data = epoch_data(name);
        const auto statement = must(by.signing, data);
        return keep_epoch(data, statement);
    }
    trust::Admit admit_data(const TeamName& name, const TestDevice& device) const {
        const auto* epoch = chain.team(name)->epochs.newest();
        return {
            name, device.id, epoch->hash, admit_box_hash(*epoch, trust::team_reader(name), device)
        };
    }
    void admit(const TeamName& name, const TestDevice& by, const TestDevice& device) {
        must(by.signing, admit_data(name, device));
    }

    // ---- Steps in patients' chains ----

    trust::PatientChain& patient(const std::string& patient_id) {
        return patients.try_emplace(patient_id, a_patient(patient_id)).first->second;
    }
    trust::LocatedStatement next(
        const std::string& patient_id, const SigningSecret& by, trust::StatementData data
    ) {
        auto fields = patient(patient_id).draft(chain, now, std::move(data));
        return located(trust::sign_statement(by, std::move(fields)).value());
    }
    Result<void> try_apply(
        const std::string& patient_id, const trust::LocatedStatement& statement
    ) {
        auto applied = patient(patient_id).apply(statement, chain);
        if (applied) took(statement);
        return applied;
    }
    Result<void> try_apply(
        const std::string& patient_id, const SigningSecret& by, trust::StatementData data
    ) {
        return try_apply(patient_id, next(patient_id, by, std::move(data)));
    }
    trust::LocatedStatement must(
        const std::string& patient_id, const SigningSecret& by, trust::StatementData data
    ) {
        auto statement = next(patient_id, by, std::move(data));
        require(try_apply(patient_id, statement));
        return statement;
    }

    trust::PatientChain& open_patient(
        const std::string& patient_id, const TestDevice& by, std::vector<TeamName> teams
    ) {
        const auto thread = crypto::random_fixed<ThreadId>(random);
        must(
            patient_id,
            by.signing,
            trust::PatientOpen{a_patient(patient_id), thread, std::move(teams)}
        );
        return patient(patient_id);
    }
    TestInvite invite_patient(const std::string& patient_id, const TestDevice& by) {
        const auto account = Account::patient(a_patient(patient_id));
        const auto secret = crypto::random_secret<InviteSecret>(random);
        const auto statement =
            must(patient_id, by.signing, invite_data(account, trust::Role::patient, secret));
        return {account, trust::Role::patient, secret, statement.statement.hash()};
    }
    trust::LocatedStatement patient_enrolment(const TestInvite& invite, const TestDevice& device) {
        const auto by = trust::invite_signing_secret(invite.secret);
        return next(
            invite.account.name(),
            by,
            grant_of(device, crypto::signing_key_of(by), invite.statement, invite.role)
        );
    }
    TestDevice enrol_patient(const TestInvite& invite) {
        auto device = new_device(invite.account);
        require(try_apply(invite.account.name(), patient_enrolment(invite, device)));
        return device;
    }
    TestDevice a_patient_device(const std::string& patient_id, const TestDevice& by) {
        return enrol_patient(invite_patient(patient_id, by));
    }
    trust::Epoch patient_epoch_data(const std::string& patient_id) {
        const auto& record = patient(patient_id);
        return make_epoch(
            std::nullopt,
            record.epoch_context(),
            record.epochs(),
            record.next_epoch_devices(),
            &record
        );
    }
    Hash next_patient_epoch(const TestDevice& by) {
        const auto& patient_id = by.account.name();
        const auto data = patient_epoch_data(patient_id);
        const auto statement = must(patient_id, by.signing, data);
        return keep_epoch(data, statement);
    }
    trust::Admit patient_admit_data(const TestDevice& device) {
        const auto& record = patient(device.account.name());
        const auto* epoch = record.epochs().newest();
        return {
            std::nullopt,
            device.id,
            epoch->hash,
            admit_box_hash(*epoch, record.epoch_context(), device)
        };
    }
    void confirm_identity(const TestDevice& by, const TestDevice& device) {
        must(
            device.account.name(),
            by.signing,
            trust::IdentityConfirm{device.id, trust::device_fingerprint(device.keys)}
        );
    }

    // ---- Keys and time ----

    TestDevice new_device(const Account& account) {
        TestDevice device{
            account,
            crypto::random_secret<SigningSecret>(random),
            crypto::random_secret<BoxSecret>(random),
            crypto::random_secret<BoxSecret>(random),
            {},
            {}
        };
        const auto identity = crypto::box_key_of(device.identity);
        device.keys = {
            crypto::signing_key_of(device.signing),
            IdentityKey::from(concat({Bytes{5}, identity.view()})).value(),
            crypto::box_key_of(device.box)
        };
        device.id = trust::device_id_of(device.keys.signing);
        return device;
    }
    void pass(std::uint64_t ms) { now.ms += ms; }
    trust::LocatedStatement located(trust::Statement statement) const {
        return {seq + 1, now, std::move(statement)};
    }
    // An entry of another kind, such as a message: takes a seq.
    Seq pass_entry() { return ++seq; }

    SeededRandom random;
    Instant now{1'700'000'000'000};
    Seq seq{0};
    SigningSecret root;
    BoxSecret vault;
    SigningSecret audit;
    ServerKeys server_keys;
    ClinicId id;
    TestDevice admin;
    trust::ClinicChain chain;
    std::map<std::string, trust::PatientChain> patients;
    // Everything that was applied, in the order of the journal.
    std::vector<trust::LocatedStatement> journal;
    // By the hash of the epoch statement.
    std::map<Hash, BoxSecret> epoch_secrets;
    std::map<Hash, trust::EpochBoxes> epoch_boxes;

private:
    static void require(const Result<void>& applied) {
        if (applied) return;
        throw std::logic_error{
            std::string{name_of(applied.error().code)} + ": " + applied.error().detail
        };
    }
    void took(const trust::LocatedStatement& statement) {
        seq = statement.seq;
        now.ms += 1'000;
        journal.push_back(statement);
    }
    Hash keep_epoch(const trust::Epoch& data, const trust::LocatedStatement& statement) {
        const auto& hash = statement.statement.hash();
        epoch_secrets[hash] = made_.at(data.key).first;
        epoch_boxes[hash] = made_.at(data.key).second;
        return hash;
    }
    Hash admit_box_hash(
        const trust::EpochRecord& epoch, const std::string& reader, const TestDevice& device
    ) const {
        const trust::EpochName name{reader, epoch.number, epoch.key};
        const auto found = epoch_secrets.find(epoch.hash);
        if (found == epoch_secrets.end()) return {};
        const auto box = trust::make_admit_box(found->second, name, device.keys.box).value();
        return trust::hash_of_boxes(std::vector{box});
    }
    trust::Epoch make_epoch(
        std::optional<TeamName> team,
        const std::string& reader,
        const trust::EpochHistory& epochs,
        const std::vector<DeviceId>& devices,
        const trust::PatientChain* record
    ) {
        const auto* before = epochs.newest();
        const auto secret = crypto::random_secret<BoxSecret>(random);
        const auto number = before == nullptr ? 1 : before->number + 1;
        const trust::EpochName name{reader, number, crypto::box_key_of(secret)};
        trust::EpochReaders readers{{}, crypto::box_key_of(vault), nullptr};
        for (const auto& device : devices) {
            readers.devices.push_back(
                record == nullptr ? chain.device(device)->keys.box
                                  : record->device(device)->keys.box
            );
        }
        if (before != nullptr) readers.previous = &epoch_secrets.at(before->hash);
        const auto boxes = trust::make_epoch_boxes(secret, name, readers).value();
        made_[name.key] = {secret, boxes};
        return {
            std::move(team),
            number,
            name.key,
            before == nullptr ? Hash{} : before->hash,
            devices,
            trust::hash_of_boxes(boxes.boxes)
        };
    }

    std::map<BoxKey, std::pair<BoxSecret, trust::EpochBoxes>> made_;
};

}  // namespace wardline::testing
