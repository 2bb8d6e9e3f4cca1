#pragma once

#include "clients/core/client.hpp"
#include "tests/model/bad_network.hpp"
#include "tests/model/dice.hpp"
#include "tests/model/memory_server.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

// A patient and two of the staff with the product's own client over real stores, in a network where
// everything fails. Afterwards, in a good one, each message that a client took stands once in
// everybody's history, in one order, as it was written.
namespace wardline::model {

enum class SyncFault : std::uint8_t { none, lost_acknowledged };

class SyncSchedule {
public:
    SyncSchedule(std::uint64_t seed, SyncFault fault);
    ~SyncSchedule();

    // What went wrong, or nothing.
    std::optional<std::string> run();
    std::size_t crashes() const { return crashes_; }
    std::size_t stood() const { return stood_; }

private:
    struct Person;
    struct Text {
        std::size_t person{0};
        bool internal{false};
        enum class Fate : std::uint8_t { unknown, taken, refused } fate{Fate::unknown};
        std::optional<Seq> seq;  // Where the client was told that it stands.
    };

    void step();
    void act(Person& person);
    void send(Person& person);
    void watch(Person& person, int events);
    void read(Person& person);
    void disturb();
    bool ensure_open(Person& person);
    // Where nothing fails any more: until everything is sent and everybody has caught up.
    void settle();
    void compare();
    void check_told(const Person& person);
    std::vector<client::Message> history(Person& person);
    void heard(Person& person, const client::Event& event);
    template <class T>
    bool fine(const Result<T>& result, const std::string& what);
    void complain(const std::string& what);

    Dice dice_;
    Trouble trouble_;
    Instant now_;
    ModelClock clock_;
    ModelRandom random_;
    MemoryServer server_;
    BadNetwork network_;
    client::Environment environment_;
    std::filesystem::path folder_;
    std::vector<std::unique_ptr<Person>> people_;
    std::map<std::string, Text> texts_;  // By what they say.
    bool disturbed_{false};
    std::size_t crashes_{0};
    std::size_t stood_{0};
    std::optional<std::string> complaint_;
};

}  // namespace wardline::model
