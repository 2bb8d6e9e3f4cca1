#pragma once

#include "protocol/base/result.hpp"

#include <cstdint>
#include <filesystem>

// How far an enrolment of a home has come that did not end: because its program was killed, or the
// answer to its grant was lost. Kept as an empty file beside the store, so that enrolling again
// with the same invite goes on. One process, which holds the home.
namespace wardline::client {

class UnfinishedEnrolment {
public:
    enum class Stage : std::uint8_t {
        none,     // Never begun, or ended: the home is a device's if it has a store.
        begun,    // The store may be half made. The clinic has not heard of the device.
        granting  // The store is whole, and the clinic may have granted the device.
    };

    explicit UnfinishedEnrolment(const std::filesystem::path& home);

    Stage stage() const;
    Result<void> begin();
    Result<void> before_grant();
    // Says nothing where it fails: the home is finished the next time.
    void end() noexcept;
    // Removes the store too.
    void discard() noexcept;

private:
    std::filesystem::path store_;
    std::filesystem::path begun_;
    std::filesystem::path granting_;
};

}  // namespace wardline::client
