#pragma once

#include "protocol/base/result.hpp"

#include <memory>
#include <signal_protocol.h>

// The primitives that libsignal-protocol-c asks its program for, from OpenSSL, and a context made
// of them. (Its curve code has its own SHA-512 and X25519, which cannot be replaced.) Inside
// protocol/signal only.
namespace wardline::signal {

class CryptoProvider {
public:
    // Fetches and prepares the algorithms once; `internal` if OpenSSL does not have them.
    static Result<std::unique_ptr<CryptoProvider>> create();
    ~CryptoProvider();
    CryptoProvider(const CryptoProvider&) = delete;
    CryptoProvider& operator=(const CryptoProvider&) = delete;

    // Every callback set: one that is missing would abort the process. Refers to this object.
    signal_crypto_provider callbacks() noexcept;

    struct Algorithms;

private:
    explicit CryptoProvider(std::unique_ptr<Algorithms> algorithms);
    std::unique_ptr<Algorithms> algorithms_;
};

// A signal_context with this provider, which is silent. `lock` and `unlock` must be recursive.
class Context {
public:
    using LockFunction = void (*)(void*);
    struct Locking {
        LockFunction lock{nullptr};
        LockFunction unlock{nullptr};
        void* user_data{nullptr};
    };
    static Result<Context> create(const Locking& locking);
    // For one thread and one call.
    static Result<Context> create();

    signal_context* get() const noexcept { return context_.get(); }

private:
    struct Destroy {
        void operator()(signal_context* context) const noexcept { signal_context_destroy(context); }
    };
    Context(std::unique_ptr<CryptoProvider> provider, signal_context* context)
        : provider_{std::move(provider)}, context_{context} {}

    std::unique_ptr<CryptoProvider> provider_;
    std::unique_ptr<signal_context, Destroy> context_;
};

}  // namespace wardline::signal
