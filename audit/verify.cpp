#include "audit/verify.hpp"

#include "audit/details.hpp"
#include "audit/erasures.hpp"
#include "audit/frontier.hpp"
#include "audit/kind.hpp"

#include <algorithm>
#include <utility>

namespace wardline::audit {
namespace {

std::string name_range(Seq from, Seq to) {
    if (from == to) return "entry " + std::to_string(from);
    return "entries " + std::to_string(from) + " to " + std::to_string(to);
}

// The tree of the leaves as they are stored and, from the first one that is not what its entry
// gives until the next signed head, also that of the leaves as the entries give them: the head
// tells which of the two was changed.
class TwoTrees {
public:
    void start(Frontier before) { stored_ = std::move(before); }
    void append(const Hash& stored, const Hash& computed) {
        if (!computed_ && stored != computed) computed_ = stored_;
        stored_.append(stored);
        if (computed_) computed_->append(computed);
    }
    bool gives(const Hash& root) const {
        return stored_.root() == root || (computed_ && computed_->root() == root);
    }
    // Goes on with the one that gives the root.
    void settle(const Hash& root) {
        if (computed_ && stored_.root() != root) stored_ = std::move(*computed_);
        computed_.reset();
    }

private:
    Frontier stored_;
    std::optional<Frontier> computed_;
};

struct WitnessedHead {
    std::uint64_t size{0};
    Hash root;
};

}  // namespace

struct TrailVerifier::State {
    ExportHeader header;
    VerifyReport report;
    std::vector<WitnessedHead> witnessed;  // Rising size; `next_witness` is the first not yet met.
    std::size_t next_witness{0};
    Erasures erasures;

    TwoTrees trees;
    bool tree_lost{false};   // Leaves are missing or wrong: no later root can be computed.
    bool explained{false};   // An entry since the last good head was named already.
    Seq last{0};             // Seq of the newest entry; from - 1 before the first.
    Seq good_upto{0};        // Size of the newest head that the entries gave.
    Seq head_upto{0};        // Size of the newest head that the clinic signed,
    bool head_seen{false};   // if there was one.
    Seq met_upto{0};         // Size of the newest witnessed head that the entries gave.
    std::uint64_t holes{0};  // Lines since the newest entry that could not be read.
    Seq sound_seq{0};        // The newest entry whose leaf is sound,
    Instant sound_time;      // and its time.
    bool beyond{false};      // An entry behind `to` was reported.

    void find(Seq from, Seq to, std::string what) {
        if (report.findings.size() >= kFindingsMax) {
            report.more = true;
            return;
        }
        report.findings.push_back({from, to, std::move(what)});
    }
    void find_entries(Seq from, Seq to, const std::string& what) {
        find(from, to, name_range(from, to) + ": " + what);
    }
    void lose_tree(Seq from) {
        if (std::exchange(tree_lost, true) || !header.complete) return;
        report.notes.push_back(
            "From entry " + std::to_string(from) +
            " on, signed heads could not be checked any more; each entry by itself was."
        );
    }

    void begin(const std::vector<Witness>& given);
    void take_witness(const Witness& witness);
    bool take_place(Seq seq);
    bool take_place_in_complete(Seq seq);
    void check_content(const TrailEntry& entry);
    void check_head(const TreeHead& head);
    bool reach(std::uint64_t size);
    void check_witnesses();
    void finish_complete();
    void finish_erasures();
};

void TrailVerifier::State::begin(const std::vector<Witness>& given) {
    last = good_upto = head_upto = met_upto = header.from == 0 ? 0 : header.from - 1;
    if (header.incarnation != kIncarnation) {
        find(0, 0, "The trail is of another incarnation of the clinic than this version knows.");
    }
    if (header.from == 0 || header.to < last) {
        find(0, 0, "The trail names a range of entries that there cannot be.");
    }
    if (header.complete) {
        auto before = Frontier::from_hashes(last, header.before);
        if (before) {
            trees.start(std::move(before).value());
        } else {
            find(0, 0, "The hashes that stand for the entries before the first do not fit it.");
            lose_tree(header.from);
        }
    } else {
        tree_lost = true;
        report.notes.emplace_back(
            "Entries were left out of this trail: each that is there was checked by itself, but "
            "not that none is missing, nor against the signed heads."
        );
    }
    for (const auto& witness : given) take_witness(witness);
    std::ranges::sort(witnessed, {}, &WitnessedHead::size);
    while (next_witness < witnessed.size() && witnessed[next_witness].size < last) {
        const auto size = std::to_string(witnessed[next_witness++].size);
        report.notes.push_back(
            "The given head of " + size +
            " entries could not be checked: the trail begins behind it."
        );
    }
}

void TrailVerifier::State::take_witness(const Witness& witness) {
    if (witness.clinic != header.clinic) {
        find(0, 0, "The given head is of another clinic than the trail.");
    } else if (witness.audit_key != header.audit_key) {
        find(0, 0, "The given head and the trail name different audit keys of the clinic.");
    } else {
        const auto head = verify_head(witness.head, witness.audit_key, witness.clinic);
        if (head) {
            witnessed.push_back({head.value().size, head.value().root});
        } else {
            find(0, 0, "The given head is not sound: " + head.error().detail + ".");
        }
    }
}

// Whether the entry of that seq belongs where it stands.
bool TrailVerifier::State::take_place(Seq seq) {
    const auto gaps = std::exchange(holes, 0);
    if (seq <= last) {
        find_entries(
            seq, seq, "stands behind entry " + std::to_string(last) + ", where it does not belong."
        );
        return false;
    }
    if (header.complete) {
        const auto missing = seq - last - 1;
        if (missing > gaps) find_entries(last + 1, seq - 1, "missing.");
        if (missing > 0) lose_tree(last + 1);
    }
    if (seq > header.to && !std::exchange(beyond, true)) {
        find_entries(
            seq,
            seq,
            "stands behind the last entry that the trail says it has, " +
                std::to_string(header.to) + "."
        );
    }
    last = seq;
    return true;
}

// What can be said of an entry whose leaf is the one that it gives.
void TrailVerifier::State::check_content(const TrailEntry& entry) {
    if (entry.time < sound_time) {
        find_entries(
            entry.seq,
            entry.seq,
            "its time is before that of entry " + std::to_string(sound_seq) + "."
        );
    }
    sound_seq = entry.seq;
    sound_time = entry.time;
    if (!is_known(entry.kind)) {
        find_entries(
            entry.seq, entry.seq, "its kind " + text_of(entry.kind) + " is not known here."
        );
        return;
    }
    if (!entry.salt) return;
    const auto details = Details::read(entry.kind, entry.details);
    if (!details) {
        find_entries(
            entry.seq,
            entry.seq,
            "does not have the form of its kind: " + details.error().detail + "."
        );
    } else if (entry.kind == EntryKind::erasure) {
        erasures.erasure(entry.seq, details.value());
    }
}

// Whether the entries so far are as many as the head says.
bool TrailVerifier::State::reach(std::uint64_t size) {
    if (size < last) {
        find(
            size,
            size,
            "The head of " + std::to_string(size) + " entries stands behind entry " +
                std::to_string(last) + "."
        );
        return false;
    }
    if (size > last) {
        if (size - last > holes) {
            find_entries(last + 1, size, "missing, though a signed head covers them.");
        }
        lose_tree(last + 1);
        holes = 0;
        last = size;
    }
    return !tree_lost;
}

void TrailVerifier::State::check_head(const TreeHead& head) {
    if (head.size < head_upto || (head.size == head_upto && head_seen)) {
        find(
            head.size,
            head.size,
            "The head of " + std::to_string(head.size) + " entries stands behind that of " +
                std::to_string(head_upto) + "."
        );
        return;
    }
    head_upto = head.size;
    head_seen = true;
    if (!header.complete || !reach(head.size)) return;
    if (!trees.gives(head.root)) {
        // Where an entry was named already, the whole range says nothing more.
        if (!explained) {
            find_entries(
                good_upto + 1, head.size, "do not give the root that the clinic signed for them."
            );
        }
        lose_tree(head.size + 1);
        return;
    }
    trees.settle(head.root);
    good_upto = head.size;
    explained = false;
    ++report.heads;
    report.last_good = head;
}

// Those of the size that the entries have reached.
void TrailVerifier::State::check_witnesses() {
    for (; next_witness < witnessed.size(); ++next_witness) {
        const auto& head = witnessed[next_witness];
        if (head.size > last) return;
        if (tree_lost || head.size < last) continue;
        if (trees.gives(head.root)) {
            met_upto = head.size;
            ++report.witnessed;
        } else if (!explained) {
            find_entries(
                met_upto + 1,
                head.size,
                "not those that the given head of " + std::to_string(head.size) +
                    " entries was signed for: the journal was rewritten or forked."
            );
        }
    }
}

void TrailVerifier::State::finish_complete() {
    if (last < header.to) {
        if (header.to - last > holes) {
            find_entries(last + 1, header.to, "missing at the end of the trail.");
        }
    } else if (head_upto < last) {
        find_entries(head_upto + 1, last, "no signed head covers them.");
    }
    if (next_witness < witnessed.size()) {
        find_entries(
            last + 1, witnessed.back().size, "missing at the end: a given head covers them."
        );
    }
}

void TrailVerifier::State::finish_erasures() {
    report.erased = erasures.erased_count();
    if (!header.complete) return;
    for (const auto& range : erasures.unexplained()) {
        find_entries(
            range.from,
            range.to,
            "details are missing, and no erasure in the trail accounts for it."
        );
        if (report.more) return;
    }
}

TrailVerifier::TrailVerifier(ExportHeader header, std::vector<Witness> witnessed)
    : state_{std::make_unique<State>()} {
    state_->header = std::move(header);
    state_->begin(witnessed);
}
TrailVerifier::TrailVerifier(TrailVerifier&&) noexcept = default;
TrailVerifier& TrailVerifier::operator=(TrailVerifier&&) noexcept = default;
TrailVerifier::~TrailVerifier() = default;

void TrailVerifier::entry(const TrailEntry& entry) {
    auto& state = *state_;
    state.check_witnesses();
    ++state.report.entries;
    if (!state.take_place(entry.seq)) return;
    const auto details = entry.salt ? details_hash(*entry.salt, entry.details) : entry.erased;
    const auto leaf = leaf_hash(entry.seq, entry.time, entry.kind, details);
    if (!state.tree_lost) state.trees.append(entry.leaf, leaf);
    if (!entry.salt) state.erasures.erased(entry.seq);
    if (leaf == entry.leaf) {
        state.check_content(entry);
    } else {
        state.explained = true;
        state.find_entries(entry.seq, entry.seq, "changed: its leaf is not the one that it gives.");
    }
}

void TrailVerifier::head(const SignedHead& head) {
    auto& state = *state_;
    const auto parsed = verify_head(head, state.header.audit_key, state.header.clinic);
    if (parsed) {
        state.check_head(parsed.value());
        return;
    }
    state.find(
        state.last,
        state.last,
        "The head behind entry " + std::to_string(state.last) +
            " is not sound: " + parsed.error().detail + "."
    );
}

void TrailVerifier::unreadable(const std::string& where, const std::string& why) {
    auto& state = *state_;
    const auto seq = state.last + 1;
    state.find(
        seq, seq, where + ", at the place of entry " + std::to_string(seq) + ", " + why + "."
    );
    ++state.holes;
}

std::uint64_t TrailVerifier::entries() const noexcept {
    return state_->report.entries;
}

bool TrailVerifier::sound() const noexcept {
    return state_->report.sound();
}

VerifyReport TrailVerifier::finish() {
    auto& state = *state_;
    auto& report = state.report;
    state.check_witnesses();
    if (state.header.complete) {
        state.finish_complete();
    } else if (!state.witnessed.empty()) {
        report.notes.emplace_back("The given heads were not checked against the entries.");
    }
    state.finish_erasures();
    return std::move(report);
}

}  // namespace wardline::audit
