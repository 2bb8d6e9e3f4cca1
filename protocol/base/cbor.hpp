#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// The strict CBOR of docs/protocol.md section 1: a scan of the bytes first, values of nlohmann/json
// behind it.
namespace wardline::cbor {

using Json = nlohmann::json;

constexpr std::size_t kItemBytesMax = 131'072;
constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kMapKeysMax = 64;
constexpr std::size_t kArrayItemsMax = 65'536;

// Whether `bytes` are exactly one item of the profile. Allocates nothing and takes time in
// proportion to the bytes, whatever they are. `too_large` or `bad_frame`.
Result<void> scan(BytesView bytes, std::size_t bytes_max = kItemBytesMax);

// scan(), then the value. `too_large` or `bad_frame`.
Result<Json> decode(BytesView bytes, std::size_t bytes_max = kItemBytesMax);
// Keys in the order of their UTF-8 bytes, shortest forms, definite lengths.
Bytes encode(const Json& value);

Json binary(BytesView bytes);

// Reads the keys of one map. Each getter answers `bad_frame` (naming the key) where the key is
// missing or of another kind. `finish()` answers `bad_statement` when the map has a key that nobody
// asked for: for signed objects, which allow none.
class MapReader {
public:
    // The reader refers to `map`, which must outlive it.
    static Result<MapReader> over(const Json& map);
    static Result<MapReader> over(Json&&) = delete;

    bool has(std::string_view key) const;
    Result<std::uint64_t> uint(std::string_view key, std::uint64_t max = UINT64_MAX);
    Result<bool> boolean(std::string_view key);
    Result<std::string> text(std::string_view key, std::size_t bytes_max);
    Result<Bytes> bytes(std::string_view key, std::size_t bytes_max);
    Result<const Json*> map(std::string_view key);
    Result<const Json*> array(std::string_view key, std::size_t items_max);
    template <class Fixed>
    Result<Fixed> fixed(std::string_view key) {
        WARDLINE_TRY(auto raw, bytes(key, Fixed::kSize));
        return Fixed::from(raw);
    }
    Result<void> finish() const;

private:
    explicit MapReader(const Json& map) : map_{&map} {}
    Result<const Json*> find(std::string_view key);

    const Json* map_;
    // The values that were asked for, each once: finish() would count a key asked for twice as two.
    std::array<const Json*, kMapKeysMax> read_{};
    std::size_t read_count_{0};
};

// The bytes of a byte string item; `bad_frame` for any other item.
Result<Bytes> bytes_of(const Json& item, std::size_t bytes_max);

}  // namespace wardline::cbor
