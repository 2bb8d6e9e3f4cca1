#include "audit/verify.hpp"

#include "audit/kind.hpp"
#include "protocol/crypto/crypto.hpp"
#include "tests/audit/sample_trail.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace wardline::audit {
namespace {

using testing::sample_trail;
using testing::SampleTrail;
using testing::TrailItem;

VerifyReport verify(const SampleTrail& trail, std::vector<Witness> witnessed = {}) {
    TrailVerifier verifier{trail.header, std::move(witnessed)};
    for (const auto& item : trail.items) {
        if (const auto* entry = std::get_if<TrailEntry>(&item)) verifier.entry(*entry);
        if (const auto* head = std::get_if<SignedHead>(&item)) verifier.head(*head);
    }
    return verifier.finish();
}

auto place_of(SampleTrail& trail, Seq seq) {
    return std::ranges::find_if(trail.items, [seq](const TrailItem& item) {
        const auto* entry = std::get_if<TrailEntry>(&item);
        return entry != nullptr && entry->seq == seq;
    });
}
TrailEntry& entry_of(SampleTrail& trail, Seq seq) {
    return std::get<TrailEntry>(*place_of(trail, seq));
}
void give_leaf(TrailEntry& entry) {
    const auto details = entry.salt ? details_hash(*entry.salt, entry.details) : entry.erased;
    entry.leaf = leaf_hash(entry.seq, entry.time, entry.kind, details);
}
// Sizes of the heads, in order.
std::vector<std::uint64_t> head_sizes(const SampleTrail& trail) {
    std::vector<std::uint64_t> out;
    for (const auto& item : trail.items) {
        if (const auto* head = std::get_if<SignedHead>(&item)) {
            out.push_back(parse_head(head->body).value().size);
        }
    }
    return out;
}
auto head_of(SampleTrail& trail, std::uint64_t size) {
    return std::ranges::find_if(trail.items, [size](const TrailItem& item) {
        const auto* head = std::get_if<SignedHead>(&item);
        return head != nullptr && parse_head(head->body).value().size == size;
    });
}
// First and last entry of the stretch up to a head that the entry lies in.
std::pair<Seq, Seq> stretch_of(const SampleTrail& trail, Seq seq) {
    std::uint64_t before = trail.header.from - 1;
    for (const auto size : head_sizes(trail)) {
        if (size >= seq) return {before + 1, size};
        before = size;
    }
    return {0, 0};
}

void expect_first(const VerifyReport& report, Seq from, Seq to, std::string_view says) {
    ASSERT_FALSE(report.sound());
    const auto& first = report.findings.front();
    EXPECT_EQ(first.from, from) << first.what;
    EXPECT_EQ(first.to, to) << first.what;
    EXPECT_NE(first.what.find(says), std::string::npos) << first.what;
}

TEST(TrailVerifier, AcceptsASoundTrail) {
    const auto trail = sample_trail();

    const auto report = verify(trail, {trail.witness});

    EXPECT_TRUE(report.sound()) << report.findings.front().what;
    EXPECT_EQ(report.entries, 60U);
    EXPECT_EQ(report.heads, head_sizes(trail).size());
    EXPECT_EQ(report.witnessed, 1U);
    EXPECT_EQ(report.erased, 27U);
    EXPECT_EQ(report.last_good->size, 60U);
    EXPECT_EQ(report.notes, std::vector<std::string>{});
}

TEST(TrailVerifier, AcceptsAnEmptyTrail) {
    SampleTrail trail;
    trail.header.from = 1;
    trail.header.to = 0;

    EXPECT_TRUE(verify(trail).sound());
}

TEST(TrailVerifier, AcceptsEveryPartThatBeginsBehindAHead) {
    auto sizes = head_sizes(sample_trail());
    sizes.pop_back();
    for (const auto size : sizes) {
        const auto part = sample_trail({.entries = 60, .from = size + 1, .erased = false});
        const auto report = verify(part);
        EXPECT_TRUE(report.sound()) << report.findings.front().what;
        EXPECT_EQ(report.entries, 60 - size);
    }
}

TEST(TrailVerifier, NamesAChangedEntry) {
    const std::vector<std::function<void(TrailEntry&)>> changes{
        [](TrailEntry& entry) { ++entry.time.ms; },
        [](TrailEntry& entry) { entry.kind = EntryKind::close; },
        [](TrailEntry& entry) { entry.details.back() ^= 1; },
        [](TrailEntry& entry) { entry.salt = Salt{}; },
        [](TrailEntry& entry) { entry.leaf = Hash{}; },
        [](TrailEntry& entry) { entry.kind = static_cast<EntryKind>(99); },
    };
    for (const auto& change : changes) {
        auto trail = sample_trail();
        change(entry_of(trail, 43));
        const auto report = verify(trail);
        expect_first(report, 43, 43, "entry 43: changed");
        // Either the stored leaf or the given one makes the signed roots: nothing else is wrong.
        EXPECT_EQ(report.findings.size(), 1U);
        EXPECT_EQ(report.last_good->size, 60U);
    }
}

TEST(TrailVerifier, NamesTheStretchOfAnEntryThatWasChangedWithItsLeaf) {
    auto trail = sample_trail();
    entry_of(trail, 52).details.back() ^= 1;
    give_leaf(entry_of(trail, 52));

    const auto report = verify(trail);

    const auto [from, to] = stretch_of(trail, 52);
    ASSERT_LT(from, to);
    expect_first(
        report,
        from,
        to,
        "entries " + std::to_string(from) + " to " + std::to_string(to) + ": do not give the root"
    );
    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.last_good->size, from - 1);
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("could not be checked any more"), std::string::npos);
}

TEST(TrailVerifier, NamesAMissingEntry) {
    auto trail = sample_trail();
    trail.items.erase(place_of(trail, 43));

    const auto report = verify(trail);

    expect_first(report, 43, 43, "entry 43: missing");
    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.notes.size(), 1U);
}

TEST(TrailVerifier, NamesAnEntryThatIsMissingBeforeItsHead) {
    auto trail = sample_trail();
    const auto size = head_sizes(trail)[3];
    trail.items.erase(place_of(trail, size));

    expect_first(verify(trail), size, size, "missing, though a signed head covers");
}

TEST(TrailVerifier, NamesAnEntryThatStandsTwice) {
    auto trail = sample_trail();
    const auto place = place_of(trail, 43);
    trail.items.insert(place, *place);

    const auto report = verify(trail);

    expect_first(report, 43, 43, "stands behind entry 43");
    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.last_good->size, 60U);
}

TEST(TrailVerifier, NamesTheFirstOfTwoThatChangedPlaces) {
    auto trail = sample_trail();
    std::swap(*place_of(trail, 43), *place_of(trail, 51));

    expect_first(verify(trail), 43, 50, "missing");
}

TEST(TrailVerifier, NamesAnEntryThatWasPutIn) {
    auto trail = sample_trail();
    auto entry = entry_of(trail, 52);
    const auto [from, to] = stretch_of(trail, 52);
    // Everything behind it is numbered anew, with fitting leaves.
    auto place = place_of(trail, 52);
    for (auto it = place; it != trail.items.end(); ++it) {
        if (auto* moved = std::get_if<TrailEntry>(&*it)) {
            ++moved->seq;
            give_leaf(*moved);
        }
    }
    trail.items.insert(place, entry);
    ++trail.header.to;

    expect_first(verify(trail), to, to, "The head of " + std::to_string(to) + " entries");
}

TEST(TrailVerifier, NamesWhatIsMissingAtTheEnd) {
    auto trail = sample_trail();
    const auto cut = head_sizes(trail)[4];
    trail.items.erase(head_of(trail, cut) + 1, trail.items.end());

    expect_first(verify(trail), cut + 1, 60, "missing at the end of the trail");
}

TEST(TrailVerifier, NamesWhatIsMissingAtTheEndByAHeadFromElsewhere) {
    auto trail = sample_trail({.entries = 60, .from = 1, .erased = false});
    const auto cut = head_sizes(trail)[4];
    trail.items.erase(head_of(trail, cut) + 1, trail.items.end());
    trail.header.to = cut;

    EXPECT_TRUE(verify(trail).sound());
    expect_first(verify(trail, {trail.witness}), cut + 1, 60, "a given head covers");
}

TEST(TrailVerifier, NamesEntriesThatNoHeadCovers) {
    auto trail = sample_trail();
    trail.items.pop_back();
    const auto sizes = head_sizes(trail);

    expect_first(verify(trail), sizes.back() + 1, 60, "no signed head covers");
}

TEST(TrailVerifier, NamesEntriesBehindTheLastThatTheHeaderNames) {
    auto trail = sample_trail();
    trail.header.to = 50;

    expect_first(verify(trail), 51, 51, "stands behind the last entry");
}

TEST(TrailVerifier, NamesTheFirstEntriesWhereTheStartIsAnother) {
    auto trail = sample_trail({.entries = 60, .from = 11, .erased = false});
    trail.header.before[0] = Hash{};

    expect_first(verify(trail), 11, head_sizes(trail)[0], "do not give the root");

    trail.header.before.clear();
    expect_first(verify(trail), 0, 0, "do not fit");
}

TEST(TrailVerifier, RefusesAHeadThatTheClinicDidNotSign) {
    auto trail = sample_trail();
    const auto size = head_sizes(trail)[3];
    std::get<SignedHead>(*head_of(trail, size)).sig = Signature{};

    const auto report = verify(trail);

    expect_first(report, size, size, "is not sound");
    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.last_good->size, 60U);
}

TEST(TrailVerifier, RefusesHeadsOfAnotherClinicOrKey) {
    auto trail = sample_trail();
    trail.header.clinic = ClinicId{};
    EXPECT_FALSE(verify(trail).sound());

    trail = sample_trail();
    trail.header.audit_key = SigningKey{};
    EXPECT_FALSE(verify(trail).sound());

    trail = sample_trail();
    trail.header.incarnation = 2;
    expect_first(verify(trail), 0, 0, "another incarnation");
}

TEST(TrailVerifier, RefusesHeadsOutOfPlace) {
    auto trail = sample_trail();
    const auto sizes = head_sizes(trail);
    const auto early = head_of(trail, sizes[2]);
    auto copy = *early;
    trail.items.insert(early, copy);
    expect_first(verify(trail), sizes[2], sizes[2], "stands behind that of");

    trail = sample_trail();
    copy = *head_of(trail, sizes[5]);
    trail.items.erase(head_of(trail, sizes[5]));
    trail.items.insert(head_of(trail, sizes[6]), copy);
    expect_first(verify(trail), sizes[5], sizes[5], "stands behind entry");
}

TEST(TrailVerifier, NamesAnEntryWhoseTimeFalls) {
    testing::SampleClinic clinic;
    SampleTrail trail;
    trail.header = {clinic.clinic(), clinic.audit_key(), kIncarnation, 1, 2, {}, true};
    auto first = clinic.append(EntryKind::login);
    first.time.ms += 10'000;
    give_leaf(first);
    const auto second = clinic.append(EntryKind::logout);

    TrailVerifier verifier{trail.header};
    verifier.entry(first);
    verifier.entry(second);
    EXPECT_FALSE(verifier.sound());
    expect_first(verifier.finish(), 2, 2, "its time is before that of entry 1");
}

TEST(TrailVerifier, NamesAnEntryThatTheRegistryDoesNotHave) {
    testing::SampleClinic clinic;
    const ExportHeader header{clinic.clinic(), clinic.audit_key(), kIncarnation, 1, 2, {}, true};
    TrailVerifier verifier{header};
    verifier.entry(clinic.append(EntryKind::login));
    verifier.entry(clinic.append(EntryKind::login, cbor::Json{{"note", "free text"}}));
    verifier.head(clinic.head());

    const auto report = verifier.finish();

    expect_first(report, 2, 2, "no field note is registered");
    EXPECT_EQ(report.last_good->size, 2U);
}

TEST(TrailVerifier, NamesDetailsThatAreMissingWithoutAnErasure) {
    auto trail = sample_trail();
    entry_of(trail, 50) = testing::without_details(entry_of(trail, 50));
    expect_first(verify(trail), 50, 50, "details are missing");

    // The decision was for seven entries of 21 to 40: this is the eighth.
    trail = sample_trail();
    entry_of(trail, 40) = testing::without_details(entry_of(trail, 40));
    expect_first(verify(trail), 40, 40, "details are missing");
}

TEST(TrailVerifier, MeetsTheHeadsThatItIsGiven) {
    testing::SampleClinic clinic;
    std::vector<TrailEntry> entries;
    std::vector<Witness> witnessed{clinic.witness()};
    for (int i = 0; i < 10; ++i) {
        entries.push_back(clinic.append_usual());
        witnessed.push_back(clinic.witness());
    }
    TrailVerifier verifier{
        {clinic.clinic(), clinic.audit_key(), kIncarnation, 1, 10, {}, true}, witnessed
    };
    for (const auto& entry : entries) verifier.entry(entry);
    verifier.head(clinic.head());

    const auto report = verifier.finish();

    EXPECT_TRUE(report.sound()) << report.findings.front().what;
    EXPECT_EQ(report.witnessed, 11U);
}

// The server has the audit key and signed two journals: both are sound, but not both together.
TEST(TrailVerifier, NamesWhereTheJournalWasForked) {
    testing::SampleClinic shown;
    testing::SampleClinic hidden;
    std::vector<TrailEntry> entries;
    for (int i = 0; i < 4; ++i) {
        entries.push_back(shown.append_usual());
        hidden.append_usual();
    }
    const auto common = shown.witness();
    hidden.append(EntryKind::login);
    entries.push_back(shown.append(EntryKind::logout));
    const auto other = hidden.witness();
    TrailVerifier verifier{
        {shown.clinic(), shown.audit_key(), kIncarnation, 1, 5, {}, true}, {other, common}
    };
    for (const auto& entry : entries) verifier.entry(entry);
    verifier.head(shown.head());

    const auto report = verifier.finish();

    expect_first(report, 5, 5, "rewritten or forked");
    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.witnessed, 1U);
}

TEST(TrailVerifier, RefusesAGivenHeadThatIsNotOfThisClinic) {
    const auto trail = sample_trail();
    auto witness = trail.witness;
    witness.clinic = ClinicId{};
    expect_first(verify(trail, {witness}), 0, 0, "another clinic");

    witness = trail.witness;
    witness.audit_key = SigningKey{};
    expect_first(verify(trail, {witness}), 0, 0, "different audit keys");

    witness = trail.witness;
    witness.head.sig = Signature{};
    expect_first(verify(trail, {witness}), 0, 0, "not sound");
}

TEST(TrailVerifier, SaysWhichGivenHeadItCouldNotCheck) {
    const auto trail = sample_trail({.entries = 60, .from = 11, .erased = false});
    testing::SampleClinic clinic;
    for (int i = 0; i < 5; ++i) clinic.append_usual();

    const auto report = verify(trail, {clinic.witness()});

    EXPECT_TRUE(report.sound());
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("given head of 5 entries"), std::string::npos);
}

TEST(TrailVerifier, SaysThatAFilteredTrailProvesOnlyItsEntries) {
    auto trail = sample_trail();
    trail.header.complete = false;
    std::erase_if(trail.items, [](const TrailItem& item) {
        const auto* entry = std::get_if<TrailEntry>(&item);
        return entry != nullptr && entry->kind != EntryKind::message;
    });

    const auto report = verify(trail, {trail.witness});
    EXPECT_TRUE(report.sound()) << report.findings.front().what;
    EXPECT_EQ(report.heads, 0U);
    ASSERT_GE(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("left out"), std::string::npos);

    entry_of(trail, 42).details.back() ^= 1;
    expect_first(verify(trail), 42, 42, "changed");
}

TEST(TrailVerifier, KeepsAHundredFindings) {
    auto trail = sample_trail({.entries = 300, .from = 1, .erased = true});
    for (auto& item : trail.items) {
        if (auto* entry = std::get_if<TrailEntry>(&item)) entry->leaf = Hash{};
    }

    const auto report = verify(trail);

    EXPECT_EQ(report.findings.size(), kFindingsMax);
    EXPECT_TRUE(report.more);
    EXPECT_EQ(report.findings.front().from, 1U);
}

}  // namespace
}  // namespace wardline::audit
