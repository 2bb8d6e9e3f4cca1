#include "clients/cli/handover_protocol.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <sys/socket.h>
#include <system_error>

namespace wardline::cli {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kKinds{"started", "done", "ask", "retry"};

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Error bad_frame() {
    return Error{
        Code::bad_frame, "the program that holds this home speaks another version; end it first"
    };
}

Error socket_failed() {
    return Error{Code::io, "the handover failed: " + std::generic_category().message(errno)};
}

terminal::Facts facts_from(const json& value) {
    terminal::Facts facts;
    facts.json = value.at("json").get<bool>();
    facts.in_terminal = value.at("in_terminal").get<bool>();
    facts.out_terminal = value.at("out_terminal").get<bool>();
    facts.colour = value.at("colour").get<bool>();
    facts.columns = value.at("columns").get<std::size_t>();
    facts.zone = value.at("zone").get<std::string>();
    return facts;
}

// Fills `bytes`; the number of bytes there were before the stream ended.
Result<std::size_t> receive(int socket, std::span<char> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto count = ::recv(socket, bytes.data() + done, bytes.size() - done, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == ECONNRESET) break;
        if (count < 0) return socket_failed();
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

}  // namespace

std::string encode(const HandoverRequest& request) {
    auto answers = json::array();
    for (const auto& [question, answer] : request.answers) {
        answers.push_back({{"question", question}, {"answer", answer}});
    }
    const auto& facts = request.facts;
    return dumped(
        {{"v", 1},
         {"arguments", request.arguments},
         {"input", request.input},
         {"facts",
          {{"json", facts.json},
           {"in_terminal", facts.in_terminal},
           {"out_terminal", facts.out_terminal},
           {"colour", facts.colour},
           {"columns", facts.columns},
           {"zone", facts.zone}}},
         {"answers", std::move(answers)}}
    );
}

std::string encode(const HandoverReply& reply) {
    return dumped(
        {{"t", kKinds.at(static_cast<std::size_t>(reply.kind))},
         {"out", reply.out},
         {"err", reply.err},
         {"exit", reply.exit_code},
         {"question", reply.question}}
    );
}

Result<HandoverRequest> decode_request(std::string_view frame) {
    try {
        const auto value = json::parse(frame);
        if (value.at("v") != 1) return bad_frame();
        HandoverRequest request;
        request.arguments = value.at("arguments").get<std::vector<std::string>>();
        request.input = value.at("input").get<std::string>();
        request.facts = facts_from(value.at("facts"));
        for (const auto& item : value.at("answers")) {
            request.answers.push_back(
                {item.at("question").get<std::string>(), item.at("answer").get<std::string>()}
            );
        }
        return request;
    } catch (const json::exception&) {
        return bad_frame();
    }
}

Result<HandoverReply> decode_reply(std::string_view frame) {
    try {
        const auto value = json::parse(frame);
        const auto name = value.at("t").get<std::string>();
        const auto* const kind = std::find(kKinds.begin(), kKinds.end(), name);
        if (kind == kKinds.end()) return bad_frame();
        HandoverReply reply;
        reply.kind = static_cast<HandoverReply::Kind>(kind - kKinds.begin());
        reply.out = value.at("out").get<std::string>();
        reply.err = value.at("err").get<std::string>();
        reply.exit_code = value.at("exit").get<int>();
        reply.question = value.at("question").get<std::string>();
        return reply;
    } catch (const json::exception&) {
        return bad_frame();
    }
}

Result<void> write_frame(int socket, std::string_view frame) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    std::string bytes;
    bytes.reserve(frame.size() + 4);
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        bytes.push_back(static_cast<char>(size >> shift));
    bytes += frame;
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const auto count = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return socket_failed();
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return success();
}

Result<std::optional<std::string>> read_frame(int socket, std::size_t bytes_max) {
    std::array<char, 4> head{};
    WARDLINE_TRY(const auto head_bytes, receive(socket, head));
    if (head_bytes == 0) return std::optional<std::string>{};
    if (head_bytes < head.size()) return Error{Code::io, "the handover ended within a frame"};
    std::size_t size = 0;
    for (const char byte : head) size = (size << 8) | static_cast<unsigned char>(byte);
    if (size > bytes_max) return Error{Code::too_large, "a handover is too large"};
    std::string frame(size, '\0');
    WARDLINE_TRY(const auto body_bytes, receive(socket, frame));
    if (body_bytes < size) return Error{Code::io, "the handover ended within a frame"};
    return std::optional{std::move(frame)};
}

Result<std::string> HandoverChannel::ask(const std::string& question) {
    for (const auto& known : answers_) {
        if (known.question != question) continue;
        out_.clear();
        err_.clear();
        return known.answer;
    }
    question_ = question;
    return Error{Code::usage, "a question waits for its answer"};
}

HandoverReply HandoverChannel::reply(int exit_code) && {
    HandoverReply reply;
    reply.out = std::move(out_);
    if (question_) {
        // The error that ended the command only carried the question out of it.
        reply.kind = HandoverReply::Kind::ask;
        reply.question = std::move(*question_);
        return reply;
    }
    reply.err = std::move(err_);
    reply.exit_code = exit_code;
    return reply;
}

}  // namespace wardline::cli
