#pragma once

#include "clients/core/store_key.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

// A folder in memory for a client's store or homes, gone at the end of the run.
namespace wardline::fuzz {

class Scratch {
public:
    Scratch() {
        std::string name{"/dev/shm/wardline-fuzz-XXXXXX"};
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        std::ofstream{folder_ / "key"} << "a key file of the fuzz targets";
        std::filesystem::permissions(folder_ / "key", std::filesystem::perms::owner_read);
    }
    ~Scratch() { std::filesystem::remove_all(folder_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::filesystem::path& folder() const { return folder_; }
    std::filesystem::path file() const { return folder_ / "store.db"; }
    client::StoreKey key() const {
        return client::StoreKey::from_key_file(folder_ / "key").value();
    }
    // Replaces the store by these bytes.
    void write(std::string_view bytes) const {
        for (const char* rest : {"store.db-wal", "store.db-shm", "store.db-journal"}) {
            std::filesystem::remove(folder_ / rest);
        }
        std::ofstream{file(), std::ios::binary | std::ios::trunc} << bytes;
        std::filesystem::permissions(
            file(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
        );
    }

private:
    std::filesystem::path folder_;
};

}  // namespace wardline::fuzz
