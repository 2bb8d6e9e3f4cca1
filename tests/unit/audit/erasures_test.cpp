#include "audit/erasures.hpp"

#include "protocol/base/cbor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wardline::audit {
namespace {

using Ranges = std::vector<SeqRange>;

struct Act {
    std::string act;
    Seq from;
    Seq to;
    std::uint64_t count;
};

void add(Erasures& erasures, const Act& act, Seq seq = 1'000) {
    const auto bytes =
        cbor::encode({{"act", act.act}, {"count", act.count}, {"from", act.from}, {"to", act.to}});
    erasures.erasure(seq, Details::read(EntryKind::erasure, bytes).value());
}

Erasures with_erased(std::initializer_list<Seq> seqs) {
    Erasures out;
    for (const auto seq : seqs) out.erased(seq);
    return out;
}

TEST(Erasures, AreUnexplainedWithoutAnEntry) {
    const auto erasures = with_erased({1, 2, 3, 7});

    EXPECT_EQ(erasures.unexplained(), (Ranges{{1, 3}, {7, 7}}));
    EXPECT_EQ(erasures.erased_count(), 4U);
}

TEST(Erasures, OfARetentionCoverItsRange) {
    auto erasures = with_erased({1, 2, 3, 4, 5, 9});
    add(erasures, {"retention", 2, 4, 3});

    EXPECT_EQ(erasures.unexplained(), (Ranges{{1, 1}, {5, 5}, {9, 9}}));
}

TEST(Erasures, OfSeveralRetentionsAddUp) {
    auto erasures = with_erased({1, 2, 3, 4, 5, 6, 7, 8, 9});
    add(erasures, {"retention", 4, 9, 3});
    add(erasures, {"retention", 1, 2, 3});
    add(erasures, {"retention", 1, 8, 3});

    EXPECT_EQ(erasures.unexplained(), Ranges{});
}

TEST(Erasures, CoverNothingBehindThemselves) {
    auto erasures = with_erased({5, 6, 7});
    add(erasures, {"retention", 1, 100, 3}, 6);

    EXPECT_EQ(erasures.unexplained(), (Ranges{{6, 7}}));
}

TEST(Erasures, OfADecisionCoverNoMoreThanTheirCount) {
    auto erasures = with_erased({3, 5, 8, 9});
    add(erasures, {"decision", 1, 10, 3});

    EXPECT_EQ(erasures.unexplained(), (Ranges{{9, 9}}));
}

TEST(Erasures, GiveEachEntryToTheDecisionThatEndsFirst) {
    auto erasures = with_erased({1, 2, 3, 4});
    add(erasures, {"decision", 1, 10, 2});
    add(erasures, {"decision", 1, 2, 2});

    EXPECT_EQ(erasures.unexplained(), Ranges{});
}

TEST(Erasures, MeetADecisionThatBeginsInsideARun) {
    auto erasures = with_erased({1, 2, 3, 4, 5, 6});
    add(erasures, {"decision", 1, 6, 4});
    add(erasures, {"decision", 3, 4, 2});

    EXPECT_EQ(erasures.unexplained(), Ranges{});
}

TEST(Erasures, StandTheLargestNumbers) {
    constexpr auto kLast = ~Seq{0};
    auto erasures = with_erased({1, kLast - 2, kLast - 1, kLast});
    add(erasures, {"decision", 0, kLast, kLast}, kLast);
    add(erasures, {"decision", 7, 3, 0}, kLast);
    add(erasures, {"decision", 1, 1, 0}, kLast);

    EXPECT_EQ(erasures.unexplained(), (Ranges{{kLast, kLast}}));
}

// Entry by entry, each to the open decision that ends first.
Ranges slowly(const std::vector<Seq>& erased, std::vector<Act> acts, Seq at) {
    Ranges out;
    for (const auto seq : erased) {
        Act* best = nullptr;
        bool covered = false;
        for (auto& act : acts) {
            if (seq < act.from || seq > std::min(act.to, at - 1)) continue;
            if (act.act == "retention") {
                covered = true;
            } else if (act.count > 0 && (best == nullptr || act.to < best->to)) {
                best = &act;
            }
        }
        if (covered) continue;
        if (best != nullptr) {
            --best->count;
        } else if (!out.empty() && out.back().to + 1 == seq) {
            out.back().to = seq;
        } else {
            out.push_back({seq, seq});
        }
    }
    return out;
}

RC_GTEST_PROP(Erasures, AreThoseOfTheSlowWay, ()) {
    constexpr Seq kSize = 40;
    const auto missing = *rc::gen::container<std::vector<bool>>(
        kSize, rc::gen::weightedElement<bool>({{3, true}, {1, false}})
    );
    std::vector<Seq> erased;
    Erasures erasures;
    for (Seq seq = 1; seq <= kSize; ++seq) {
        if (!missing[seq - 1]) continue;
        erased.push_back(seq);
        erasures.erased(seq);
    }
    const auto size = *rc::gen::inRange(0, 6);
    std::vector<Act> acts;
    for (int i = 0; i < size; ++i) {
        Act act;
        act.act = *rc::gen::weightedElement<std::string>({{1, "retention"}, {4, "decision"}});
        act.from = *rc::gen::inRange<Seq>(0, kSize);
        act.to = *rc::gen::inRange<Seq>(0, kSize + 10);
        act.count = *rc::gen::inRange<std::uint64_t>(0, 12);
        acts.push_back(act);
        add(erasures, act, kSize - 1);
    }

    // Where two decisions end alike, either may give its place.
    RC_ASSERT(erasures.unexplained() == slowly(erased, acts, kSize - 1));
}

}  // namespace
}  // namespace wardline::audit
