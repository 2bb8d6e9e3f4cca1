#include "admin/run.hpp"

int main(int argc, char** argv) {
    return wardline::admin::run({argv + 1, argv + argc});
}
