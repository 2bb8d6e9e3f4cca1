#pragma once

#include "tests/model/clinic_model.hpp"
#include "tests/model/dice.hpp"
#include "tests/model/patient_model.hpp"
#include "tests/model/random_statements.hpp"
#include "tests/support/chain_fixture.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

// One clinic's life in statements: each is put before the product's chain and before the model, and
// after each the two are asked the same questions, about now and about some earlier entry.
namespace wardline::model {

// What a control plants, to see that it is found.
enum class ChainFault : std::uint8_t { none, forgotten_revocation, unchecked_signature };

// By type of statement.
struct Verdicts {
    unsigned accepted{0};
    unsigned refused{0};
};

class ChainSchedule {
public:
    ChainSchedule(std::uint64_t seed, ChainFault fault);

    // What the two disagree about, or nothing.
    std::optional<std::string> run();
    const std::map<std::string, Verdicts>& verdicts() const { return verdicts_; }

private:
    struct Put {
        trust::LocatedStatement located;
        bool accepted{false};
    };
    struct Patient {
        PatientId id;
        PatientModel model;
        std::vector<Put> puts;
    };

    // People, a team and a patient to begin with, in most clinics.
    void found();
    void pass_time();
    std::optional<std::string> step();
    std::optional<std::string> clinic_step();
    std::optional<std::string> patient_step(Patient& patient);
    // Draws whether place and proof are right, and spoils them where not.
    bool spoil(Drawn& drawn, trust::StatementFields& fields, Seq head_seq, Seq& seq);
    std::optional<trust::LocatedStatement> sign(
        const SigningSecret& by, trust::StatementFields fields, Seq seq, bool& signature_right
    );
    std::optional<std::string> judge(
        const trust::LocatedStatement& located, bool expected, const Result<void>& answer
    );
    std::optional<std::string> compare(Seq at);
    std::optional<std::string> compare(const TeamName& team, Seq at);
    std::optional<std::string> compare(const Patient& patient, Seq at);
    std::optional<std::string> compare_invites();
    // Another client, which gets the clinic's statements late, twice, or not in order.
    std::optional<std::string> follow();
    // Patients' chains as one sees them who knows all of the clinic's first.
    std::optional<std::string> verify_late();

    Dice dice_;
    ChainFault fault_;
    testing::AClinic clinic_;
    ClinicModel model_;
    RandomStatements source_;
    std::vector<Patient> patients_;
    std::map<std::string, Verdicts> verdicts_;
};

}  // namespace wardline::model
