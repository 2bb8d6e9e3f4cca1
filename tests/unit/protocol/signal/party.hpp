#pragma once

#include "protocol/signal/signal_device.hpp"
#include "tests/support/memory_signal_records.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace wardline::signal::testing {

constexpr Instant kNow{1'700'000'000'000};
constexpr std::uint32_t kSignedPrekey = 1;

// A device with a store of its own, and what the others see of it.
class Party {
public:
    explicit Party(std::uint8_t number)
        : id_{std::array<std::uint8_t, 16>{number}},
          identity_{generate_identity().value()},
          signed_prekey_{generate_signed_prekey(identity_, kSignedPrekey, kNow).value()},
          one_time_{generate_prekeys(1, 20).value()},
          device_{SignalDevice::create(identity_, records).value()} {
        records.add(signed_prekey_);
        for (const auto& prekey : one_time_) records.add(prekey);
    }

    Peer peer() const { return {id_, identity_.public_key}; }
    const DeviceId& id() const { return id_; }
    const SignalIdentity& identity() const { return identity_; }
    SignalDevice& device() { return *device_; }
    const SignedPrekey& signed_prekey() const { return signed_prekey_.key; }

    PrekeyBundle bundle_without_one_time() const {
        return {identity_.registration, signed_prekey_.key, std::nullopt};
    }
    PrekeyBundle bundle() {
        auto bundle = bundle_without_one_time();
        bundle.one_time = one_time_.at(next_++).key;
        return bundle;
    }

    Result<void> begin(const Peer& peer, const PrekeyBundle& bundle) {
        auto transaction = device_->begin();
        auto result = transaction.begin_session(peer, bundle);
        records.apply(transaction.changes());
        return result;
    }
    Result<Encrypted> encrypt(const Peer& peer, std::string_view text) {
        auto transaction = device_->begin();
        auto result = transaction.encrypt(peer, as_bytes(text));
        records.apply(transaction.changes());
        return result;
    }
    Result<Decrypted> decrypt(const Peer& peer, const Encrypted& message, Instant now = kNow) {
        auto transaction = device_->begin();
        auto result = transaction.decrypt(peer, message.kind, message.bytes, now);
        records.apply(transaction.changes());
        return result;
    }
    Encrypted say(const Party& other, std::string_view text) {
        return encrypt(other.peer(), text).value();
    }
    // The text, or the code by which it was refused.
    std::string hear(const Party& other, const Encrypted& message, Instant now = kNow) {
        const auto result = decrypt(other.peer(), message, now);
        if (!result) return "refused: " + std::string{name_of(result.error().code)};
        return std::string{as_text(result.value().plaintext.reveal())};
    }

    MemoryRecords records;

private:
    DeviceId id_;
    SignalIdentity identity_;
    OwnSignedPrekey signed_prekey_;
    std::vector<OwnOneTimePrekey> one_time_;
    std::size_t next_{0};
    std::unique_ptr<SignalDevice> device_;
};

// Two devices; alice can begin.
class SignalTest : public ::testing::Test {
protected:
    // Both have said something, so that neither sends first messages any more.
    void converse() {
        ASSERT_TRUE(alice.begin(bob.peer(), bob.bundle()));
        ASSERT_EQ(bob.hear(alice, alice.say(bob, "hello")), "hello");
        ASSERT_EQ(alice.hear(bob, bob.say(alice, "hello back")), "hello back");
    }

    Party alice{1};
    Party bob{2};
};

}  // namespace wardline::signal::testing
