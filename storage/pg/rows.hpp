#pragma once

#include "protocol/base/bytes.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

// The answer to one statement, in binary form. Views live as long as the object. One thread.
namespace wardline::storage::pg {

class Rows {
public:
    explicit Rows(pg_result* owned);
    Rows(Rows&&) noexcept;
    Rows& operator=(Rows&&) noexcept;
    ~Rows();

    int size() const;
    bool empty() const { return size() == 0; }
    // Rows that an INSERT, UPDATE or DELETE touched.
    std::uint64_t affected() const;

    bool is_null(int row, int column) const;
    // Of bigint, integer, smallint and boolean columns alike.
    std::uint64_t number(int row, int column) const;
    bool boolean(int row, int column) const { return number(row, column) != 0; }
    BytesView bytes(int row, int column) const;
    Bytes copy(int row, int column) const;
    std::string text(int row, int column) const;
    // Of a bytea[] column without nulls.
    std::vector<Bytes> bytes_array(int row, int column) const;
    // An id or a hash. A column of another length is a broken invariant (std::logic_error).
    template <class Fixed>
    Fixed fixed(int row, int column) const {
        std::array<std::uint8_t, Fixed::kSize> out{};
        copy_exactly(row, column, out.data(), out.size());
        return Fixed{out};
    }

private:
    void copy_exactly(int row, int column, std::uint8_t* out, std::size_t size) const;
    struct Free {
        void operator()(pg_result* result) const noexcept;
    };
    std::unique_ptr<pg_result, Free> result_;
};

}  // namespace wardline::storage::pg
