#include "protocol/trust/epoch.hpp"

#include "tests/support/results.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

namespace wardline::testing {
namespace {

using namespace wardline::trust;

class EpochBoxesTest : public ::testing::Test {
protected:
    BoxSecret a_secret() { return crypto::random_secret<BoxSecret>(random_); }
    EpochBoxes make(const BoxSecret* previous) {
        EpochReaders readers{device_keys_, crypto::box_key_of(vault_), previous};
        return make_epoch_boxes(epoch_, name_, readers).value();
    }
    std::string verify(const EpochBoxes& boxes, const BoxKey* previous_key) {
        return outcome_of(verify_epoch_boxes(
            boxes, epoch_, name_, device_keys_, crypto::box_key_of(vault_), previous_key
        ));
    }

    SeededRandom random_{"epoch boxes"};
    BoxSecret epoch_ = a_secret();
    BoxSecret previous_ = a_secret();
    BoxSecret vault_ = a_secret();
    std::vector<BoxSecret> devices_{a_secret(), a_secret()};
    std::vector<BoxKey> device_keys_{
        crypto::box_key_of(devices_[0]), crypto::box_key_of(devices_[1])
    };
    BoxKey previous_key_ = crypto::box_key_of(previous_);
    EpochName name_{"team:ward", 2, crypto::box_key_of(epoch_)};
};

TEST_F(EpochBoxesTest, EachReaderOpensItsBox) {
    const auto boxes = make(&previous_);

    ASSERT_EQ(boxes.boxes.size(), 4U);
    EXPECT_TRUE(open_epoch_box(boxes.boxes[0], devices_[0], name_).value().equals(epoch_));
    EXPECT_TRUE(open_epoch_box(boxes.boxes[1], devices_[1], name_).value().equals(epoch_));
    EXPECT_TRUE(open_epoch_box(boxes.boxes[2], vault_, name_).value().equals(epoch_));
    EXPECT_TRUE(open_previous_box(boxes, epoch_, name_, previous_key_).value().equals(previous_));
}

TEST_F(EpochBoxesTest, ABoxOpensForNobodyElseAndInNoOtherContext) {
    const auto boxes = make(&previous_);
    auto other_number = name_;
    other_number.number = 3;
    auto other_reader = name_;
    other_reader.reader = "team:lab";

    EXPECT_EQ(outcome_of(open_epoch_box(boxes.boxes[0], devices_[1], name_)), "undecryptable");
    EXPECT_EQ(
        outcome_of(open_epoch_box(boxes.boxes[0], devices_[0], other_number)), "undecryptable"
    );
    EXPECT_EQ(
        outcome_of(open_epoch_box(boxes.boxes[0], devices_[0], other_reader)), "undecryptable"
    );
    EXPECT_EQ(outcome_of(open_epoch_box(boxes.boxes[3], epoch_, name_)), "undecryptable");
}

TEST_F(EpochBoxesTest, AKeyThatIsNotTheStatementsIsRefused) {
    auto lying = name_;
    lying.key = crypto::box_key_of(a_secret());
    const EpochReaders readers{device_keys_, crypto::box_key_of(vault_), nullptr};
    const auto boxes = make_epoch_boxes(epoch_, lying, readers).value();

    EXPECT_EQ(outcome_of(open_epoch_box(boxes.boxes[0], devices_[0], lying)), "undecryptable");
}

TEST_F(EpochBoxesTest, MembersVerifyEveryBox) {
    const auto boxes = make(&previous_);
    EXPECT_EQ(verify(boxes, &previous_key_), "ok");
    for (std::size_t i = 0; i < boxes.boxes.size(); ++i) {
        auto wrong = boxes;
        wrong.boxes[i] = boxes.boxes[(i + 1) % boxes.boxes.size()];
        EXPECT_EQ(verify(wrong, &previous_key_), "undecryptable") << i;
    }
    auto short_by_one = boxes;
    short_by_one.boxes.erase(short_by_one.boxes.begin());
    EXPECT_EQ(verify(short_by_one, &previous_key_), "undecryptable");
    EXPECT_EQ(verify(boxes, nullptr), "undecryptable");
    const auto other_key = crypto::box_key_of(vault_);
    EXPECT_EQ(verify(boxes, &other_key), "undecryptable");
}

TEST_F(EpochBoxesTest, AMakerWithoutTheKeyBeforeLeavesItsBoxOut) {
    const auto boxes = make(nullptr);

    EXPECT_EQ(verify(boxes, &previous_key_), "ok");
    EXPECT_EQ(outcome_of(open_previous_box(boxes, epoch_, name_, previous_key_)), "not_found");
}

TEST_F(EpochBoxesTest, TheServerChecksNumberAndHash) {
    const auto boxes = make(&previous_);
    const auto hash = hash_of_boxes(boxes.boxes);

    EXPECT_EQ(outcome_of(check_epoch_boxes(boxes, 2, 2, hash)), "ok");
    EXPECT_EQ(outcome_of(check_epoch_boxes(boxes, 3, 2, hash)), "bad_statement");
    EXPECT_EQ(outcome_of(check_epoch_boxes(boxes, 2, 1, hash)), "bad_statement");
    EXPECT_EQ(outcome_of(check_epoch_boxes(boxes, 2, 2, Hash{})), "bad_statement");
    auto flagged = make(nullptr);
    EXPECT_EQ(outcome_of(check_epoch_boxes(flagged, 2, 1, hash_of_boxes(flagged.boxes))), "ok");
}

TEST_F(EpochBoxesTest, BoxesAreDeterministic) {
    EXPECT_EQ(make(&previous_), make(&previous_));
}

TEST_F(EpochBoxesTest, AnAdmittedDeviceOpensItsBoxLikeTheOthers) {
    const auto late = a_secret();

    const auto box = make_admit_box(epoch_, name_, crypto::box_key_of(late)).value();

    EXPECT_TRUE(open_epoch_box(box, late, name_).value().equals(epoch_));
}

TEST_F(EpochBoxesTest, BoxesTravelAsAList) {
    const auto boxes = make(&previous_);
    const auto list = boxes_to_json(boxes.boxes);
    auto short_box = list;
    short_box[0] = cbor::binary(Bytes(96));

    EXPECT_EQ(parse_boxes(list, 4).value(), boxes.boxes);
    EXPECT_EQ(outcome_of(parse_boxes(list, 3)), "bad_frame");
    EXPECT_EQ(outcome_of(parse_boxes(short_box, 4)), "bad_frame");
    EXPECT_EQ(outcome_of(parse_boxes(cbor::Json::object(), 4)), "bad_frame");
}

TEST_F(EpochBoxesTest, RefusesAKeyOfLowOrder) {
    device_keys_[0] = BoxKey{};
    const EpochReaders readers{device_keys_, crypto::box_key_of(vault_), nullptr};

    EXPECT_EQ(outcome_of(make_epoch_boxes(epoch_, name_, readers)), "bad_frame");
}

}  // namespace
}  // namespace wardline::testing
