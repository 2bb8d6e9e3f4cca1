// What lies in a record of the client's store once its seal is open: messages, queued messages, the
// device's identity, tree heads, prekeys and ratchets. Written by this program, perhaps an older or
// a broken one: whoever reads one says what is wrong, and does not fall over.
#include "clients/core/device_identity.hpp"
#include "clients/core/message_store.hpp"
#include "clients/core/queued_codec.hpp"
#include "clients/core/signal_store.hpp"
#include "clients/core/store.hpp"
#include "protocol/signal/signal_device.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/scratch.hpp"
#include "tests/support/seeded_random.hpp"

#include <cstdint>
#include <memory>
#include <utility>

using namespace wardline;
using fuzz::require;

namespace {

struct World {
    World() {
        auto made = client::Store::create(folder.file(), folder.key(), random);
        store = std::move(made).value();
    }
    fuzz::Scratch folder;
    testing::SeededRandom random{"store records"};
    std::unique_ptr<client::Store> store;
};

void queued(BytesView bytes) {
    const auto read = client::decode_queued(1, bytes);
    if (!read) return;
    const auto content = message::encode(read.value().content);
    if (!content) return;  // Of a type that this version does not write.
    const auto again = client::decode_queued(1, client::encode(read.value(), content.value()));
    require(again && again.value().id == read.value().id);
    require(again.value().content == read.value().content);
    require(again.value().attempts == read.value().attempts);
}

void message_record(World& world, BytesView bytes) {
    constexpr client::Space kMessages{"message"};
    require(world.store->put(kMessages, as_bytes("one"), bytes, 1).has_value());
    client::MessageStore messages{*world.store};
    const auto page = messages.page(0, 10);
    if (page) {
        require(page.value().size() == 1);
        require(messages.expire(Instant{UINT64_MAX}).has_value());
    }
    require(world.store->erase_all(kMessages).has_value());
}

void identity(World& world, BytesView bytes) {
    constexpr client::Space kDevice{"device"};
    require(world.store->put(kDevice, as_bytes("identity"), bytes).has_value());
    const auto read = client::load_device_identity(*world.store);
    if (read) require(client::save(*world.store, read.value()).has_value());
}

// Ratchets and prekeys, which libsignal parses.
void ratchet(World& world, BytesView bytes) {
    constexpr client::Space kSessions{"session"};
    constexpr client::Space kPrekeys{"prekey"};
    constexpr client::Space kSigned{"signed prekey"};
    Bytes one;
    append_u64(one, 1);
    const DeviceId peer{};
    require(world.store->put(kSessions, peer.view(), bytes).has_value());
    require(world.store->put(kPrekeys, one, bytes).has_value());
    require(world.store->put(kSigned, one, bytes).has_value());
    static const auto own = signal::generate_identity().value();
    client::SignalStore records{*world.store};
    auto device = signal::SignalDevice::create(own, records);
    require(device.has_value());
    auto transaction = device.value()->begin();
    (void)transaction.has_session(peer);
    (void)transaction.encrypt({peer, own.public_key}, as_bytes("hello"));
    const auto heard =
        transaction.decrypt({peer, own.public_key}, message::LiveKind::message, bytes, Instant{1});
    require(!heard);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0) return 0;
    const auto bytes = BytesView{data, size}.subspan(1);
    switch (data[0] % 4) {
        case 0:
            queued(bytes);
            break;
        case 1:
            message_record(world, bytes);
            break;
        case 2:
            identity(world, bytes);
            break;
        default:
            ratchet(world, bytes);
    }
    return 0;
}
