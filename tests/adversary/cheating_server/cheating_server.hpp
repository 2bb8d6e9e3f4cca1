#pragma once

#include "protocol/base/secret.hpp"
#include "storage/database.hpp"
#include "storage/journal_state.hpp"
#include "tests/adversary/cheating_server/lies.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// A whole server on a thread of its own, with everything that a dishonest operator has: the
// databases, the audit key, the key of the certificate, and each frame as it passes. What it never
// has are the keys of clients, so whatever it makes up carries no signature but its own.
namespace wardline::adversary {

struct CheatingServerOptions {
    storage::DatabaseOptions databases;
    std::string folder;  // For its certificate and setup tokens.
    std::uint16_t port{0};
    bool log{false};  // To standard error, as wardlined does.
};

class CheatingServer {
public:
    explicit CheatingServer(const CheatingServerOptions& options);
    CheatingServer(const CheatingServer&) = delete;
    CheatingServer& operator=(const CheatingServer&) = delete;
    ~CheatingServer();

    std::uint16_t port() const;
    const Hash& pin() const;
    std::string setup_token();
    const SigningSecret& audit_key() const;
    // Once it is founded.
    ClinicId clinic();

    void lie(Lies lies);
    void be_honest();
    // A push that nobody asked for, to the connections of that device.
    void push(const DeviceId& device, const Json& frame);

    // The whole journal as it is stored.
    std::vector<storage::StoredEntry> journal();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wardline::adversary
