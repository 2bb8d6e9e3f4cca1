#include "protocol/message/padding.hpp"

#include "protocol/message/sealed_message.hpp"
#include "tests/unit/protocol/message/vectors.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::message::testing {
namespace {

TEST(Padding, AgreesWithTheVectors) {
    const auto vectors = read_vectors("padding");
    for (const auto& vector : vectors.at("sizes")) {
        EXPECT_EQ(padded_size(number_in(vector, "content")), number_in(vector, "padded")) << vector;
    }
    for (const auto& vector : vectors.at("padded")) {
        const auto content = bytes_in(vector, "content");
        const auto padded = bytes_in(vector, "padded");
        EXPECT_EQ(pad(content), padded);
        EXPECT_EQ(to_hex(unpad(padded).value()), to_hex(content));
    }
}

TEST(Padding, RefusesWhatTheVectorsRefuse) {
    const auto vectors = read_vectors("padding");
    for (const auto& vector : vectors.at("refused")) {
        const auto padded = bytes_in(vector, "padded");
        const auto content = unpad(padded);
        ASSERT_FALSE(content) << vector.at("name");
        EXPECT_EQ(content.error().code, Code::undecryptable);
    }
}

TEST(Padding, TheLargestContentFitsTheLargestCiphertext) {
    EXPECT_LE(padded_size(kContentBytesMax), kPaddedBytesMax);
    EXPECT_GT(padded_size(kPaddedBytesMax), kPaddedBytesMax);
}

RC_GTEST_PROP(Padding, IsUndone, (const Bytes& content)) {
    const auto padded = pad(content);
    const auto back = unpad(padded).value();
    RC_ASSERT(Bytes(back.begin(), back.end()) == content);
}

RC_GTEST_PROP(Padding, NeverShrinksAndCostsAtMostATenthBeyondTheFirst64Bytes, ()) {
    const auto size = *rc::gen::inRange<std::size_t>(0, 100'000);
    const auto padded = padded_size(size);
    RC_ASSERT(padded > size);
    RC_ASSERT(padded >= kPaddedBytesMin);
    RC_ASSERT(padded_size(size + 1) >= padded);
    RC_ASSERT(padded == kPaddedBytesMin || padded - size <= 1 + (size + 1) * 12 / 100);
}

RC_GTEST_PROP(Padding, FewLengthsAreLeftToTellApart, ()) {
    const auto size = *rc::gen::inRange<std::size_t>(0, 100'000);
    // A padded length is one that pads to itself: its content and the marker fill it.
    const auto padded = padded_size(size);
    RC_ASSERT(padded_size(padded - 1) == padded);
}

RC_GTEST_PROP(Padding, AnyFlippedBitOutsideTheContentIsRefused, (const Bytes& content)) {
    auto padded = pad(content);
    const auto at = *rc::gen::inRange<std::size_t>(content.size(), padded.size());
    padded[at] ^= static_cast<std::uint8_t>(1 << *rc::gen::inRange(0, 8));
    const auto back = unpad(padded);
    // The one way that is left is a marker that moved behind the content, as another content.
    const bool is_another = !back || back.value().size() != content.size();
    RC_ASSERT(is_another);
}

}  // namespace
}  // namespace wardline::message::testing
