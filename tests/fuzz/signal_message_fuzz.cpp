// Signal messages from a hostile server: raw bytes, or changes of genuine messages. Nothing that is
// not genuine may decrypt to something else than what was said, or change the store.
#include "protocol/signal/signal_device.hpp"
#include "tests/support/memory_signal_records.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

using namespace wardline;

namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::string_view kSaid = "what was said";

void require(bool holds) {
    if (!holds) std::abort();
}

struct Party {
    explicit Party(std::uint8_t number) : id{std::array<std::uint8_t, 16>{number}} {
        records.add(prekey);
    }
    signal::Peer peer() const { return {id, identity.public_key}; }
    signal::PrekeyBundle bundle() const {
        return {identity.registration, prekey.key, std::nullopt};
    }
    signal::Encrypted say(const Party& other) {
        auto transaction = device->begin();
        auto message = transaction.encrypt(other.peer(), as_bytes(kSaid)).value();
        records.apply(transaction.changes());
        return message;
    }

    DeviceId id;
    signal::SignalIdentity identity{signal::generate_identity().value()};
    signal::MemoryRecords records;
    signal::OwnSignedPrekey prekey{signal::generate_signed_prekey(identity, 1, {}).value()};
    std::unique_ptr<signal::SignalDevice> device{
        signal::SignalDevice::create(identity, records).value()
    };
};

// Alice has begun a session that Bob does not know yet, and has one with Carol in both directions.
struct World {
    World() {
        for (auto* other : {&bob, &carol}) {
            auto transaction = alice.device->begin();
            require(transaction.begin_session(other->peer(), other->bundle()).has_value());
            alice.records.apply(transaction.changes());
        }
        first = alice.say(bob);
        hear(carol, alice, alice.say(carol));
        hear(alice, carol, carol.say(alice));
        within = alice.say(carol);
    }
    static void hear(Party& by, const Party& from, const signal::Encrypted& message) {
        auto transaction = by.device->begin();
        const auto heard = transaction.decrypt(from.peer(), message.kind, message.bytes, {});
        require(heard.has_value());
        by.records.apply(transaction.changes());
    }

    Party alice{1};
    Party bob{2};
    Party carol{3};
    signal::Encrypted first;
    signal::Encrypted within;
    Instant now;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0) return 0;
    const bool is_first = data[0] & 1;
    const bool raw = data[0] & 2;
    const BytesView input{data + 1, size - 1};
    auto message = is_first ? world.first : world.within;
    if (raw) {
        message.bytes.assign(input.begin(), input.end());
    } else {
        const auto count = std::min(input.size(), message.bytes.size());
        for (std::size_t i = 0; i < count; ++i) message.bytes[i] ^= input[i];
    }
    world.now.ms += kHourMs;  // So that no failure counts against the next.
    auto& receiver = is_first ? world.bob : world.carol;
    auto transaction = receiver.device->begin();
    const auto heard =
        transaction.decrypt(world.alice.peer(), message.kind, message.bytes, world.now);
    if (heard) {
        require(as_text(heard.value().plaintext.reveal()) == kSaid);
    } else {
        require(transaction.changes().empty());
    }
    return 0;
}
