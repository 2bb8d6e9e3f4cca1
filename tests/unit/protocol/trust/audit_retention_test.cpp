#include "protocol/trust/clinic_chain.hpp"
#include "tests/support/chain_fixture.hpp"

#include <gtest/gtest.h>

// What the clinic's chain says of how long details of the audit trail are kept.
namespace wardline::testing {
namespace {

using namespace wardline::trust;

TEST(AuditRetention, DetailsMayBeGoneAfterTheShortestTimeThatAStatementEverSaid) {
    AClinic clinic;
    const ThreadId thread{{7}};
    const auto gone_after = [&](std::uint64_t days) {
        const auto written = clinic.now;
        const Instant later{written.ms + days * kDayMs};
        return clinic.chain.details_may_be_erased(thread, 5, written, later);
    };
    const std::uint64_t usual = clinic.chain.audit_retention_days();
    EXPECT_FALSE(gone_after(usual - 1));
    EXPECT_TRUE(gone_after(usual));
    const auto manager = clinic.a_staff_device("mara", Role::manager);
    const auto shorter = clinic.must(manager.signing, AuditRetention{400});
    EXPECT_FALSE(gone_after(400)) << "a proposal";
    clinic.must(clinic.admin.signing, Approve{shorter.statement.hash()});
    clinic.must(manager.signing, AuditRetention{5'000});
    EXPECT_FALSE(gone_after(399));
    EXPECT_TRUE(gone_after(400)) << "what was erased meanwhile stays erased";
}

TEST(AuditRetention, ADecisionOfTwoAllowsAnErasureBeforeThatInItsThreadAndRange) {
    AClinic clinic;
    const auto manager = clinic.a_staff_device("mara", Role::manager);
    const ThreadId thread{{7}};
    const auto may = [&](const ThreadId& of, Seq seq) {
        return clinic.chain.details_may_be_erased(of, seq, clinic.now, clinic.now);
    };
    const auto decision =
        clinic.must(manager.signing, AuditErase{thread, 2, 4, ErasureReason::subject_request});
    EXPECT_FALSE(may(thread, 3)) << "a proposal";
    clinic.must(clinic.admin.signing, Approve{decision.statement.hash()});
    EXPECT_FALSE(may(thread, 1));
    EXPECT_TRUE(may(thread, 2));
    EXPECT_TRUE(may(thread, 4));
    EXPECT_FALSE(may(thread, 5));
    EXPECT_FALSE(may(ThreadId{{8}}, 3));
}

}  // namespace
}  // namespace wardline::testing
