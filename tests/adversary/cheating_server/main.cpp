// cheating-wardlined: a real server on a private folder in memory, which lies when it is told to on
// standard input, one name of a lie a line, and ends with it. For tests/demo-cheating-server.sh.
#include "tests/adversary/cheating_server/cheating_server.hpp"
#include "tests/adversary/cheating_server/named_lies.hpp"
#include "tests/storage_support/test_databases.hpp"

#include <exception>
#include <iostream>
#include <string>

int main() {
    using namespace wardline;
    try {
        const testing::ScratchFolder folder{"cheating"};
        adversary::CheatingServer server{
            {.databases = testing::TestDatabases::shared().fresh(), .folder = folder.path()}
        };
        std::cout << "port " << server.port() << "\ntoken " << server.setup_token() << std::endl;
        for (std::string name; std::getline(std::cin, name);) {
            const auto lies = adversary::lies_named(name);
            if (lies) server.lie(*lies);
            std::cout << (lies ? "now " : "unknown ") << name << std::endl;
        }
        return 0;
    } catch (const std::exception& fault) {
        std::cerr << "cheating-wardlined: " << fault.what() << '\n';
        return 1;
    }
}
