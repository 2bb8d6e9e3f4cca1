#pragma once

#include "tests/model/clinic_model.hpp"
#include "tests/model/dice.hpp"
#include "tests/model/patient_model.hpp"
#include "tests/support/chain_fixture.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

// Statements that people of a small clinic could make, and many that they could not: by the wrong
// person, at the wrong time, about what is not there, with keys used twice.
namespace wardline::model {

struct Drawn {
    SigningSecret by;
    trust::StatementData data;
};

class RandomStatements {
public:
    RandomStatements(Dice& dice, testing::AClinic& clinic, const ClinicModel& model);

    Drawn for_clinic();
    Drawn for_patient(const PatientModel& patient, const PatientId& id);

    // Every device that anybody ever had keys for, granted or not.
    const std::vector<testing::TestDevice>& devices() const { return devices_; }
    void add(const testing::TestDevice& device) { devices_.push_back(device); }
    const std::vector<TeamName>& teams() const { return teams_; }
    const std::vector<Account>& accounts() const { return accounts_; }
    // A statement stands: what it names can be named.
    void took(const trust::LocatedStatement& located);

private:
    struct Secret {
        InviteSecret secret;
        Hash hash;  // Of the statement, once it stands.
        Account account;
        trust::Role role;
    };

    SigningSecret anybody();
    // Somebody of whom that is true, mostly.
    template <class Wanted>
    SigningSecret somebody(Wanted wanted);
    SigningSecret somebody_who_may(trust::Capability capability);
    trust::Invite invite(const Account& account, trust::Role role);
    Drawn staff_invite();
    Drawn role_change();
    Drawn team_create();
    Drawn admission();
    Drawn team_epoch();
    Drawn verdict();
    Drawn trail_policy();
    Drawn grant(const std::string& account_kind);
    trust::Epoch epoch(
        std::optional<TeamName> team, const NewestEpoch& before, const std::set<DeviceId>& devices
    );
    DeviceId some_device();
    trust::Role some_role();
    Hash some_hash();
    template <class T>
    T random_value() {
        return crypto::random_fixed<T>(clinic_.random);
    }

    Dice& dice_;
    testing::AClinic& clinic_;
    const ClinicModel& model_;
    std::vector<testing::TestDevice> devices_;
    std::vector<Secret> secrets_;
    std::vector<Hash> hashes_;  // Of statements that stand.
    std::vector<Account> accounts_;
    std::vector<TeamName> teams_;
};

}  // namespace wardline::model
