#include "tests/adversary/forging.hpp"
#include "tests/e2e/program.hpp"

#include <gmock/gmock.h>

#include <csignal>

// The real wardline on a server that lies: what a person sees at the terminal, and a script by its
// exit code.
namespace wardline::adversary {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kTrustAlarm = 5;

class TerminalTest : public PracticeTest {
protected:
    std::vector<std::string> command(const std::string& name, std::vector<std::string> arguments) {
        people_.erase(name);  // One program at a time holds a home.
        std::vector<std::string> out{
            WARDLINE_PATH, "--home", home(name).string(), "--key-file", key_file(name).string()
        };
        out.insert(out.end(), arguments.begin(), arguments.end());
        return out;
    }
    e2e::Outcome wardline(const std::string& name, std::vector<std::string> arguments) {
        return e2e::run_program(command(name, std::move(arguments)));
    }
    void lie(std::function<void(const std::string& type, Json& answer)> how) {
        server().lie(
            {.request =
                 [this](const Line&, Json& request) {
                     if (request.at("t") == "send") ++sent_;
                     return true;
                 },
             .answer =
                 [=](const Line&, const Json& request, Json& answer) {
                     how(request.at("t").get<std::string>(), answer);
                     return true;
                 }}
        );
    }
    // One sentence, a hint, and nothing on standard output.
    void expect_alarm(const e2e::Outcome& outcome, const std::string& words) {
        EXPECT_EQ(outcome.exit_code, kTrustAlarm) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(
            outcome.err,
            AllOf(
                StartsWith("Error: "),
                HasSubstr(words),
                HasSubstr("Send nothing, and tell the clinic in person or by telephone.")
            )
        );
        const auto first = outcome.err.find("Error: ");
        EXPECT_EQ(outcome.err.find("Error: ", first + 1), std::string::npos) << outcome.err;
    }

    int sent_{0};
};

TEST_F(TerminalTest, AShorterRecordEndsWithCode5AndASentence) {
    lie([](const std::string& type, Json& answer) {
        if (type == "login") answer["clinic_head"]["pos"] = 1'000;
        if (type == "chain") answer["entries"] = Json::array();
    });
    expect_alarm(
        wardline("patient", {"send", "hello"}), "false record of who belongs to the clinic"
    );
    expect_alarm(wardline("anna", {"read", "4711"}), "false record of who belongs to the clinic");
    const auto script = wardline("anna", {"read", "4711", "--json"});
    EXPECT_EQ(script.exit_code, kTrustAlarm);
    EXPECT_EQ(script.error_code(), "trust_alarm");
    EXPECT_EQ(sent_, 0);
    server().be_honest();
    EXPECT_EQ(wardline("patient", {"send", "hello"}).exit_code, 0);
}

TEST_F(TerminalTest, AKeyOfTheServersOwnEndsWithCode5AndNothingIsSent) {
    lie([](const std::string& type, Json& answer) {
        if (type != "prekeys-get") return;
        for (auto& bundle : answer["bundles"]) flip(bundle["signed"]["key"]);
    });
    expect_alarm(wardline("patient", {"send", "for anna"}), "that is not that device's");
    EXPECT_EQ(sent_, 0);
}

TEST_F(TerminalTest, AnAddedReaderEndsWithCode5AndNothingIsSent) {
    const auto stranger = cbor::binary(at("admin").device().view());
    lie([=](const std::string& type, Json& answer) {
        if (type == "recipients") answer["devices"].push_back(stranger);
    });
    expect_alarm(wardline("patient", {"send", "for anna"}), "for a device that nobody admitted");
    EXPECT_EQ(sent_, 0);
}

TEST_F(TerminalTest, AMissingMessageEndsWithCode5) {
    for (const auto* text : {"one", "two", "three"}) send("patient", text);
    lie([](const std::string& type, Json& answer) {
        if (type == "history") answer["entries"].erase(1);
    });
    expect_alarm(wardline("anna", {"read", "4711"}), "a message is missing");
}

// What can be shown is shown; that another author saw more is said last.
TEST_F(TerminalTest, WhatAnotherAuthorHasSeenIsToldWithCode5) {
    send("patient", "one");
    ASSERT_EQ(texts("anna"), Texts{"one"});
    send("anna", "an answer");
    lie([](const std::string& type, Json& answer) {
        if (type == "history") answer["entries"].erase(std::size_t{0});
    });
    const auto shown = wardline("anna", {"read", "4711"});
    EXPECT_EQ(shown.exit_code, kTrustAlarm);
    EXPECT_THAT(shown.out, AllOf(HasSubstr("an answer"), Not(HasSubstr("one\n"))));
    EXPECT_THAT(shown.err, HasSubstr("had seen a message that the server does not show here"));
}

TEST_F(TerminalTest, WatchingEndsWithCode5) {
    e2e::RunningProgram watching{command("patient", {"watch", "--json"})};
    ASSERT_NE(
        watching.out_line([](const std::string& line) {
            return line.find("\"online\":true") != std::string::npos;
        }),
        ""
    );
    server().lie({.push = [](const Line&, Json& push) {
        if (push.at("t") == "entry" && push.at("entry").contains("message"))
            flip(push["entry"]["message"]["ciphertext"]);
        return true;
    }});
    send("anna", "changed on its way");
    const auto ended = watching.wait();
    EXPECT_EQ(ended.exit_code, kTrustAlarm);
    EXPECT_THAT(ended.err, HasSubstr("another message in the place"));
    EXPECT_THAT(ended.out, Not(HasSubstr("changed on its way")));
}

}  // namespace
}  // namespace wardline::adversary
