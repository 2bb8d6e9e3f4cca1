#include "audit/details.hpp"

#include "protocol/base/cbor.hpp"
#include "protocol/base/encoding.hpp"
#include "protocol/base/ids.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace wardline::audit {
namespace {

constexpr unsigned kUint = 0;
constexpr unsigned kBytes = 2;
constexpr unsigned kText = 3;
constexpr unsigned kArray = 4;
constexpr unsigned kMap = 5;
constexpr std::size_t kTextMax = 256;  // Longest: `patient/` and an id, or a code.

Error unfit(EntryKind kind, std::string_view what) {
    return Error{
        Code::internal,
        "details of an entry of kind " + std::string{name_of(kind)} + ": " + std::string{what}
    };
}

// Takes CBOR items from the front of some bytes. Every getter answers nothing for an item of
// another kind, not in its shortest form, or cut short.
class Cursor {
public:
    explicit Cursor(BytesView bytes) : rest_{bytes} {}

    std::optional<std::uint64_t> head(unsigned major) {
        if (rest_.empty() || rest_[0] >> 5 != major) return std::nullopt;
        const unsigned info = rest_[0] & 31;
        if (info < 24) {
            rest_ = rest_.subspan(1);
            return info;
        }
        if (info > 27) return std::nullopt;
        const std::size_t width = std::size_t{1} << (info - 24);
        if (rest_.size() <= width) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = 1; i <= width; ++i) value = value << 8 | rest_[i];
        const bool shortest = width == 1 ? value >= 24 : value >> (width * 4) != 0;
        if (!shortest) return std::nullopt;
        rest_ = rest_.subspan(1 + width);
        return value;
    }
    std::optional<BytesView> string(unsigned major) {
        const auto size = head(major);
        if (!size || *size > rest_.size()) return std::nullopt;
        const auto out = rest_.first(static_cast<std::size_t>(*size));
        rest_ = rest_.subspan(static_cast<std::size_t>(*size));
        return out;
    }
    std::optional<BytesView> text() {
        const auto out = string(kText);
        return out && out->size() <= kTextMax && is_utf8(*out) ? out : std::nullopt;
    }
    BytesView rest() const noexcept { return rest_; }

private:
    BytesView rest_;
};

// What `take` consumes of the cursor, `items` times.
template <class Take>
bool take_items(Cursor& cursor, Detail& out, Take take) {
    const auto items = cursor.head(kArray);
    if (!items || *items > cbor::kArrayItemsMax) return false;
    const auto before = cursor.rest();
    for (std::uint64_t i = 0; i < *items; ++i) {
        if (!take()) return false;
    }
    out.items = static_cast<std::size_t>(*items);
    out.bytes = before.first(before.size() - cursor.rest().size());
    return true;
}

bool take_bytes(std::optional<BytesView> bytes, std::size_t size, Detail& out) {
    if (!bytes || bytes->size() != size) return false;
    out.bytes = *bytes;
    return true;
}

bool take_value(Cursor& cursor, FieldType type, Detail& out) {
    switch (type) {
        case FieldType::text: {
            const auto text = cursor.text();
            if (text) out.bytes = *text;
            return text.has_value();
        }
        case FieldType::texts:
            return take_items(cursor, out, [&] { return cursor.text().has_value(); });
        case FieldType::number:
        case FieldType::time: {
            const auto number = cursor.head(kUint);
            out.number = number.value_or(0);
            return number.has_value();
        }
        case FieldType::numbers:
            return take_items(cursor, out, [&] { return cursor.head(kUint).has_value(); });
        case FieldType::id:
            return take_bytes(cursor.string(kBytes), DeviceId::kSize, out);
        case FieldType::hash:
            return take_bytes(cursor.string(kBytes), Hash::kSize, out);
    }
    return false;
}

bool is_word(EntryKind kind, const Detail& detail) {
    if (detail.field->type != FieldType::text) return true;
    const auto words = words_of(kind, detail.field->key);
    return words.empty() || std::ranges::find(words, detail.text()) != words.end();
}

}  // namespace

std::vector<std::uint64_t> Detail::numbers() const {
    std::vector<std::uint64_t> out;
    if (field->type != FieldType::numbers) return out;
    out.reserve(items);
    Cursor cursor{bytes};
    for (std::size_t i = 0; i < items; ++i) out.push_back(cursor.head(kUint).value_or(0));
    return out;
}

std::vector<std::string_view> Detail::texts() const {
    std::vector<std::string_view> out;
    if (field->type != FieldType::texts) return out;
    Cursor cursor{bytes};
    for (std::size_t i = 0; i < items; ++i) {
        out.push_back(as_text(cursor.text().value_or(BytesView{})));
    }
    return out;
}

Result<Details> Details::read(EntryKind kind, BytesView encoded) {
    if (encoded.size() > cbor::kItemBytesMax) return unfit(kind, "too large");
    Cursor cursor{encoded};
    const auto count = cursor.head(kMap);
    if (!count) return unfit(kind, "not a map");
    if (*count > kFieldsMax) return unfit(kind, "too many fields");
    const auto& info = info_of(kind);
    Details out;
    // Both are sorted by key, so that one pass over the registry's fields finds them all.
    auto expected = info.fields.begin();
    const auto skip_to = [&](std::string_view key) {
        while (expected != info.fields.end() && expected->key < key && !expected->always)
            ++expected;
        return expected != info.fields.end() && expected->key == key;
    };
    for (std::uint64_t i = 0; i < *count; ++i) {
        const auto key = cursor.text();
        if (!key) return unfit(kind, "not in its one encoding");
        if (!skip_to(as_text(*key))) {
            if (field_of(info, as_text(*key)) == nullptr)
                return unfit(kind, "no field " + std::string{as_text(*key)} + " is registered");
            if (expected != info.fields.end() && expected->key < as_text(*key))
                return unfit(kind, std::string{expected->key} + " is missing");
            return unfit(kind, "not in its one encoding");
        }
        auto& detail = out.fields_[out.count_];
        detail.field = &*expected++;
        if (!take_value(cursor, detail.field->type, detail))
            return unfit(kind, std::string{detail.field->key} + " is of another type");
        if (!is_word(kind, detail)) {
            return unfit(kind, std::string{detail.field->key} + " is none of the registered words");
        }
        ++out.count_;
    }
    for (; expected != info.fields.end(); ++expected) {
        if (expected->always) return unfit(kind, std::string{expected->key} + " is missing");
    }
    if (!cursor.rest().empty()) return unfit(kind, "not in its one encoding");
    return out;
}

const Detail* Details::find(std::string_view key) const noexcept {
    for (const auto& detail : all()) {
        if (detail.field->key == key) return &detail;
    }
    return nullptr;
}

std::string_view Details::text(std::string_view key) const noexcept {
    const auto* detail = find(key);
    return detail != nullptr && detail->field->type == FieldType::text ? detail->text()
                                                                       : std::string_view{};
}

std::uint64_t Details::number(std::string_view key) const noexcept {
    const auto* detail = find(key);
    return detail != nullptr ? detail->number : 0;
}

}  // namespace wardline::audit
