#pragma once

#include "clients/core/trail.hpp"
#include "clients/terminal/arguments.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// Which part of the trail a command asks for, as its options say.
namespace wardline::admin {

struct TrailOptions {
    std::string since;
    std::string until;
    std::vector<std::string> kinds;
    std::string actor;
    std::string patient;
    std::string device;
    std::string outcome;
    std::uint64_t from{0};
    std::uint64_t to{0};
};

// --since, --until, --kind, --actor, --patient, --device, --outcome, --from and --to.
std::shared_ptr<TrailOptions> add_trail_options(CLI::App& command);
// For a callback of CLI11: a bad value ends the parsing with a sentence.
client::TrailQuestion question_or_usage(const TrailOptions& options, std::string act);

}  // namespace wardline::admin
