#pragma once

namespace CLI {
class App;
}

// The commands below `wardline-admin audit`, one for each file; add_audit() in invocation.hpp calls
// them. The invocation outlives the app.
namespace wardline::admin {

struct Invocation;

void add_audit_access(CLI::App& audit, Invocation& invocation);
void add_audit_export(CLI::App& audit, Invocation& invocation);
void add_audit_verify(CLI::App& audit, Invocation& invocation);
void add_audit_witness(CLI::App& audit, Invocation& invocation);
void add_audit_erasure(CLI::App& audit, Invocation& invocation);
void add_audit_evidence(CLI::App& audit, Invocation& invocation);

}  // namespace wardline::admin
