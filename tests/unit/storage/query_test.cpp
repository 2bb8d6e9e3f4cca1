#include "storage/pg/query.hpp"

#include "protocol/base/bytes.hpp"

#include <gtest/gtest.h>

namespace wardline::storage::pg {
namespace {

std::string hex_of(const Params& params, std::size_t index) {
    const auto wire = params.wire();
    return to_hex(as_bytes({wire.values.at(index), static_cast<std::size_t>(wire.lengths.at(index))}
    ));
}

TEST(Params, AreInPostgresqlsBinaryForm) {
    Params params;
    params.int8(258).int4(-1).boolean(true).bytea(Bytes{0xab}).text("é");

    EXPECT_EQ(hex_of(params, 0), "0000000000000102");
    EXPECT_EQ(hex_of(params, 1), "ffffffff");
    EXPECT_EQ(hex_of(params, 2), "01");
    EXPECT_EQ(hex_of(params, 3), "ab");
    EXPECT_EQ(hex_of(params, 4), "c3a9");
    EXPECT_EQ(params.wire().types, (std::vector<std::uint32_t>{20, 23, 16, 17, 25}));
}

TEST(Params, AnEmptyValueIsNotNull) {
    Params params;
    params.bytea({}).text("");

    EXPECT_NE(params.wire().values[0], nullptr);
    EXPECT_EQ(params.wire().lengths, (std::vector<int>{0, 0}));
}

TEST(Params, ArraysCarryTheirElements) {
    Params params;
    params.int4s(2);
    params.add_int4(1);
    params.add_int4(2);

    EXPECT_EQ(
        hex_of(params, 0),
        "0000000100000000000000170000000200000001"
        "0000000400000001"
        "0000000400000002"
    );
}

TEST(Params, AnEmptyArrayHasNoDimension) {
    Params params;
    params.byteas(0);

    EXPECT_EQ(hex_of(params, 0), "000000000000000000000011");
}

TEST(Params, AnArraySaysThatItHoldsANull) {
    Params params;
    params.byteas(2);
    params.add_bytes(Bytes{7});
    params.add_null();

    EXPECT_EQ(
        hex_of(params, 0),
        "0000000100000001000000110000000200000001"
        "0000000107"
        "ffffffff"
    );
}

}  // namespace
}  // namespace wardline::storage::pg
