#include "protocol/message/content.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/base/encoding.hpp"

namespace wardline::message {

namespace {

using cbor::Json;

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kTypeBytesMax = 64;

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

Result<void> check_text(const std::string& text) {
    if (text.size() > kTextBytesMax) {
        return Error{Code::too_large, "a text has at most 65,536 bytes"};
    }
    if (!is_utf8(as_bytes(text))) return Error{Code::usage, "a text has to be valid UTF-8"};
    return success();
}

Result<Content> parse_known(cbor::MapReader& reader, std::string_view type) {
    WARDLINE_TRY(auto text, reader.text("text", kContentBytesMax));
    if (text.size() > kTextBytesMax) {
        return Error{Code::too_large, "a text of more than 65,536 bytes"};
    }
    Content content = Text{std::move(text)};
    if (type == "correction") {
        WARDLINE_TRY(const auto of, reader.fixed<MessageId>("of"));
        content = Correction{std::move(std::get<Text>(content).text), of};
    }
    if (!reader.finish()) return Error{Code::bad_frame, "a content with an unknown key"};
    return content;
}

}  // namespace

Result<Bytes> encode(const Content& content) {
    return std::visit(
        Overloaded{
            [](const Text& text) -> Result<Bytes> {
                WARDLINE_TRY(check_text(text.text));
                return cbor::encode({{"v", kVersion}, {"type", "text"}, {"text", text.text}});
            },
            [](const Correction& correction) -> Result<Bytes> {
                WARDLINE_TRY(check_text(correction.text));
                return cbor::encode({
                    {"v", kVersion},
                    {"type", "correction"},
                    {"text", correction.text},
                    {"of", cbor::binary(correction.of.view())},
                });
            },
            [](const UnknownContent&) -> Result<Bytes> {
                return Error{Code::unknown_type, "this version cannot write such a content"};
            }
        },
        content
    );
}

Result<Content> parse_content(BytesView bytes) {
    WARDLINE_TRY(const auto json, cbor::decode(bytes, kContentBytesMax));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(json));
    WARDLINE_TRY(const auto version, reader.uint("v"));
    WARDLINE_TRY(auto type, reader.text("type", kTypeBytesMax));
    if (version != kVersion || (type != "text" && type != "correction")) {
        return UnknownContent{std::move(type)};
    }
    return parse_known(reader, type);
}

}  // namespace wardline::message
