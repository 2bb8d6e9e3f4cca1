#include "audit/details.hpp"

#include "audit/kind.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/crypto/crypto.hpp"
#include "tests/audit/sample_trail.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace wardline::audit {
namespace {

using cbor::Json;
using testing::full_details;

Bytes encoded(const Json& map) {
    return cbor::encode(map);
}

TEST(Details, OfEveryKindAreReadInOrderOfTheirKeys) {
    for (const auto& info : registry()) {
        const auto map = full_details(info, 7);
        const auto bytes = encoded(map);

        const auto details = Details::read(info.kind, bytes).value();

        ASSERT_EQ(details.all().size(), info.fields.size()) << name_of(info.kind);
        for (std::size_t i = 0; i < info.fields.size(); ++i) {
            EXPECT_EQ(details.all()[i].field, &info.fields[i]);
        }
    }
}

TEST(Details, HaveTheValuesThatWereWritten) {
    Json map = full_details(info_of(EntryKind::message), 3);
    map["size"] = 128;
    map["actor"] = "s:maria";
    const auto bytes = encoded(map);

    const auto details = Details::read(EntryKind::message, bytes).value();

    EXPECT_EQ(details.text("actor"), "s:maria");
    EXPECT_EQ(details.number("size"), 128U);
    EXPECT_EQ(details.find("device")->bytes.size(), 16U);
    EXPECT_EQ(details.find("hash")->bytes.size(), 32U);
    EXPECT_EQ(details.find("code"), nullptr);
    EXPECT_EQ(details.text("code"), "");
    EXPECT_EQ(details.text("hash"), "");
}

TEST(Details, HaveTheListsThatWereWritten) {
    const auto expiry = encoded({{"count", 2}, {"units", {1, 300, 70'000, ~std::uint64_t{0}}}});
    const auto server =
        encoded({{"act", "start"}, {"version", "0.1.0"}, {"names", {"port", "data"}}});

    const auto units = Details::read(EntryKind::expiry, expiry).value();
    const auto names = Details::read(EntryKind::server, server).value();

    EXPECT_EQ(
        units.find("units")->numbers(),
        (std::vector<std::uint64_t>{1, 300, 70'000, ~std::uint64_t{0}})
    );
    EXPECT_EQ(names.find("names")->texts(), (std::vector<std::string_view>{"port", "data"}));
}

TEST(Details, AreRefusedWhereTheRegistryDoesNotHaveThem) {
    const auto refused = [](EntryKind kind, const Json& map) {
        return !Details::read(kind, encoded(map)) && !check_details(kind, encoded(map));
    };
    const Json login = full_details(info_of(EntryKind::login), 1);
    EXPECT_FALSE(refused(EntryKind::login, login));

    auto other = login;
    other["address"] = "192.0.2.1";
    EXPECT_TRUE(refused(EntryKind::login, other));
    other = login;
    other.erase("actor");
    EXPECT_TRUE(refused(EntryKind::login, other));
    other = login;
    other["device"] = "not bytes";
    EXPECT_TRUE(refused(EntryKind::login, other));
    other = login;
    other["device"] = cbor::binary(Bytes(15));
    EXPECT_TRUE(refused(EntryKind::login, other));
    other = login;
    other["actor"] = std::string(257, 'a');
    EXPECT_TRUE(refused(EntryKind::login, other));
    auto receipts = full_details(info_of(EntryKind::receipts), 1);
    receipts["act"] = "seen";
    EXPECT_TRUE(refused(EntryKind::receipts, receipts));
    EXPECT_TRUE(refused(EntryKind::login, Json::array()));
}

TEST(Details, AreRefusedInAnyOtherEncoding) {
    const auto good = encoded(full_details(info_of(EntryKind::login), 1));
    ASSERT_TRUE(Details::read(EntryKind::login, good));

    auto longer = good;
    longer.push_back(0);
    EXPECT_FALSE(Details::read(EntryKind::login, longer));
    EXPECT_FALSE(Details::read(EntryKind::login, BytesView{good}.first(good.size() - 1)));
    auto indefinite = good;
    indefinite[0] = 0xbf;
    indefinite.push_back(0xff);
    EXPECT_FALSE(Details::read(EntryKind::login, indefinite));
    Bytes unsorted{0xa2};
    const auto device = BytesView{good}.subspan(good.size() - 24);
    append(unsorted, device);
    append(unsorted, BytesView{good}.subspan(1, good.size() - 25));
    EXPECT_TRUE(cbor::decode(unsorted));
    EXPECT_FALSE(Details::read(EntryKind::login, unsorted));
}

// One reader for speed, one for plainness: they agree on whatever bytes there are.
RC_GTEST_PROP(Details, AreReadExactlyWhereTheRegistryAcceptsThem, (std::uint8_t which)) {
    const auto& info = registry()[which % registry().size()];
    auto bytes = encoded(full_details(info, which));
    const auto changes = *rc::gen::inRange(0, 3);
    for (int i = 0; i < changes; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
        bytes[at] = *rc::gen::arbitrary<std::uint8_t>();
    }

    const bool read = Details::read(info.kind, bytes).has_value();

    RC_CLASSIFY(read, "accepted");
    RC_ASSERT(read == check_details(info.kind, bytes).has_value());
}

TEST(Registry, FitsWhatDetailsCanHold) {
    for (const auto& info : registry()) {
        EXPECT_LE(info.fields.size(), Details::kFieldsMax);
        EXPECT_TRUE(std::ranges::is_sorted(info.fields, {}, &Field::key)) << name_of(info.kind);
    }
}

// A reader of an export tells bytes, numbers and texts apart by key alone, and times by their kind.
TEST(Registry, GivesAKeyOneTypeInEveryKind) {
    std::map<std::string_view, FieldType> types;
    for (const auto& info : registry()) {
        for (const auto& field : info.fields) {
            if (field.type == FieldType::time) continue;
            const auto [known, added] = types.emplace(field.key, field.type);
            EXPECT_EQ(known->second, field.type) << field.key;
        }
    }
    for (const auto& [key, type] : types) {
        EXPECT_EQ(type == FieldType::id, key == "device" || key == "thread") << key;
        EXPECT_EQ(type == FieldType::hash, key == "hash") << key;
    }
}

TEST(Registry, HasTimesWhereTheDocumentSaysSo) {
    for (const auto& info : registry()) {
        for (const auto& field : info.fields) {
            EXPECT_EQ(
                field.type == FieldType::time,
                info.kind == EntryKind::strangers && field.key == "from"
            );
        }
    }
}

TEST(Kind, IsFoundByItsName) {
    for (const auto& info : registry()) EXPECT_EQ(kind_named(name_of(info.kind)), info.kind);
    EXPECT_FALSE(kind_named(""));
    EXPECT_FALSE(kind_named("17"));
    EXPECT_EQ(text_of(static_cast<EntryKind>(99)), "99");
    EXPECT_FALSE(is_known(static_cast<EntryKind>(0)));
}

}  // namespace
}  // namespace wardline::audit
