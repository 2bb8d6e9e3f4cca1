#include "protocol/base/error.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace wardline {
namespace {

// In the order of Code, so that a code is an index.
constexpr std::array kNames = {
    std::string_view{"bad_frame"},
    std::string_view{"too_large"},
    std::string_view{"unknown_type"},
    std::string_view{"unsupported_version"},
    std::string_view{"not_logged_in"},
    std::string_view{"login_failed"},
    std::string_view{"store_rolled_back"},
    std::string_view{"forbidden"},
    std::string_view{"not_found"},
    std::string_view{"chain_moved"},
    std::string_view{"bad_statement"},
    std::string_view{"bad_signature"},
    std::string_view{"invite_unknown"},
    std::string_view{"invite_expired"},
    std::string_view{"invite_used"},
    std::string_view{"invite_pending"},
    std::string_view{"wrong_class"},
    std::string_view{"out_of_order"},
    std::string_view{"id_reused"},
    std::string_view{"recipients_changed"},
    std::string_view{"not_open"},
    std::string_view{"rate_limited"},
    std::string_view{"unavailable"},
    std::string_view{"read_only"},
    std::string_view{"setup_token_invalid"},
    std::string_view{"clinic_exists"},
    std::string_view{"no_clinic"},
    std::string_view{"shutting_down"},
    std::string_view{"internal"},
    std::string_view{"usage"},
    std::string_view{"io"},
    std::string_view{"local_store"},
    std::string_view{"unreachable"},
    std::string_view{"trust_alarm"},
    std::string_view{"undecryptable"},
    std::string_view{"conflict"},
};
static_assert(kNames.size() == static_cast<std::size_t>(Code::conflict) + 1);

constexpr auto kPublishedCount = static_cast<std::size_t>(Code::internal) + 1;

}  // namespace

std::string_view name_of(Code code) noexcept {
    return kNames[static_cast<std::size_t>(code)];
}

std::optional<Code> published_code(std::string_view name) noexcept {
    for (std::size_t i = 0; i < kPublishedCount; ++i) {
        if (kNames[i] == name) return static_cast<Code>(i);
    }
    return std::nullopt;
}

bool is_published(Code code) noexcept {
    return static_cast<std::size_t>(code) < kPublishedCount;
}

Error::Error(Code error_code, std::string what, nlohmann::json more)
    : code{error_code},
      detail{std::move(what)},
      extra{std::make_shared<const nlohmann::json>(std::move(more))} {}

}  // namespace wardline
