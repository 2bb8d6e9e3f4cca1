#pragma once

#include "audit/export.hpp"
#include "audit/trail.hpp"
#include "audit/tree_head.hpp"
#include "audit/witness.hpp"
#include "protocol/base/ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// Whether a trail is what the clinic's server signed. Pure; one thread for each object. Memory does
// not grow with the entries, but for runs of entries whose details were erased.
namespace wardline::audit {

constexpr std::size_t kFindingsMax = 100;

// A defect: entries from..to are the first that it can be about. `what` is a sentence for people
// that names them.
struct Finding {
    Seq from{0};
    Seq to{0};
    std::string what;
    bool operator==(const Finding&) const = default;
};

struct VerifyReport {
    std::vector<Finding> findings;   // As they were met; none: the trail is sound.
    bool more{false};                // There were more than kFindingsMax.
    std::vector<std::string> notes;  // What could not be checked, and why.
    std::uint64_t entries{0};
    std::uint64_t heads{0};             // Signed heads that the entries gave.
    std::uint64_t witnessed{0};         // Of those, or met besides: heads that were handed in.
    std::uint64_t erased{0};            // Entries whose details are erased.
    std::optional<TreeHead> last_good;  // The newest head that the entries gave.
    bool sound() const noexcept { return findings.empty(); }
};

// What a trail claims about itself, and heads that its reader has from elsewhere: all of them must
// be of the same clinic and key and be met on the way.
class TrailVerifier {
public:
    explicit TrailVerifier(ExportHeader header, std::vector<Witness> witnessed = {});
    TrailVerifier(TrailVerifier&&) noexcept;
    TrailVerifier& operator=(TrailVerifier&&) noexcept;
    ~TrailVerifier();

    // In the order of an export: each head behind the entry whose seq is its size.
    void entry(const TrailEntry& entry);
    void head(const SignedHead& head);
    // In place of an entry or head that cannot be read, with a sentence's end: "is cut short".
    void unreadable(const std::string& where, const std::string& why);

    std::uint64_t entries() const noexcept;  // So far.
    bool sound() const noexcept;             // So far.
    // Once, at the end.
    VerifyReport finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace wardline::audit
