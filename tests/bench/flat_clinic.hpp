#pragma once

#include "tests/bench/exchange.hpp"
#include "tests/bench/private_server.hpp"
#include "tests/bench/sql.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// A clinic with a server of its own, of a given size: one member of staff writes to its patients in
// turn, another has all their threads open.
namespace wardline::bench {

struct ClinicSize {
    std::size_t off_duty{2};  // Further members of the team, with a device each that never came.
    std::size_t threads{1};
    std::size_t entries{0};  // Of the journal, at least: messages of the same kind.
    bool autovacuum{true};   // Without it nothing is ever analysed.
};

class FlatClinic {
public:
    FlatClinic(const ClinicSize& size, const std::filesystem::path& below);

    // On new connections: they answer no pings, and the server ends who only listens.
    void connect();
    // Sends so many more messages, at most 60 at once.
    void send(std::size_t count, std::size_t at_once);
    // What each of so many more costs.
    Cost cost_of(std::size_t count, std::size_t at_once);
    // µs from asking for the proof between two heads, anywhere in the journal, to the answer.
    std::vector<std::uint32_t> proof_times(std::size_t count);
    // Ends the server's database sessions and waits for new ones, which plan everything anew.
    void renew_sessions();

    std::size_t entries() { return std::stoul(sql_.value("select seq from wardline.heads")); }
    Sql& sql() noexcept { return sql_; }

private:
    void grow_to(std::size_t wanted);
    std::vector<Prepared> prepare_next(std::size_t count);

    PrivateServer server_;
    BenchClinic clinic_;
    Sql sql_;
    std::optional<testing::TestDevice> sender_;
    std::optional<testing::TestDevice> receiver_;
    std::vector<testing::TestDevice> patients_;
    std::optional<Exchange> exchange_;
    std::uint64_t rounds_{0};  // Messages of each thread so far.
};

}  // namespace wardline::bench
