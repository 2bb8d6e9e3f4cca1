// A program with one mistake of each kind, chosen by name. It is right when the sanitizer that the
// build has ends it with a report, and would be wrong to come to its end: the controls of a
// sanitized run.
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <thread>

namespace {

volatile int sink = 0;
volatile int one = 1;
int shared = 0;

void read_behind_the_end() {
    const auto bytes = std::make_unique<char[]>(8);
    std::memset(bytes.get(), 1, 8);
    sink = bytes[static_cast<unsigned>(7 + one)];
}

void read_what_is_freed() {
    auto owner = std::make_unique<int>(7);
    const int* const kept = owner.get();
    owner.reset();
    sink = *kept;
}

void lose_memory() {
    auto* volatile lost = new char[100];
    lost[0] = 1;
    lost = nullptr;
}

void overflow() {
    sink = std::numeric_limits<int>::max() + one;
}

void race() {
    std::thread other{[] { ++shared; }};
    ++shared;
    other.join();
    sink = shared;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view mistake{count == 2 ? arguments[1] : ""};
    if (mistake == "bounds") read_behind_the_end();
    if (mistake == "freed") read_what_is_freed();
    if (mistake == "leak") lose_memory();
    if (mistake == "overflow") overflow();
    if (mistake == "race") race();
    return 0;
}
