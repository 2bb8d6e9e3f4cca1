#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/trust/epoch.hpp"
#include "protocol/trust/statement.hpp"
#include "server/acts/act.hpp"

#include <memory>
#include <optional>
#include <vector>

// A signed statement to be put into its chain, with the boxes that go with it. docs/protocol.md
// sections 4 to 6.
namespace wardline::server {

struct StatementAct final : ServerAct {
    // Of the connection; nothing for a grant that finishes an enrolment, whose signer is an invite.
    std::optional<DeviceId> sender;
    trust::Statement statement;
    trust::EpochBoxes boxes;  // Of an epoch; of an admission the one box.

    explicit StatementAct(trust::Statement signed_statement)
        : statement{std::move(signed_statement)} {}

    // From the request `statement`.
    static Result<std::unique_ptr<StatementAct>> parse(
        const DeviceId& sender, const cbor::Json& request
    );
    // From the body of enrol/finish: a grant by an invite's key, nothing else.
    static Result<std::unique_ptr<StatementAct>> parse_enrolment(const cbor::Json& request);

    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override;

private:
    Result<void> check_sender(const ClinicRecord& record, const storage::JudgeFacts& facts) const;
    Result<void> check_boxes() const;
};

// Genesis and the grant of the first administrator, together.
struct SetupAct final : ServerAct {
    trust::Statement genesis;
    trust::Statement grant;
    Hash tls_pin;
    SigningKey audit_key;

    SetupAct(trust::Statement first, trust::Statement second)
        : genesis{std::move(first)}, grant{std::move(second)} {}

    Result<std::vector<storage::Draft>> judge(Ground& ground, const storage::JudgeFacts& facts)
        const override;
    Asker asker() const override { return {.act = "setup"}; }
};

// The entry of a statement that its chain has just taken.
storage::Draft statement_draft(const ClinicRecord& record, const trust::Statement& statement);

}  // namespace wardline::server
