#pragma once

#include "protocol/base/result.hpp"

#include <filesystem>
#include <optional>

// The folder of one device on this machine: its sealed store, and the lock by which programs take
// turns.
namespace wardline::terminal {

// $XDG_DATA_HOME/wardline, else ~/.local/share/wardline. Empty when neither variable is set.
std::filesystem::path default_home();

// The folder and those above it that are missing, mode 0700. `local_store` when it cannot be made.
Result<void> make_home(const std::filesystem::path& home);

// Held while a program uses the home. The lock is on the folder itself, so it leaves nothing behind
// and ends with the process, however that ends.
class HomeLock {
public:
    // Nothing when another process holds it. `local_store` when there is no such folder.
    static Result<std::optional<HomeLock>> try_take(const std::filesystem::path& home);

    HomeLock(HomeLock&& other) noexcept : descriptor_{other.descriptor_} { other.descriptor_ = -1; }
    HomeLock(const HomeLock&) = delete;
    HomeLock& operator=(const HomeLock&) = delete;
    HomeLock& operator=(HomeLock&&) = delete;
    ~HomeLock();

private:
    explicit HomeLock(int descriptor) : descriptor_{descriptor} {}
    int descriptor_;
};

}  // namespace wardline::terminal
