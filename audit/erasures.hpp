#pragma once

#include "audit/details.hpp"
#include "protocol/base/ids.hpp"

#include <cstdint>
#include <vector>

// Whether every entry whose details are missing is one that an `erasure` entry accounts for. The
// memory is that of the runs of such entries and of the erasures. Pure; one thread for each object.
namespace wardline::audit {

// First and last of a run of entries.
struct SeqRange {
    Seq from{0};
    Seq to{0};
    bool operator==(const SeqRange&) const = default;
};

class Erasures {
public:
    // In rising seq.
    void erased(Seq seq);
    // An `erasure` entry. It accounts for entries before it: by act `retention` for every one of
    // its range, by act `decision` for at most `count` of them.
    void erasure(Seq seq, const Details& details);

    // Entries that are erased and not accounted for, rising. Where decisions account for some of
    // several, they are given to the first ones.
    std::vector<SeqRange> unexplained() const;
    std::uint64_t erased_count() const noexcept { return count_; }

private:
    struct Decision {
        SeqRange range;
        std::uint64_t count{0};
    };
    std::vector<SeqRange> outside_retention() const;

    std::uint64_t count_{0};
    std::vector<SeqRange> runs_;
    std::vector<SeqRange> retention_;
    std::vector<Decision> decisions_;
};

}  // namespace wardline::audit
