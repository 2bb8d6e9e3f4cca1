// Statements put before the clinic's and a patient's chain, signed by people of a clinic over bytes
// that the input decides: bodies as they could be, with some bytes changed. Nothing that a chain
// refuses changes it, and what it accepts another verifier of the same entries accepts too.
#include "protocol/base/cbor.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/chain_fixture.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace wardline;
using fuzz::require;
using testing::AClinic;
using testing::TestDevice;

namespace {

constexpr std::string_view kDomain = "wardline/1 statement";
constexpr std::size_t kStepsMax = 8;

struct World {
    World() {
        const auto anna = clinic.a_staff_device("anna", trust::Role::reception);
        const auto ben = clinic.a_staff_device("ben");
        const auto front = clinic.team_of("front", anna);
        clinic.open_patient("P-1", anna, {front});
        const auto phone = clinic.a_patient_device("P-1", anna);
        clinic.next_patient_epoch(phone);
        signers = {clinic.root, clinic.admin.signing, anna.signing, ben.signing, phone.signing};
        const auto guest = clinic.invite(clinic.admin, "cleo", trust::Role::clinician);
        const auto cleo = clinic.new_device(guest.account);
        signers.push_back(trust::invite_signing_secret(guest.secret));
        const auto role = trust::RoleChange{anna.account, trust::Role::manager};
        const auto team = trust::TeamCreate{testing::a_team("ward"), {ben.account}};
        const auto grant = clinic.enrolment(guest, cleo).statement.data();
        for (const auto& data : std::vector<trust::StatementData>{
                 role,
                 team,
                 grant,
                 clinic.admit_data(front, ben),
                 clinic.epoch_data(front),
                 trust::Revoke{ben.id},
                 trust::Disable{ben.account},
                 trust::TeamRemove{front, anna.account},
                 trust::Approve{guest.statement},
                 trust::Object{guest.statement}
             }) {
            add(clinic.next(clinic.root, data).statement);
        }
        for (const auto& data : std::vector<trust::StatementData>{
                 trust::Revoke{phone.id},
                 clinic.patient_epoch_data("P-1"),
                 clinic.invite_data(phone.account, trust::Role::patient, guest.secret),
                 trust::IdentityConfirm{phone.id, trust::device_fingerprint(phone.keys)}
             }) {
            add(clinic.next("P-1", clinic.root, data).statement);
        }
    }
    void add(const trust::Statement& statement) { bodies.push_back(statement.body()); }

    AClinic clinic{"chain fuzz"};
    std::vector<SigningSecret> signers;
    std::vector<Bytes> bodies;  // That could stand next, but for who signs them.
};

// Takes the input apart.
class Input {
public:
    explicit Input(BytesView bytes) : rest_{bytes} {}
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto out = rest_.front();
        rest_ = rest_.subspan(1);
        return out;
    }
    BytesView bytes(std::size_t count) {
        const auto out = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(out.size());
        return out;
    }
    bool empty() const { return rest_.empty(); }

private:
    BytesView rest_;
};

Bytes body_from(Input& input, const World& world) {
    const auto kind = input.byte();
    if (kind >= 2 * world.bodies.size()) {
        const auto raw = input.bytes(kind);
        return {raw.begin(), raw.end()};
    }
    auto body = world.bodies[kind % world.bodies.size()];
    for (auto changes = input.byte() % 4; changes > 0; --changes) {
        const std::size_t high = input.byte();
        body[(high << 8 | input.byte()) % body.size()] ^= input.byte();
    }
    return body;
}

// Its signer's key stands in the body: the signature is right only where the body says so too.
Bytes signed_by(Bytes body, const SigningSecret& secret) {
    const auto key = crypto::signing_key_of(secret);
    constexpr std::string_view kBy{
        "\x62"
        "by\x58\x20"
    };
    const auto at = as_text(body).find(kBy);
    if (at == std::string_view::npos || at + kBy.size() + 32 > body.size()) return body;
    std::ranges::copy(key.view(), body.begin() + static_cast<std::ptrdiff_t>(at + kBy.size()));
    return body;
}

template <class Chain, class Apply>
void put(Chain& chain, const trust::LocatedStatement& located, Apply apply) {
    const auto head = chain.head();
    Chain other = chain;
    const auto answer = apply(chain, located);
    require(answer.has_value() == apply(other, located).has_value());
    require(chain.head() == other.head());
    if (!answer) {
        require(chain.head() == head);
        return;
    }
    require(chain.head() == located.statement.position());
    require(located.statement.verify_signature());
    require(!apply(other, located));  // Nothing stands twice.
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const World world;
    auto clinic = world.clinic.chain;
    auto patient = world.clinic.patients.at("P-1");
    Input input{{data, size}};
    Seq seq = world.clinic.seq;
    for (std::size_t step = 0; step < kStepsMax && !input.empty(); ++step) {
        const auto& secret = world.signers[input.byte() % world.signers.size()];
        auto body = signed_by(body_from(input, world), secret);
        const auto signature = crypto::sign(secret, kDomain, body);
        auto statement = trust::Statement::from_parts(std::move(body), signature);
        if (!statement) continue;
        const trust::LocatedStatement located{++seq, world.clinic.now, statement.value()};
        if (statement.value().chain().is_clinic()) {
            put(clinic, located, [](auto& chain, const auto& each) { return chain.apply(each); });
        } else {
            put(patient, located, [&](auto& chain, const auto& each) {
                return chain.apply(each, clinic);
            });
        }
    }
    return 0;
}
