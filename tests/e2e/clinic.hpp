#pragma once

#include "tests/e2e/program.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A clinic on this machine, made by the programs alone: wardlined with its own PostgreSQL, an
// administrator, and whoever a test enrols. Everything lives below one folder that goes with the
// test.
namespace wardline::e2e {

class ClinicTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Programs on the home of NAME; a home is made on first use, with a key file of its own.
    Outcome wardline(
        const std::string& name, std::vector<std::string> arguments, const std::string& input = {}
    );
    Outcome admin(const std::string& name, std::vector<std::string> arguments);
    std::unique_ptr<RunningProgram> start(
        const std::string& name, std::vector<std::string> arguments
    );
    std::filesystem::path home(const std::string& name) const { return folder_ / "clients" / name; }

    // Each fails the test where a program refuses.
    void found_clinic();
    void invite_and_enrol(const std::string& name, const std::string& role);
    void enrol(const std::string& name, const Outcome& invited);
    // The clinic, a team `practice` of its founder `anna`, and a patient 4711 in the home
    // `patient`.
    void make_practice();
    std::uint64_t send(const std::string& name, std::vector<std::string> arguments);
    Json messages(const std::string& name, std::vector<std::string> arguments = {});

    void start_server();
    void stop_server();

    std::filesystem::path folder_;
    int port_{0};

private:
    std::vector<std::string> command(
        const char* program, const std::string& name, const std::vector<std::string>& arguments
    );

    std::unique_ptr<RunningProgram> server_;
};

// The texts of a list of messages.
std::vector<std::string> texts_of(const Json& messages);

}  // namespace wardline::e2e
