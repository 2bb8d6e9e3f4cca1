#include "storage/pg/rows.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace wardline::storage::pg {
namespace {

std::uint64_t big_endian(BytesView bytes) {
    std::uint64_t value = 0;
    for (const auto byte : bytes) value = (value << 8) | byte;
    return value;
}

}  // namespace

void Rows::Free::operator()(pg_result* result) const noexcept {
    PQclear(result);
}

Rows::Rows(pg_result* owned) : result_{owned} {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

int Rows::size() const {
    return PQntuples(result_.get());
}

std::uint64_t Rows::affected() const {
    return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10);
}

bool Rows::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) == 1;
}

BytesView Rows::bytes(int row, int column) const {
    const auto* data = PQgetvalue(result_.get(), row, column);
    if (data == nullptr) throw std::logic_error{"a query answered fewer columns than are read"};
    return {
        reinterpret_cast<const std::uint8_t*>(data),
        static_cast<std::size_t>(PQgetlength(result_.get(), row, column))
    };
}

std::uint64_t Rows::number(int row, int column) const {
    const auto raw = bytes(row, column);
    if (raw.size() > 8) throw std::logic_error{"a column is not a number"};
    return big_endian(raw);
}

Bytes Rows::copy(int row, int column) const {
    const auto raw = bytes(row, column);
    return {raw.begin(), raw.end()};
}

std::string Rows::text(int row, int column) const {
    return std::string{as_text(bytes(row, column))};
}

std::vector<Bytes> Rows::bytes_array(int row, int column) const {
    auto raw = bytes(row, column);
    const auto take = [&raw](std::size_t size) {
        if (raw.size() < size) throw std::logic_error{"a column is not an array of byte strings"};
        const auto head = raw.first(size);
        raw = raw.subspan(size);
        return head;
    };
    const auto dimensions = big_endian(take(4));
    take(8);  // Flags and element type.
    std::vector<Bytes> out;
    if (dimensions == 0) return out;
    const auto count = big_endian(take(4));
    take(4);  // Lower bound.
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto element = take(big_endian(take(4)));
        out.emplace_back(element.begin(), element.end());
    }
    return out;
}

void Rows::copy_exactly(int row, int column, std::uint8_t* out, std::size_t size) const {
    const auto raw = bytes(row, column);
    if (raw.size() != size) throw std::logic_error{"a column has an unexpected length"};
    std::ranges::copy(raw, out);
}

}  // namespace wardline::storage::pg
