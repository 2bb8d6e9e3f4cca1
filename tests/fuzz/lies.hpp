#pragma once

#include "clients/core/connection.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/error.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What an input says about answers: a list of lies, each of which spoils the answers to one
// request, every one or one of them. Records of [request, which, kind, length, content…]; a list
// that ends in the middle of one ends there.
namespace wardline::fuzz {

using client::Json;

// By their place in a record; make_corpus.py has the same list.
inline constexpr std::array kRequests{
    "hello",
    "login",
    "chain",
    "statement",
    "boxes",
    "threads",
    "recipients",
    "send",
    "open",
    "close",
    "prekeys-put",
    "prekeys-get",
    "history",
    "sync",
    "receipt",
    "receipts",
    "head",
    "consistency",
    "inclusion",
    "slots",
    "add-slots",
    "/v1/enrol/begin",
    "/v1/enrol/finish"
};

class Lies {
public:
    enum class Kind : std::uint8_t { put, flip, refuse, leave_out, twice, earlier, push, silent };

    explicit Lies(BytesView input) {
        while (input.size() >= 4) {
            const std::size_t length = std::min<std::size_t>(input[3], input.size() - 4);
            lies_.push_back(
                {kRequests[input[0] % kRequests.size()],
                 input[1],
                 static_cast<Kind>(input[2] % 8),
                 input.subspan(4, length)}
            );
            input = input.subspan(4 + length);
        }
    }

    // The answer to `request`, as it arrives.
    Result<Json> told(const std::string& request, Result<Json> honest) {
        const unsigned place = ++asked_[request];
        auto out = std::move(honest);
        for (const auto& lie : lies_) {
            if (lie.request != request || (lie.which != 0 && lie.which != place)) continue;
            out = spoil(lie, std::move(out));
        }
        if (!out) return out;
        keep(out.value());
        return out;
    }
    // What the server sends unasked.
    std::deque<Json> pushes;

private:
    struct Lie {
        std::string request;
        unsigned which{0};  // 0: every one.
        Kind kind{Kind::put};
        BytesView content;
    };

    static Error broken() { return Error{Code::unreachable, "that is not the protocol"}; }

    // A frame has to be of the protocol's CBOR, or the connection ends there.
    static Result<Json> arrived(const Bytes& bytes) {
        auto frame = cbor::decode(bytes);
        if (!frame || !frame.value().is_object()) return broken();
        if (frame.value().contains("t") && frame.value().at("t") == "error")
            return client::error_of_frame(frame.value());
        return frame;
    }
    static Result<Json> arrived(const Json& frame) {
        if (!frame.is_object()) return broken();
        return arrived(cbor::encode(frame));
    }

    // Goes down from `at` by the content's bytes, up to the first 0xff; what follows is left in it.
    static Json* place(Json* at, BytesView& content) {
        while (!content.empty() && content.front() != 0xff && at->is_structured() && !at->empty()) {
            auto child = at->begin();
            std::advance(child, content.front() % at->size());
            at = &*child;
            content = content.subspan(1);
        }
        if (!content.empty()) content = content.subspan(1);
        return at;
    }

    static Json hostile(BytesView content) {
        if (auto value = cbor::decode(content)) return std::move(value).value();
        static const std::vector<Json> known{
            nullptr,
            UINT64_MAX,
            0U,
            std::string(300, 'x'),
            Json::object(),
            Json::array(),
            cbor::binary(Bytes(32)),
            true
        };
        return known[content.empty() ? 0 : content.front() % known.size()];
    }

    static Bytes flipped(Bytes bytes, BytesView content) {
        while (content.size() >= 3) {
            const std::size_t at = content[0] * 256U + content[1];
            if (!bytes.empty()) bytes[at % bytes.size()] ^= content[2];
            content = content.subspan(3);
        }
        return bytes;
    }

    Result<Json> spoil(const Lie& lie, Result<Json> honest) {
        BytesView content = lie.content;
        if (lie.kind == Kind::refuse) return refusal(content);
        if (lie.kind == Kind::silent) return broken();
        if (lie.kind == Kind::push) {
            push(content);
            return honest;
        }
        if (!honest) return honest;
        Json answer = std::move(honest).value();
        switch (lie.kind) {
            case Kind::put: {
                Json* const at = place(&answer, content);
                *at = hostile(content);
                break;
            }
            case Kind::flip:
                return arrived(flipped(cbor::encode(answer), content));
            case Kind::leave_out:
            case Kind::twice:
                change_list(answer, content, lie.kind == Kind::twice);
                break;
            case Kind::earlier:  // The answer to another request, or an older one.
                if (!kept_.empty() && !content.empty()) answer = kept_[content[0] % kept_.size()];
                break;
            default:
                break;
        }
        return arrived(answer);
    }

    static Result<Json> refusal(BytesView content) {
        if (content.empty()) return client::error_of_frame(Json{{"t", "error"}});
        Json frame = hostile(content.subspan(1));
        if (!frame.is_object()) frame = Json{{"retry_after_ms", std::move(frame)}};
        frame["t"] = "error";
        constexpr unsigned kPublished = static_cast<unsigned>(Code::internal) + 1;
        if (content[0] != 0xff) frame["code"] = name_of(static_cast<Code>(content[0] % kPublished));
        return arrived(frame);
    }

    // The last step of the way names the child that is left out, or comes twice.
    static void change_list(Json& answer, BytesView content, bool twice) {
        if (content.empty()) return;
        const auto which = content.back();
        content = content.first(content.size() - 1);
        Json* const at = place(&answer, content);
        if (!at->is_structured() || at->empty()) return;
        auto child = at->begin();
        std::advance(child, which % at->size());
        if (!twice) {
            at->erase(child);
        } else if (at->is_array()) {
            const Json copy = *child;
            at->push_back(copy);
        }
    }

    // A push of the input's own making, or an entry that was shown before.
    void push(BytesView content) {
        if (const auto frame = cbor::decode(content); frame && frame.value().is_object()) {
            pushes.push_back(frame.value());
        } else if (!entries_.empty() && !content.empty()) {
            Json entry = entries_[content[0] % entries_.size()];
            const auto bytes = flipped(cbor::encode(entry), content.subspan(1));
            if (const auto changed = cbor::decode(bytes))
                pushes.push_back({{"t", "entry"}, {"entry", changed.value()}});
        }
    }

    void keep(const Json& answer) {
        kept_.push_back(answer);
        for (const char* list : {"entries", "clinic", "patient"}) {
            if (!answer.contains(list) || !answer.at(list).is_array()) continue;
            for (const auto& entry : answer.at(list)) entries_.push_back(entry);
        }
    }

    std::vector<Lie> lies_;
    std::map<std::string, unsigned> asked_;
    std::vector<Json> kept_;
    std::vector<Json> entries_;
};

}  // namespace wardline::fuzz
