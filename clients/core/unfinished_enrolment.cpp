#include "clients/core/unfinished_enrolment.hpp"

#include "clients/core/home.hpp"
#include "clients/core/private_file.hpp"

#include <system_error>

namespace wardline::client {
namespace {

bool is_there(const std::filesystem::path& file) {
    std::error_code ignored;
    return std::filesystem::exists(file, ignored);
}

void erase(const std::filesystem::path& file) noexcept {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
}

}  // namespace

UnfinishedEnrolment::UnfinishedEnrolment(const std::filesystem::path& home)
    : store_{Home::store_file(home)}, begun_{home / "enrolling"}, granting_{home / "granting"} {}

UnfinishedEnrolment::Stage UnfinishedEnrolment::stage() const {
    if (is_there(begun_)) return Stage::begun;
    return is_there(granting_) ? Stage::granting : Stage::none;
}

Result<void> UnfinishedEnrolment::begin() {
    return create_private_file(begun_, {});
}

Result<void> UnfinishedEnrolment::before_grant() {
    std::error_code failed;
    std::filesystem::rename(begun_, granting_, failed);
    if (!failed) return success();
    return Error{
        Code::local_store,
        "the file " + granting_.string() + " cannot be written: " + failed.message()
    };
}

void UnfinishedEnrolment::end() noexcept {
    erase(begun_);
    erase(granting_);
}

// The mark goes last: a store without one is a device's, and one of a device that may be granted
// has its store.
void UnfinishedEnrolment::discard() noexcept {
    std::error_code ignored;
    std::filesystem::rename(granting_, begun_, ignored);
    for (const char* suffix : {"", "-wal", "-journal"}) erase(store_.string() + suffix);
    end();
}

}  // namespace wardline::client
