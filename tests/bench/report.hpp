#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// What a benchmark found: a table for people and, on demand, one JSON object as the last line of
// stdout.
namespace wardline::bench {

class Report {
public:
    explicit Report(std::string title) : title_{std::move(title)} {}

    void figure(std::string name, double value) { figures_.emplace_back(std::move(name), value); }
    // A sentence about how it was measured.
    void note(std::string sentence) { notes_.push_back(std::move(sentence)); }
    // A goal that was not reached.
    void miss(std::string sentence) { missed_.push_back(std::move(sentence)); }
    bool reached() const noexcept { return missed_.empty(); }
    double value(const std::string& name) const;
    void print(bool json) const;

private:
    std::string title_;
    std::vector<std::pair<std::string, double>> figures_;
    std::vector<std::string> notes_;
    std::vector<std::string> missed_;
};

// The value below which `share` (0 to 1) of the values lie; 0 for none. Sorts them.
double percentile(std::vector<std::uint32_t>& values, double share);

}  // namespace wardline::bench
