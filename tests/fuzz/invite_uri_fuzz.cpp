#include "protocol/trust/invite.hpp"

#include <cstdint>
#include <cstdlib>

// What is accepted has to come back from its own URI.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wardline;
    const auto invite = trust::parse_invite_uri(as_text({data, size}));
    if (!invite) return 0;
    const auto uri = trust::make_invite_uri(invite.value());
    if (!uri || !trust::parse_invite_uri(uri.value())) std::abort();
    return 0;
}
