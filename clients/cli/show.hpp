#pragma once

#include "clients/core/types.hpp"
#include "clients/terminal/console.hpp"

#include <string>
#include <vector>

// Messages and events for people, and their JSON with --json.
namespace wardline::cli {

// Shows messages one after another, with a line where a new day begins.
class MessageShow {
public:
    // `with_patient`: says whose thread each message is in. The console outlives it.
    MessageShow(terminal::Console& console, bool with_patient)
        : console_{console}, with_patient_{with_patient} {}

    // With --json one object a line.
    void show(const client::Message& message);
    void show(const client::Event& event);

private:
    terminal::Console& console_;
    bool with_patient_;
    std::string day_;
};

// "read", "delivered", …: for people.
std::string state_words(const client::Message& message);

}  // namespace wardline::cli
