#pragma once

#include "clients/core/device_identity.hpp"
#include "clients/core/environment.hpp"
#include "clients/core/store_key.hpp"
#include "tests/model/memory_server.hpp"
#include "tests/support/chain_fixture.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

// A clinic with two of the staff and a patient (P-1), whose homes lie in `folder` as "anna", "ben"
// and "pat", each having been online once. Made once; every schedule goes on from a copy.
namespace wardline::model {

class SyncWorld {
public:
    explicit SyncWorld(std::filesystem::path folder);
    ~SyncWorld();

    const std::filesystem::path& folder() const { return folder_; }
    client::StoreKey store_key() const;
    const MemoryJournal& journal() const { return server_->journal; }
    const std::map<DeviceId, UploadedPrekeys>& prekeys() const { return server_->prekeys; }
    const SigningSecret& audit_key() const { return clinic_.audit; }
    const SigningSecret& admin() const { return clinic_.admin.signing; }
    // A second device of ben's, which nobody uses.
    const DeviceId& spare() const { return spare_; }
    Instant now() const { return clinic_.now; }

private:
    struct Home {
        std::filesystem::path path;
        client::DeviceIdentity identity;
    };

    testing::TestDevice make(const std::string& name, const Account& account);
    void enrol(const testing::TestInvite& invite, const testing::TestDevice& device);
    void begin();
    void begin(const Home& home, const client::Environment& environment);

    std::filesystem::path folder_;
    testing::AClinic clinic_{"sync"};
    std::vector<Home> homes_;
    DeviceId spare_;
    std::unique_ptr<MemoryServer> server_;
};

}  // namespace wardline::model
