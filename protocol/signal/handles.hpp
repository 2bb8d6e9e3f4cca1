#pragma once

#include "protocol/base/bytes.hpp"
#include "protocol/base/error.hpp"
#include "protocol/base/secret.hpp"

#include <memory>
#include <signal_protocol.h>
#include <utility>

// Owners of what libsignal-protocol-c hands out. Inside protocol/signal only. Its reference counts
// are plain integers: a counted object stays in the operation that made it and never crosses
// threads.
namespace wardline::signal {

// Owns one reference to a counted object. What a getter returns is borrowed and must not go in
// here.
template <class T>
class SignalRef {
public:
    SignalRef() = default;
    SignalRef(SignalRef&& other) noexcept : object_{std::exchange(other.object_, nullptr)} {}
    SignalRef& operator=(SignalRef&& other) noexcept {
        if (this != &other) {
            reset();
            object_ = std::exchange(other.object_, nullptr);
        }
        return *this;
    }
    SignalRef(const SignalRef&) = delete;
    SignalRef& operator=(const SignalRef&) = delete;
    ~SignalRef() { reset(); }

    T* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    // For functions that return one owned reference through a pointer.
    T** out() noexcept {
        reset();
        return &object_;
    }

private:
    void reset() noexcept {
        // Every counted type begins with a signal_type_base.
        if (object_) signal_type_unref(reinterpret_cast<signal_type_base*>(object_));
        object_ = nullptr;
    }
    T* object_{nullptr};
};

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

// Zeroed before it is freed: everything that may hold a key or a plaintext.
using SecretBuffer = Handle<signal_buffer, signal_buffer_bzero_free>;

inline BytesView view_of(const signal_buffer* buffer) noexcept {
    return {signal_buffer_const_data(buffer), signal_buffer_len(buffer)};
}

// Runs `body` so that no exception crosses a C frame, where it would leave the library's lock
// taken.
template <class Body>
int guarded(Body&& body) noexcept {
    try {
        return std::forward<Body>(body)();
    } catch (const std::bad_alloc&) {
        return SG_ERR_NOMEM;
    } catch (...) {
        return SG_ERR_UNKNOWN;
    }
}

// Copies bytes into a buffer that the library will own.
inline int hand_over(BytesView bytes, signal_buffer** out) noexcept {
    *out = signal_buffer_create(bytes.data(), bytes.size());
    return *out ? SG_SUCCESS : SG_ERR_NOMEM;
}

}  // namespace wardline::signal
