#include "protocol/base/cbor.hpp"

#include "protocol/base/encoding.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace wardline::cbor {
namespace {

Error bad(const char* why) {
    return Error{Code::bad_frame, why};
}

// One pass over the bytes. Recursion is bounded by kDepthMax.
class Scanner {
public:
    explicit Scanner(BytesView bytes) : rest_{bytes} {}

    Result<void> item(std::size_t depth) {
        WARDLINE_TRY(const auto head, read_head());
        switch (head.major) {
            case 0:
                return success();
            case 1:
                return negative(head.value);
            case 2:
                return ignore(take(head.value));
            case 3:
                return ignore(text(head.value));
            case 4:
                return array(head.value, depth);
            case 5:
                return map(head.value, depth);
            case 6:
                return bad("a tag");
            default:
                return success();  // true, false or null: read_head() lets no other pass.
        }
    }

    bool at_end() const noexcept { return rest_.empty(); }

private:
    struct Head {
        unsigned major;
        std::uint64_t value;
    };

    Result<Head> read_head() {
        if (rest_.empty()) return bad("the item is cut short");
        const unsigned major = rest_[0] >> 5;
        const unsigned info = rest_[0] & 31;
        rest_ = rest_.subspan(1);
        if (major == 7) {
            if (info < 20 || info > 22) return bad("a float or an unknown simple value");
            return Head{major, info};
        }
        if (info < 24) return Head{major, info};
        if (info > 27) return bad("an indefinite or reserved length");
        const std::size_t width = std::size_t{1} << (info - 24);
        if (rest_.size() < width) return bad("the item is cut short");
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i) value = (value << 8) | rest_[i];
        rest_ = rest_.subspan(width);
        const bool shortest = width == 1 ? value >= 24 : (value >> (width * 4)) != 0;
        if (!shortest) return bad("a number that is not in its shortest form");
        return Head{major, value};
    }

    static Result<void> negative(std::uint64_t value) {
        // -1 - value has to fit into 64 bits with sign.
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return bad("a negative number below -2^63");
        }
        return success();
    }

    template <class T>
    static Result<void> ignore(Result<T> value) {
        if (!value) return std::move(value).error();
        return success();
    }

    Result<BytesView> take(std::uint64_t size) {
        if (size > rest_.size()) return bad("a string is cut short");
        const auto out = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(static_cast<std::size_t>(size));
        return out;
    }

    Result<std::string_view> text(std::uint64_t size) {
        WARDLINE_TRY(const auto raw, take(size));
        if (!is_utf8(raw)) return bad("text that is not UTF-8");
        return as_text(raw);
    }

    Result<void> array(std::uint64_t count, std::size_t depth) {
        if (depth >= kDepthMax) return bad("nested too deeply");
        if (count > kArrayItemsMax) return bad("an array with too many items");
        for (std::uint64_t i = 0; i < count; ++i) {
            WARDLINE_TRY(item(depth + 1));
        }
        return success();
    }

    Result<void> map(std::uint64_t count, std::size_t depth) {
        if (depth >= kDepthMax) return bad("nested too deeply");
        if (count > kMapKeysMax) return bad("a map with too many keys");
        std::array<std::string_view, kMapKeysMax> keys;
        bool ascending = true;
        for (std::size_t i = 0; i < count; ++i) {
            WARDLINE_TRY(const auto head, read_head());
            if (head.major != 3) return bad("a map key that is not text");
            WARDLINE_TRY(keys[i], text(head.value));
            ascending = ascending && (i == 0 || keys[i - 1] < keys[i]);
            WARDLINE_TRY(item(depth + 1));
        }
        // Wardline's own writers sort, so only foreign maps are sorted here.
        if (ascending) return success();
        const auto end = keys.begin() + static_cast<std::ptrdiff_t>(count);
        std::sort(keys.begin(), end);
        if (std::adjacent_find(keys.begin(), end) != end) return bad("a map key that stands twice");
        return success();
    }

    BytesView rest_;
};

// Builds the value of bytes that scan() has let pass, so that nothing is left to be checked.
// nlohmann's own reader takes strings byte by byte, which is most of what a message costs the
// server.
class Builder {
public:
    explicit Builder(BytesView scanned) : rest_{scanned} {}

    Json item() {
        const unsigned major = rest_[0] >> 5;
        const std::uint64_t value = argument();
        switch (major) {
            case 0:
                return value;
            case 1:
                return -1 - static_cast<std::int64_t>(value);
            case 2:
                return binary(take(value));
            case 3:
                return std::string{as_text(take(value))};
            case 4:
                return array(value);
            case 5:
                return map(value);
            default:
                return value == kNull ? Json() : Json(value == kTrue);  // Braces would make arrays.
        }
    }

private:
    static constexpr std::uint64_t kTrue = 21;
    static constexpr std::uint64_t kNull = 22;

    std::uint64_t argument() {
        const unsigned info = take(1)[0] & 31;
        if (info < 24) return info;
        std::uint64_t value = 0;
        for (const auto byte : take(std::uint64_t{1} << (info - 24))) value = (value << 8) | byte;
        return value;
    }

    BytesView take(std::uint64_t size) {
        const auto out = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(static_cast<std::size_t>(size));
        return out;
    }

    Json array(std::uint64_t count) {
        auto out = Json::array();
        auto& items = out.get_ref<Json::array_t&>();
        items.reserve(static_cast<std::size_t>(count));
        for (std::uint64_t i = 0; i < count; ++i) items.push_back(item());
        return out;
    }

    Json map(std::uint64_t count) {
        auto out = Json::object();
        auto& pairs = out.get_ref<Json::object_t&>();
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint64_t size = argument();
            std::string key{as_text(take(size))};
            auto value = item();
            pairs.emplace_hint(pairs.end(), std::move(key), std::move(value));
        }
        return out;
    }

    BytesView rest_;
};

Error missing(std::string_view key, const char* expected) {
    return Error{
        Code::bad_frame,
        "key \"" + std::string{key} + "\" is missing or not " + std::string{expected}
    };
}

bool is_uint(const Json& item) {
    return item.is_number_unsigned() || (item.is_number_integer() && item.get<std::int64_t>() >= 0);
}

}  // namespace

Result<void> scan(BytesView bytes, std::size_t bytes_max) {
    if (bytes.size() > bytes_max) return Error{Code::too_large, "more bytes than allowed here"};
    Scanner scanner{bytes};
    WARDLINE_TRY(scanner.item(0));
    if (!scanner.at_end()) return bad("bytes behind the item");
    return success();
}

Result<Json> decode(BytesView bytes, std::size_t bytes_max) {
    WARDLINE_TRY(scan(bytes, bytes_max));
    return Builder{bytes}.item();
}

Bytes encode(const Json& value) {
    return Json::to_cbor(value);
}

Json binary(BytesView bytes) {
    return Json::binary({bytes.begin(), bytes.end()});
}

Result<MapReader> MapReader::over(const Json& map) {
    if (!map.is_object()) return bad("not a map");
    return MapReader{map};
}

bool MapReader::has(std::string_view key) const {
    return map_->find(key) != map_->end();
}

Result<const Json*> MapReader::find(std::string_view key) {
    const auto found = map_->find(key);
    if (found == map_->end()) return missing(key, "there");
    const Json* value = &*found;
    const auto end = read_.begin() + static_cast<std::ptrdiff_t>(read_count_);
    if (std::find(read_.begin(), end, value) == end && read_count_ < read_.size()) {
        read_[read_count_++] = value;
    }
    return value;
}

Result<std::uint64_t> MapReader::uint(std::string_view key, std::uint64_t max) {
    WARDLINE_TRY(const auto value, find(key));
    if (!is_uint(*value)) return missing(key, "an unsigned integer");
    const auto number = value->get<std::uint64_t>();
    if (number > max) return missing(key, "small enough");
    return number;
}

Result<bool> MapReader::boolean(std::string_view key) {
    WARDLINE_TRY(const auto value, find(key));
    if (!value->is_boolean()) return missing(key, "true or false");
    return value->get<bool>();
}

Result<std::string> MapReader::text(std::string_view key, std::size_t bytes_max) {
    WARDLINE_TRY(const auto value, find(key));
    const auto* text = value->get_ptr<const std::string*>();
    if (text == nullptr) return missing(key, "text");
    if (text->size() > bytes_max) return missing(key, "short enough");
    return *text;
}

Result<Bytes> MapReader::bytes(std::string_view key, std::size_t bytes_max) {
    WARDLINE_TRY(const auto value, find(key));
    if (!value->is_binary()) return missing(key, "a byte string");
    const Bytes& raw = value->get_binary();
    if (raw.size() > bytes_max) return missing(key, "short enough");
    return raw;
}

Result<const Json*> MapReader::map(std::string_view key) {
    WARDLINE_TRY(const auto value, find(key));
    if (!value->is_object()) return missing(key, "a map");
    return value;
}

Result<const Json*> MapReader::array(std::string_view key, std::size_t items_max) {
    WARDLINE_TRY(const auto value, find(key));
    if (!value->is_array()) return missing(key, "an array");
    if (value->size() > items_max) return missing(key, "short enough");
    return value;
}

Result<void> MapReader::finish() const {
    if (read_count_ != map_->size()) {
        return Error{Code::bad_statement, "a signed map has a key that does not belong there"};
    }
    return success();
}

Result<Bytes> bytes_of(const Json& item, std::size_t bytes_max) {
    if (!item.is_binary()) return bad("not a byte string");
    const Bytes& raw = item.get_binary();
    if (raw.size() > bytes_max) return bad("a byte string that is too long");
    return raw;
}

}  // namespace wardline::cbor
