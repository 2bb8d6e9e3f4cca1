#pragma once

#include "protocol/message/sealed_message.hpp"

#include <cstdint>
#include <string>
#include <vector>

// A thread with a team on it, a patient and the vault, and a device that writes into it.
namespace wardline::message::testing {

// The same bytes in every run: 1, 2, 3 … from a seed on.
class CountingRandom : public crypto::Random {
public:
    explicit CountingRandom(std::uint8_t seed) : next_{seed} {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = next_++;
    }

private:
    std::uint8_t next_;
};

template <class Fixed>
Fixed filled(std::uint8_t byte) {
    std::array<std::uint8_t, Fixed::kSize> raw{};
    raw.fill(byte);
    return Fixed{raw};
}
template <class Secret>
Secret filled_secret(std::uint8_t byte) {
    const Bytes raw(Secret::kSize, byte);
    return Secret::from(raw).value();
}

struct Reader {
    BoxSecret secret;
    trust::ExpectedSlot slot;
};

inline Reader a_reader(const std::string& to, std::uint8_t number, bool with_epoch) {
    const auto secret = filled_secret<BoxSecret>(number);
    Reader reader{secret, {to, std::nullopt, crypto::box_key_of(secret)}};
    if (with_epoch) reader.slot.epoch = filled<Hash>(number);
    return reader;
}

inline Header a_header() {
    return Header{
        .clinic = filled<ClinicId>(1),
        .thread = filled<ThreadId>(2),
        .patient = PatientId::parse("P-1042").value(),
        .id = filled<MessageId>(3),
        .device = filled<DeviceId>(4),
        .counter = 5,
        .message_class = trust::MessageClass::clinical,
        .sent = {1'700'000'000'000},
        .commit = filled<Hash>(6),
        .prev = filled<Hash>(7),
        .clinic_head = {8, filled<Hash>(8)},
        .patient_head = {9, filled<Hash>(9)},
        .tree = {10, filled<Hash>(10)},
    };
}

struct Thread {
    Reader team{a_reader("team:front-desk", 21, true)};
    Reader device{a_reader("device:" + filled<DeviceId>(22).hex(), 22, false)};
    Reader patient{a_reader("patient", 23, true)};
    Reader vault{a_reader("vault", 24, false)};
    SigningSecret signing{filled_secret<SigningSecret>(25)};
    SigningKey signing_key{crypto::signing_key_of(signing)};

    std::vector<trust::ExpectedSlot> readers() const {
        return {team.slot, device.slot, patient.slot, vault.slot};
    }
    Composed compose(const Content& content, std::uint8_t seed = 40) const {
        CountingRandom random{seed};
        return message::compose(a_header(), content, readers(), signing, random).value();
    }
};

}  // namespace wardline::message::testing
