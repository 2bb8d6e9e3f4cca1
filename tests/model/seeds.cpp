#include "tests/model/seeds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>

namespace wardline::model {
namespace {

constexpr std::uint64_t kManySeeds = 100;

struct Options {
    std::uint64_t first{1};
    std::uint64_t count{500};
    bool only_one{false};
};

Options& options() {
    static Options value;
    return value;
}

}  // namespace

void read_seed_options(int& argc, char** argv) {
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name{argv[i]};
        const bool known = name == "--seed" || name == "--seeds" || name == "--first";
        if (!known || i + 1 >= argc) {
            argv[kept++] = argv[i];
            continue;
        }
        const auto value = std::stoull(argv[++i]);
        if (name == "--seeds") {
            options().count = value;
        } else {
            options().first = value;
        }
        options().only_one = options().only_one || name == "--seed";
    }
    argc = kept;
}

void for_each_seed(const std::function<void(std::uint64_t)>& schedule, unsigned share) {
    const auto& [first, all, only_one] = options();
    const auto count = only_one ? 1 : std::max<std::uint64_t>(all / share, 1);
    const std::string name{::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name(
    )};
    for (auto seed = first; seed < first + count; ++seed) {
        schedule(seed);
        if (::testing::Test::HasFailure()) {
            std::cerr << "replay: --gtest_filter=" << name << ".* --seed " << seed << "\n";
            return;
        }
    }
    std::cout << count << (count == 1 ? " seed" : " seeds") << " from " << first << "\n";
}

bool many_seeds() {
    return !options().only_one && options().count >= kManySeeds;
}

}  // namespace wardline::model
