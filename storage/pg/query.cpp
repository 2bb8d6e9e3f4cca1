#include "storage/pg/query.hpp"

namespace wardline::storage::pg {
namespace {

// Object ids of the types, fixed for ever (pg_type.dat).
constexpr std::uint32_t kBool = 16, kBytea = 17, kInt8 = 20, kInt4 = 23, kText = 25;
constexpr std::uint32_t kBools = 1000, kByteas = 1001, kInt4s = 1007, kTexts = 1009, kInt8s = 1016;

}  // namespace

void Params::open(std::uint32_t type) {
    values_.push_back({type, data_.size(), data_.size()});
}

void Params::put32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        data_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

Params& Params::int8(std::uint64_t value) {
    open(kInt8);
    append_u64(data_, value);
    close();
    return *this;
}

Params& Params::int4(std::int64_t value) {
    open(kInt4);
    put32(static_cast<std::uint32_t>(static_cast<std::int32_t>(value)));
    close();
    return *this;
}

Params& Params::boolean(bool value) {
    open(kBool);
    data_.push_back(value ? 1 : 0);
    close();
    return *this;
}

Params& Params::bytea(BytesView value) {
    open(kBytea);
    append(data_, value);
    close();
    return *this;
}

Params& Params::text(std::string_view value) {
    open(kText);
    append(data_, as_bytes(value));
    close();
    return *this;
}

void Params::open_array(std::uint32_t type, std::uint32_t element, std::size_t count) {
    open(type);
    put32(count == 0 ? 0 : 1);  // Dimensions.
    put32(0);                   // Flags; nulls are found element by element.
    put32(element);
    if (count != 0) {
        put32(static_cast<std::uint32_t>(count));
        put32(1);  // Lower bound.
    }
    close();
}

Params& Params::int8s(std::size_t count) {
    open_array(kInt8s, kInt8, count);
    return *this;
}
Params& Params::int4s(std::size_t count) {
    open_array(kInt4s, kInt4, count);
    return *this;
}
Params& Params::bools(std::size_t count) {
    open_array(kBools, kBool, count);
    return *this;
}
Params& Params::byteas(std::size_t count) {
    open_array(kByteas, kBytea, count);
    return *this;
}
Params& Params::texts(std::size_t count) {
    open_array(kTexts, kText, count);
    return *this;
}

void Params::add_int8(std::uint64_t value) {
    put32(8);
    append_u64(data_, value);
    close();
}

void Params::add_int4(std::int64_t value) {
    put32(4);
    put32(static_cast<std::uint32_t>(static_cast<std::int32_t>(value)));
    close();
}

void Params::add_bool(bool value) {
    put32(1);
    data_.push_back(value ? 1 : 0);
    close();
}

void Params::add_bytes(BytesView value) {
    put32(static_cast<std::uint32_t>(value.size()));
    append(data_, value);
    close();
}

void Params::add_null() {
    put32(0xFFFF'FFFFU);
    // The array says that it holds a null.
    data_[values_.back().begin + 7] = 1;
    close();
}

Params& Params::int8s(std::span<const std::uint64_t> values) {
    int8s(values.size());
    for (const auto value : values) add_int8(value);
    return *this;
}

Params::Wire Params::wire() const {
    Wire out;
    out.types.reserve(values_.size());
    out.values.reserve(values_.size());
    out.lengths.reserve(values_.size());
    for (const auto& value : values_) {
        out.types.push_back(value.type);
        // An empty value still needs a pointer: null means NULL.
        out.values.push_back(
            value.begin == value.end ? ""
                                     : reinterpret_cast<const char*>(data_.data() + value.begin)
        );
        out.lengths.push_back(static_cast<int>(value.end - value.begin));
    }
    out.formats.assign(values_.size(), 1);
    return out;
}

}  // namespace wardline::storage::pg
