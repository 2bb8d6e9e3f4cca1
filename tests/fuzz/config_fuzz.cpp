// The configuration file of the server: any bytes are read or refused with a sentence, and what is
// read is within its bounds.
#include "protocol/base/encoding.hpp"
#include "server/config.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <string>

using namespace wardline;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text({data, size});
    server::Config config;
    const auto read = server::read_config(text, "wardlined.toml", config);
    if (!read) {
        require(read.error().code == Code::usage);
        require(read.error().detail.starts_with("wardlined.toml:"));
    } else {
        require(config.limits.batch_max >= 1 && config.limits.batch_max <= 1'024);
        require(config.limits.connections_max >= 1);
        require(config.limits.idle_timeout.count() >= 100);
        require(config.database_connections >= 1 && config.database_connections <= 64);
    }
    if (const auto endpoint = server::Endpoint::parse(text)) {
        const auto again = server::Endpoint::parse(endpoint.value().text());
        require(again && again.value() == endpoint.value());
    }
    return 0;
}
