#pragma once

#include "clients/core/client.hpp"
#include "clients/core/environment.hpp"
#include "clients/core/sealed_key_file.hpp"
#include "clients/core/store_key.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace wardline::client {

struct SetupOptions {
    std::string server;                // host:port, or https://host:port
    std::string token;                 // As wardlined printed it: SECRET.PIN
    std::string clinic_name;           // 1 to 100 bytes of UTF-8 without control characters.
    StaffName administrator;           // Account of the first administrator.
    std::filesystem::path home;        // The administrator's new home folder.
    std::filesystem::path root_file;   // Where the sealed root key goes; must not exist.
    std::filesystem::path vault_file;  // Where the sealed vault key goes; must not exist.
    std::map<std::string, std::uint32_t>
        retention_days;  // Class to days; a class left out gets the default.
};
struct SetupKeys {
    StoreKey home;
    StoreKey root;
    StoreKey vault;
};

// Makes root and vault keys, writes them sealed, founds the clinic and enrols the administrator's
// first device by root. Files that were written are removed again when the server refuses.
Result<std::unique_ptr<Client>> setup_clinic(
    const SetupOptions& options,
    const SetupKeys& keys,
    const Environment& environment,
    const ClientOptions& client_options = {}
);

// The retention periods that setup_clinic() uses for classes left out, in days.
const std::map<std::string, std::uint32_t>& default_retention_days();

}  // namespace wardline::client
