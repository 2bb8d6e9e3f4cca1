#pragma once

#include "storage/pg/query.hpp"

#include <cstdint>
#include <utility>

// Rows as one array a column, which a statement unnests: one statement writes or looks up any
// number of them.
namespace wardline::storage {

// `rows` outlives it. $1 is the clinic; each call adds a parameter, made of one value of each row.
template <class Rows>
class Columns {
public:
    Columns(int clinic, const Rows& rows) : rows_{rows} { params_.int4(clinic); }

    template <class Value>
    Columns& int8(Value value) {
        params_.int8s(rows_.size());
        for (const auto& row : rows_) params_.add_int8(value(row));
        return *this;
    }
    template <class Value>
    Columns& int4(Value value) {
        params_.int4s(rows_.size());
        for (const auto& row : rows_) params_.add_int4(static_cast<std::int64_t>(value(row)));
        return *this;
    }
    template <class Value>
    Columns& bytes(Value value) {
        params_.byteas(rows_.size());
        for (const auto& row : rows_) params_.add_bytes(value(row));
        return *this;
    }
    template <class Value>
    Columns& text(Value value) {
        params_.texts(rows_.size());
        for (const auto& row : rows_) params_.add_bytes(as_bytes(value(row)));
        return *this;
    }
    // Where `value` gives none, the row has null.
    template <class Value>
    Columns& optional_int4(Value value) {
        params_.int4s(rows_.size());
        for (const auto& row : rows_) {
            const auto found = value(row);
            found ? params_.add_int4(static_cast<std::int64_t>(*found)) : params_.add_null();
        }
        return *this;
    }
    template <class Value>
    Columns& optional_bytes(Value value) {
        params_.byteas(rows_.size());
        for (const auto& row : rows_) {
            const auto& found = value(row);
            found ? params_.add_bytes(found->view()) : params_.add_null();
        }
        return *this;
    }

    pg::Statement into(const pg::Query& query) { return {&query, std::move(params_)}; }

private:
    const Rows& rows_;
    pg::Params params_;
};

}  // namespace wardline::storage
