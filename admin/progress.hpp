#pragma once

#include "clients/terminal/console.hpp"

#include <chrono>
#include <cstdint>
#include <string>

// How far a long piece of work is, on a terminal, at most four times a second. One thread.
namespace wardline::admin {

class Progress {
public:
    // `of`: 0 where the end is not known. The console outlives it.
    Progress(terminal::Console& console, std::string what, std::uint64_t of);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void at(std::uint64_t done);

private:
    terminal::Console& console_;
    std::string what_;
    std::uint64_t of_;
    std::chrono::steady_clock::time_point next_;
    bool shown_{false};
};

}  // namespace wardline::admin
