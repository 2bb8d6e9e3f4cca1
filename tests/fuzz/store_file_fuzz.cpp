// The client's store as a file that somebody has changed on disk. It is opened whole or refused
// with a sentence, and nothing that was changed is taken for what was written.
#include "clients/core/store.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/scratch.hpp"
#include "tests/support/seeded_random.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

using namespace wardline;
using fuzz::require;

namespace {

constexpr client::Space kSpace{"fuzz"};
constexpr std::size_t kRecords = 12;

Bytes value_of(std::size_t number) {
    return Bytes(40 + number * 7, static_cast<std::uint8_t>(number));
}

struct World {
    World() : key{folder.key()} {
        auto store = client::Store::create(folder.file(), key, random);
        for (std::size_t i = 0; i < kRecords; ++i) {
            const auto name = std::to_string(i);
            require(store.value()->put(kSpace, as_bytes(name), value_of(i), i).has_value());
        }
        store.value().reset();
        std::ifstream in{folder.file(), std::ios::binary};
        genuine.assign(std::istreambuf_iterator<char>{in}, {});
    }

    fuzz::Scratch folder;
    testing::SeededRandom random{"store file"};
    client::StoreKey key;
    std::string genuine;
};

// The genuine file with some bytes changed: each change is two bytes of place, one of difference.
std::string file_from(const World& world, BytesView input) {
    std::string out = world.genuine;
    for (std::size_t i = 0; i + 2 < input.size(); i += 3) {
        const std::size_t place = (std::size_t{input[i]} << 8 | input[i + 1]) % out.size();
        out[place] = static_cast<char>(out[place] ^ static_cast<char>(input[i + 2]));
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0) return 0;
    const auto input = BytesView{data, size}.subspan(1);
    const std::string file = data[0] == 0 ? std::string{as_text(input)} : file_from(world, input);
    world.folder.write(file);
    const auto store = client::Store::open(world.folder.file(), world.key, world.random);
    if (!store) {
        require(store.error().code == Code::local_store && !store.error().detail.empty());
        return 0;
    }
    for (std::size_t i = 0; i < kRecords; ++i) {
        const auto name = std::to_string(i);
        const auto found = store.value()->get(kSpace, as_bytes(name));
        if (!found || !found.value()) continue;
        const auto expected = value_of(i);
        require(as_text(found.value()->reveal()) == as_text(expected));
    }
    const auto all = store.value()->from(kSpace, 0, SIZE_MAX);
    if (all) {
        for (const auto& record : all.value()) require(record.ordinal < kRecords);
    }
    return 0;
}
