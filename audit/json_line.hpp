#pragma once

#include "audit/text.hpp"
#include "audit/tree_head.hpp"
#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <array>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>

// What the readers of JSON lines in this folder share. An error is a sentence's end: "is not valid
// JSON". Included by .cpp files alone.
namespace wardline::audit {

namespace dom = simdjson::dom;

inline Error bad_line(std::string why) {
    return Error{Code::bad_frame, std::move(why)};
}
inline Error improper(std::string_view what, std::string_view key) {
    return bad_line("has no proper " + std::string{what} + " in \"" + std::string{key} + "\"");
}

// A value with the key that it stands under.
struct JsonValue {
    std::string_view key;
    dom::element element;

    Result<std::string_view> text() const {
        std::string_view out;
        if (element.get_string().get(out) != simdjson::SUCCESS) return improper("text", key);
        return out;
    }
    Result<std::uint64_t> number() const {
        std::uint64_t out = 0;
        if (element.get_uint64().get(out) != simdjson::SUCCESS) return improper("number", key);
        return out;
    }
    Result<bool> boolean() const {
        bool out = false;
        if (element.get_bool().get(out) != simdjson::SUCCESS) return improper("boolean", key);
        return out;
    }
    Result<dom::object> object() const {
        dom::object out;
        if (element.get_object().get(out) != simdjson::SUCCESS) return improper("object", key);
        return out;
    }
    Result<dom::array> array() const {
        dom::array out;
        if (element.get_array().get(out) != simdjson::SUCCESS) return improper("array", key);
        return out;
    }
    Result<Instant> time() const {
        WARDLINE_TRY(const auto form, text());
        const auto out = parse_time(form);
        if (!out) return improper("time", key);
        return *out;
    }
    template <class Fixed>
    Result<Fixed> fixed() const {
        WARDLINE_TRY(const auto digits, text());
        const auto out = parse_lower_hex<Fixed>(digits);
        if (!out) return improper("hexadecimal digits", key);
        return *out;
    }
    Result<Bytes> bytes(std::size_t bytes_max) const {
        WARDLINE_TRY(const auto digits, text());
        Bytes out(std::min(digits.size() / 2, bytes_max));
        if (!parse_lower_hex(digits, out)) return improper("hexadecimal digits", key);
        return out;
    }
};

// The values of the keys of a list, none twice and no others.
template <std::size_t N>
class JsonFields {
public:
    static Result<JsonFields> read(
        const dom::object& object, const std::array<std::string_view, N>& keys
    ) {
        JsonFields out{keys};
        for (const auto& [key, element] : object) {
            std::size_t index = 0;
            while (index < N && keys[index] != key) ++index;
            if (index == N) return bad_line("has a key that does not belong there");
            if (out.elements_[index]) return bad_line("has a key twice");
            out.elements_[index] = element;
        }
        return out;
    }
    bool has(std::size_t index) const { return elements_[index].has_value(); }
    Result<JsonValue> at(std::size_t index) const {
        if (!has(index)) return bad_line("lacks \"" + std::string{(*keys_)[index]} + "\"");
        return JsonValue{(*keys_)[index], *elements_[index]};
    }

private:
    explicit JsonFields(const std::array<std::string_view, N>& keys) : keys_{&keys} {}
    const std::array<std::string_view, N>* keys_;
    std::array<std::optional<dom::element>, N> elements_{};
};

// {"body":hex,"sig":hex}
Result<SignedHead> read_signed_head(const JsonValue& value);

}  // namespace wardline::audit
