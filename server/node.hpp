#pragma once

#include "server/config.hpp"
#include "server/tls_identity.hpp"

#include <memory>

// One running server: every object in order of life, from the databases to the port. The only place
// that knows them all.
namespace wardline::server {

class Node {
public:
    // Starts what blocks: our own PostgreSQL where no database was given, the schemas, keys and
    // certificate. Errors are sentences for the person.
    static Result<std::unique_ptr<Node>> prepare(const Config& config);
    ~Node();

    // Serves until SIGTERM or SIGINT, then ends in order: what was accepted is finished first.
    Result<void> run();

private:
    struct Impl;
    explicit Node(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// The identity that this configuration names: files, or the self-made one in its data folder.
Result<TlsIdentity> tls_identity_of(const Config& config, Instant now);
// Prints nothing; the token for a server with this configuration.
Result<std::string> issue_setup_token(const Config& config, Instant now);

}  // namespace wardline::server
