#pragma once

#include "protocol/base/result.hpp"

#include <filesystem>
#include <memory>

namespace wardline::client {

// A device's folder: the store, a lock and a socket for other commands. Mode 0700. While a Home
// lives no other process has the same one open, so that two never share a ratchet.
class Home {
public:
    enum class Make : bool { no, yes };

    // `local_store` when the folder is missing (and not to be made), others can enter it, it
    // belongs to somebody else, or another process holds it (`conflict`: that process may be asked
    // through its socket).
    static Result<Home> open(const std::filesystem::path& folder, Make make);
    Home(Home&& other) noexcept;
    Home& operator=(Home&&) = delete;
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home();

    const std::filesystem::path& folder() const { return folder_; }
    std::filesystem::path store_file() const { return store_file(folder_); }
    static std::filesystem::path store_file(const std::filesystem::path& folder) {
        return folder / "store.db";
    }

private:
    Home(std::filesystem::path folder, int lock) : folder_{std::move(folder)}, lock_{lock} {}
    std::filesystem::path folder_;
    int lock_;
};

}  // namespace wardline::client
