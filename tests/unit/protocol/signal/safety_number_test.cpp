#include "protocol/signal/keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace wardline::signal {
namespace {

class SafetyNumber : public ::testing::Test {
protected:
    static IdentityKey key(std::uint8_t number) {
        std::array<std::uint8_t, 33> raw{};
        raw.fill(number);
        raw.front() = 5;
        return IdentityKey{raw};
    }

    Account nurse{Account::parse("s:maria").value()};
    Account patient{Account::parse("p:P-1042").value()};
    std::array<IdentityKey, 2> nurse_keys{key(1), key(2)};
    std::array<IdentityKey, 1> patient_keys{key(3)};
};

TEST_F(SafetyNumber, IsSixtyDigitsAndTheSameOnBothSides) {
    const auto hers = safety_number(nurse, nurse_keys, patient, patient_keys).value();
    const auto his = safety_number(patient, patient_keys, nurse, nurse_keys).value();

    EXPECT_EQ(hers, his);
    EXPECT_EQ(std::ranges::count_if(hers, [](char c) { return c >= '0' && c <= '9'; }), 60);
    EXPECT_EQ(std::ranges::count(hers, ' '), 11);
}

TEST_F(SafetyNumber, Trap28DependsOnBothAccountsAndEveryKeyAndOnNothingElse) {
    const auto number = safety_number(nurse, nurse_keys, patient, patient_keys).value();
    const std::array swapped{key(2), key(1)};
    const std::array changed{key(1), key(4)};
    const auto namesake = Account::parse("p:maria").value();

    EXPECT_EQ(safety_number(nurse, swapped, patient, patient_keys).value(), number);
    EXPECT_NE(safety_number(nurse, changed, patient, patient_keys).value(), number);
    EXPECT_NE(safety_number(namesake, nurse_keys, patient, patient_keys).value(), number);
}

TEST_F(SafetyNumber, NeedsADeviceOnBothSides) {
    EXPECT_EQ(safety_number(nurse, {}, patient, patient_keys).error().code, Code::usage);
    EXPECT_EQ(safety_number(nurse, nurse_keys, patient, {}).error().code, Code::usage);
}

TEST_F(SafetyNumber, RefusesWhatIsNoIdentityKey) {
    const std::array<IdentityKey, 1> zeros{};

    EXPECT_EQ(safety_number(nurse, zeros, patient, patient_keys).error().code, Code::bad_frame);
}

}  // namespace
}  // namespace wardline::signal
