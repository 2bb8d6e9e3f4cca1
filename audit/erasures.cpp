#include "audit/erasures.hpp"

#include <algorithm>
#include <queue>

namespace wardline::audit {
namespace {

void add_to_runs(std::vector<SeqRange>& runs, SeqRange more) {
    if (!runs.empty() && runs.back().to + 1 == more.from) {
        runs.back().to = more.to;
    } else {
        runs.push_back(more);
    }
}

}  // namespace

void Erasures::erased(Seq seq) {
    ++count_;
    add_to_runs(runs_, {seq, seq});
}

void Erasures::erasure(Seq seq, const Details& details) {
    const SeqRange range{details.number("from"), std::min(details.number("to"), seq - 1)};
    if (range.from > range.to) return;
    if (details.text("act") == "retention") {
        retention_.push_back(range);
    } else {
        decisions_.push_back({range, details.number("count")});
    }
}

std::vector<SeqRange> Erasures::outside_retention() const {
    auto covers = retention_;
    std::ranges::sort(covers, {}, &SeqRange::from);
    std::vector<SeqRange> out;
    auto cover = covers.begin();
    for (const auto& run : runs_) {
        auto at = run.from;
        while (at <= run.to) {
            // Covers that end before `at` cover nothing of what follows either.
            while (cover != covers.end() && cover->to < at) ++cover;
            if (cover == covers.end() || cover->from > run.to) {
                out.push_back({at, run.to});
                break;
            }
            if (cover->from > at) out.push_back({at, cover->from - 1});
            if (cover->to >= run.to) break;
            at = cover->to + 1;
        }
    }
    return out;
}

// Each entry takes one place of the decision that ends first: if any assignment accounts for all,
// this one does.
std::vector<SeqRange> Erasures::unexplained() const {
    auto decisions = decisions_;
    std::ranges::sort(decisions, {}, [](const Decision& one) { return one.range.from; });
    const auto ends_later = [](const Decision& a, const Decision& b) {
        return a.range.to > b.range.to;
    };
    std::priority_queue<Decision, std::vector<Decision>, decltype(ends_later)> open{ends_later};
    auto next = decisions.begin();
    std::vector<SeqRange> out;
    for (const auto& run : outside_retention()) {
        auto at = run.from;
        while (at <= run.to) {
            for (; next != decisions.end() && next->range.from <= at; ++next) open.push(*next);
            while (!open.empty() && (open.top().range.to < at || open.top().count == 0)) open.pop();
            auto last = run.to;
            if (next != decisions.end()) last = std::min(last, next->range.from - 1);
            if (open.empty()) {
                add_to_runs(out, {at, last});
            } else {
                auto decision = open.top();
                open.pop();
                last = std::min(last, decision.range.to);
                last = at + std::min(last - at, decision.count - 1);
                decision.count -= last - at + 1;
                open.push(decision);
            }
            if (last == run.to) break;
            at = last + 1;
        }
    }
    return out;
}

}  // namespace wardline::audit
