#include "tests/model/seeds.hpp"

#include <gtest/gtest.h>

int main(int argc, char** argv) {
    wardline::model::read_seed_options(argc, argv);
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
