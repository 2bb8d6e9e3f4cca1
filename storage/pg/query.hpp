#pragma once

#include "protocol/base/bytes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// One statement of SQL and its parameters. Plain values; any thread.
namespace wardline::storage::pg {

// Prepared once on each connection, by its name. Both live as long as the program.
struct Query {
    const char* name;
    const char* sql;
};

// Typed parameters in PostgreSQL's binary form, in the order of $1, $2 …
class Params {
public:
    Params& int8(std::uint64_t value);
    Params& int4(std::int64_t value);
    Params& boolean(bool value);
    Params& bytea(BytesView value);
    Params& text(std::string_view value);

    // Arrays: announce how many elements come, then add exactly that many.
    Params& int8s(std::size_t count);
    Params& int4s(std::size_t count);
    Params& bools(std::size_t count);
    Params& byteas(std::size_t count);
    Params& texts(std::size_t count);
    void add_int8(std::uint64_t value);
    void add_int4(std::int64_t value);
    void add_bool(bool value);
    void add_bytes(BytesView value);  // Also of a text array.
    void add_null();

    Params& int8s(std::span<const std::uint64_t> values);
    template <class FixedRange>
    Params& fixed_array(const FixedRange& values) {
        byteas(values.size());
        for (const auto& value : values) add_bytes(value.view());
        return *this;
    }

    std::size_t size() const noexcept { return values_.size(); }
    std::size_t bytes() const noexcept { return data_.size(); }

    // What libpq wants. Valid until the next change.
    struct Wire {
        std::vector<std::uint32_t> types;
        std::vector<const char*> values;
        std::vector<int> lengths;
        std::vector<int> formats;
    };
    Wire wire() const;

private:
    struct Value {
        std::uint32_t type;
        std::size_t begin;
        std::size_t end;
    };
    void open(std::uint32_t type);
    void open_array(std::uint32_t type, std::uint32_t element, std::size_t count);
    void put32(std::uint32_t value);
    void close() { values_.back().end = data_.size(); }

    Bytes data_;
    std::vector<Value> values_;
};

// One statement of a pipeline.
struct Statement {
    const Query* query{nullptr};
    Params params;
};

}  // namespace wardline::storage::pg
