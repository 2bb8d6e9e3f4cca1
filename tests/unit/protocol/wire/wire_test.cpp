#include "protocol/wire/entry.hpp"
#include "protocol/wire/frames.hpp"
#include "tests/support/chain_fixture.hpp"
#include "tests/support/results.hpp"

#include <gtest/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::wire;
using cbor::binary;
using cbor::Json;

// ---- Frames ----

TEST(FrameTest, RequestsAnswersAndPushesReadBack) {
    const auto request = parse_frame(make_request("chain", 7, {{"from", 3}})).value();
    const auto answer = parse_frame(make_answer("chain", 7)).value();
    const auto push = parse_frame(make_push("bye", {{"code", "replaced"}})).value();

    EXPECT_EQ(request.type, "chain");
    EXPECT_EQ(request.id, 7U);
    EXPECT_EQ(request.body["from"], 3);
    EXPECT_EQ(answer.id, 7U);
    EXPECT_EQ(push.id, std::nullopt);
    EXPECT_EQ(push.body["code"], "replaced");
}

TEST(FrameTest, RefusesWhatIsNoFrame) {
    const auto parsed = [](const Json& body) {
        return outcome_of(parse_frame(cbor::encode(body)));
    };
    EXPECT_EQ(parsed({{"t", "x"}}), "ok");
    EXPECT_EQ(parsed({{"id", 1}}), "bad_frame");
    EXPECT_EQ(parsed({{"t", 1}}), "bad_frame");
    EXPECT_EQ(parsed({{"t", std::string(33, 'x')}}), "bad_frame");
    EXPECT_EQ(parsed({{"t", "x"}, {"id", "1"}}), "bad_frame");
    EXPECT_EQ(parsed({{"t", "x"}, {"id", -1}}), "bad_frame");
    EXPECT_EQ(parsed(Json::array({"t"})), "bad_frame");
    EXPECT_EQ(outcome_of(parse_frame({})), "bad_frame");
    EXPECT_EQ(outcome_of(parse_frame(Bytes(kFrameBytesMax + 1))), "too_large");
}

TEST(ErrorFrameTest, CarriesCodeAndExtraButNeverTheDetail) {
    const Error error{
        Code::chain_moved, "for the log", Json{{"pos", 4}, {"hash", binary(Bytes(32))}}
    };

    const auto frame = parse_frame(make_error(9, error)).value();

    EXPECT_EQ(frame.type, "error");
    EXPECT_EQ(frame.id, 9U);
    EXPECT_EQ(frame.body["code"], "chain_moved");
    EXPECT_EQ(frame.body["pos"], 4);
    EXPECT_EQ(frame.body.size(), 5U);
    const auto again = parse_error(frame.body);
    EXPECT_EQ(again.code, Code::chain_moved);
    EXPECT_EQ(*again.extra, (Json{{"pos", 4}, {"hash", binary(Bytes(32))}}));
}

TEST(ErrorFrameTest, WhatIsNotPublishedGoesOutAsInternal) {
    for (const auto code : {Code::io, Code::trust_alarm, Code::conflict}) {
        const auto frame = parse_frame(make_error(std::nullopt, Error{code, "detail"})).value();
        EXPECT_EQ(frame.body["code"], "internal");
        EXPECT_EQ(frame.id, std::nullopt);
    }
    EXPECT_EQ(parse_error({{"t", "error"}, {"code", "from the future"}}).code, Code::internal);
    EXPECT_EQ(parse_error(Json::array()).code, Code::internal);
}

TEST(HttpErrorTest, HasTheStatusOfThePublishedList) {
    const std::pair<Code, unsigned> expected[] = {
        {Code::bad_frame, 400},
        {Code::too_large, 413},
        {Code::unknown_type, 400},
        {Code::unsupported_version, 400},
        {Code::not_logged_in, 401},
        {Code::login_failed, 401},
        {Code::store_rolled_back, 409},
        {Code::forbidden, 403},
        {Code::not_found, 404},
        {Code::chain_moved, 409},
        {Code::bad_statement, 400},
        {Code::bad_signature, 400},
        {Code::invite_unknown, 404},
        {Code::invite_expired, 410},
        {Code::invite_used, 410},
        {Code::invite_pending, 409},
        {Code::wrong_class, 403},
        {Code::out_of_order, 409},
        {Code::id_reused, 409},
        {Code::recipients_changed, 409},
        {Code::not_open, 409},
        {Code::rate_limited, 429},
        {Code::unavailable, 503},
        {Code::read_only, 507},
        {Code::setup_token_invalid, 403},
        {Code::clinic_exists, 409},
        {Code::no_clinic, 409},
        {Code::shutting_down, 503},
        {Code::internal, 500},
        {Code::io, 500},
    };
    for (const auto& [code, status] : expected)
        EXPECT_EQ(http_status(code), status) << name_of(code);
    const auto body = error_body(Error{Code::local_store, "secret detail"});
    EXPECT_EQ(body["code"], "internal");
    EXPECT_EQ(body["message"], "The server failed.");
}

// ---- Entries ----

class EntryTest : public ::testing::Test {
protected:
    Entry an_entry() {
        Entry entry;
        entry.seq = 300;
        entry.time = Instant{1'700'000'000'000};
        entry.kind = EntryKind::login;
        entry.details = cbor::encode({{"actor", "s:nurse"}});
        entry.salt = Salt::from(Bytes(16, 4)).value();
        return entry;
    }
    Result<Entry> read(const Bytes& encoded) {
        WARDLINE_TRY(const auto map, cbor::decode(encoded));
        return parse_entry(map);
    }
};

TEST_F(EntryTest, EveryPayloadReadsBack) {
    const AClinic clinic;
    auto statement = an_entry();
    statement.kind = EntryKind::statement;
    statement.chain = trust::ChainName::clinic();
    statement.statement = clinic.journal[0].statement.encode();
    auto message = an_entry();
    message.kind = EntryKind::message;
    message.message = cbor::encode({{"header", binary(Bytes(40))}});
    message.live = cbor::encode(Json::array({1, binary(Bytes(100))}));
    auto added = an_entry();
    added.kind = EntryKind::added_slots;
    added.added = cbor::encode(Json::array({{{"seq", 1}}}));
    auto expired = an_entry();
    expired.kind = EntryKind::message;
    expired.expired = true;

    Entry erased;
    erased.seq = 300;
    erased.time = Instant{1'700'000'000'000};
    erased.kind = EntryKind::message;
    erased.erased = crypto::sha256(as_bytes("salt and details"));

    for (const auto& entry : {an_entry(), statement, message, added, expired, erased}) {
        EXPECT_EQ(read(encode(entry)).value(), entry);
    }
    EXPECT_EQ(
        trust::Statement::parse(read(encode(statement)).value().statement).value(),
        clinic.journal[0].statement
    );
}

TEST_F(EntryTest, GoesOutWithSortedKeysAndNothingThatIsNotThere) {
    EXPECT_EQ(
        to_hex(encode(an_entry())),
        "a56764657461696c734fa1656163746f7267733a6e75727365646b696e64046473616c7450"
        "0404040404040404040404040404040463736571"
        "19012c6474696d651b0000018bcfe56800"
    );
}

TEST_F(EntryTest, ListsHaveABound) {
    const auto entry = cbor::decode(encode(an_entry())).value();
    const Json list = {entry, entry};

    EXPECT_EQ(parse_entries(list, 2).value(), (std::vector{an_entry(), an_entry()}));
    EXPECT_EQ(outcome_of(parse_entries(list, 1)), "bad_frame");
}

TEST_F(EntryTest, RefusesWhatIsNoEntry) {
    const auto with = [this](const char* key, const Json& value) {
        auto map = cbor::decode(encode(an_entry())).value();
        map[key] = value;
        return outcome_of(parse_entry(map));
    };
    EXPECT_EQ(with("a key of a later version", 1), "ok");
    EXPECT_EQ(with("seq", 0), "bad_frame");
    EXPECT_EQ(with("kind", 0), "bad_frame");
    EXPECT_EQ(with("kind", 17), "bad_frame");
    EXPECT_EQ(with("salt", binary(Bytes(15))), "bad_frame");
    EXPECT_EQ(with("details", "text"), "bad_frame");
    EXPECT_EQ(with("chain", "office"), "bad_frame");
    EXPECT_EQ(with("statement", binary(Bytes(3))), "bad_frame");
    EXPECT_EQ(with("message", Json::array()), "bad_frame");
    EXPECT_EQ(with("live", 1), "bad_frame");
    EXPECT_EQ(with("added", Json::object()), "bad_frame");
    EXPECT_EQ(with("expired", 1), "bad_frame");
    EXPECT_EQ(with("erased", binary(Bytes(32))), "bad_frame") << "beside its details";
    for (const char* key : {"seq", "time", "kind", "details", "salt"}) {
        auto map = cbor::decode(encode(an_entry())).value();
        map.erase(key);
        EXPECT_EQ(outcome_of(parse_entry(map)), "bad_frame") << key;
    }
}

TEST(EntryKindTest, HasNumbersAndNamesOfThePublishedList) {
    EXPECT_EQ(name_of(EntryKind::statement), "statement");
    EXPECT_EQ(name_of(EntryKind::added_slots), "added-slots");
    EXPECT_EQ(name_of(EntryKind::export_run), "export");
    EXPECT_EQ(parse_entry_kind(1).value(), EntryKind::statement);
    EXPECT_EQ(parse_entry_kind(10).value(), EntryKind::refusal);
    EXPECT_EQ(parse_entry_kind(12).value(), EntryKind::export_run);
    EXPECT_EQ(parse_entry_kind(16).value(), EntryKind::reading);
    EXPECT_EQ(name_of(EntryKind::strangers), "strangers");
    EXPECT_EQ(outcome_of(parse_entry_kind(0)), "bad_frame");
    EXPECT_EQ(outcome_of(parse_entry_kind(17)), "bad_frame");
    EXPECT_EQ(outcome_of(parse_entry_kind(257)), "bad_frame");
}

}  // namespace
}  // namespace wardline::testing
