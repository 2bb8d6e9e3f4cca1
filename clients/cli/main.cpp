#include "clients/cli/run.hpp"

int main(int argc, char** argv) {
    return wardline::cli::run({argv + 1, argv + argc});
}
