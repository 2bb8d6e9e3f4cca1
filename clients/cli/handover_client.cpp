#include "clients/cli/handover_client.hpp"

#include "clients/cli/unix_socket.hpp"

namespace wardline::cli {

Result<std::optional<HandoverReply>> hand_over(
    const std::filesystem::path& home, const HandoverRequest& request
) {
    const std::optional<HandoverReply> not_run;
    auto socket = connect_in(home, kHandoverLimit);
    if (!socket) return not_run;
    const int number = socket.value().get();
    if (!is_same_user(number)) {
        return Error{Code::local_store, "another user's program holds this home"};
    }
    const auto frame = encode(request);
    if (frame.size() > kHandoverRequestBytesMax) {
        return Error{Code::too_large, "this command is too large to hand over"};
    }
    if (!write_frame(number, frame)) return not_run;
    bool started = false;
    while (true) {
        auto answer = read_frame(number, kHandoverReplyBytesMax);
        if (!answer || !answer.value()) {
            if (!started) return not_run;
            return Error{
                Code::local_store,
                "the program that holds this home ended or hung before it answered; look whether "
                "this was done "
                "before you repeat it"
            };
        }
        WARDLINE_TRY(auto reply, decode_reply(*answer.value()));
        if (reply.kind == HandoverReply::Kind::retry) return not_run;
        if (reply.kind != HandoverReply::Kind::started) return std::optional{std::move(reply)};
        started = true;
    }
}

}  // namespace wardline::cli
