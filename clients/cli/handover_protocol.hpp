#pragma once

#include "clients/terminal/console.hpp"
#include "protocol/base/result.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

// How a command that finds its home in use is given to the program that holds it. One connection
// carries one request and one reply, each a frame: four bytes of length, most significant first,
// then JSON.
//
//   request   {"v":1,"arguments":[…],"input":text,"facts":{…},"answers":[{"question","answer"}]}
//   started   {"t":"started"}        the command is about to run: from here on, never send it again
//   done      {"t":"done","out","err","exit"}
//   ask       {"t":"ask","out","err","question"}   send it again with the answer; nothing was
//   changed yet retry     {"t":"retry"}          it did not run: the holder is ending
namespace wardline::cli {

constexpr std::size_t kHandoverRequestBytesMax = 1 << 20;
constexpr std::size_t kHandoverReplyBytesMax = 256 << 20;
constexpr std::string_view kHandoverSocket = "handover.socket";

struct HandoverAnswer {
    std::string question;
    std::string answer;
    bool operator==(const HandoverAnswer&) const = default;
};

struct HandoverRequest {
    std::vector<std::string> arguments;
    std::string input;  // Standard input, where the command reads it.
    terminal::Facts facts;
    std::vector<HandoverAnswer> answers;
};

struct HandoverReply {
    enum class Kind : std::uint8_t { started, done, ask, retry };
    Kind kind{Kind::done};
    std::string out;
    std::string err;
    int exit_code{0};
    std::string question;
};

std::string encode(const HandoverRequest& request);
std::string encode(const HandoverReply& reply);
// `bad_frame` for anything else.
Result<HandoverRequest> decode_request(std::string_view frame);
Result<HandoverReply> decode_reply(std::string_view frame);

// Frames over a connected socket; each waits at most as long as the socket's own timeouts say.
Result<void> write_frame(int socket, std::string_view frame);
// Nothing at the end of the stream. `too_large` above `bytes_max`, `io` when the socket fails or
// ends within a frame.
Result<std::optional<std::string>> read_frame(int socket, std::size_t bytes_max);

// A console's channel into a reply. A question that has an answer in the request is answered, and
// what was said before it is dropped, since the person has seen it; the first one without ends the
// command.
class HandoverChannel final : public terminal::Channel {
public:
    explicit HandoverChannel(std::vector<HandoverAnswer> answers) : answers_{std::move(answers)} {}

    void out(std::string_view bytes) override { out_ += bytes; }
    void err(std::string_view bytes) override { err_ += bytes; }
    Result<std::string> ask(const std::string& question) override;

    bool is_asking() const noexcept { return question_.has_value(); }
    HandoverReply reply(int exit_code) &&;

private:
    std::vector<HandoverAnswer> answers_;
    std::string out_;
    std::string err_;
    std::optional<std::string> question_;
};

}  // namespace wardline::cli
