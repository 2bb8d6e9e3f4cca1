#include "server/details.hpp"

#include "protocol/base/cbor_writer.hpp"

namespace wardline::server {
namespace {

// Writes the pairs behind the head of the map, counting them; the keys come in order.
class PairWriter {
public:
    void text(std::string_view key, std::string_view value) {
        if (!value.empty()) begin(key).text(value);
    }
    void number(std::string_view key, std::optional<std::uint64_t> value) {
        if (value) begin(key).uint(*value);
    }
    template <class Fixed>
    void fixed(std::string_view key, const std::optional<Fixed>& value) {
        if (value) begin(key).bytes(value->view());
    }
    void numbers(std::string_view key, const std::vector<std::uint64_t>& values) {
        if (values.empty()) return;
        begin(key).array(values.size());
        for (const auto value : values) pairs_.uint(value);
    }
    void texts(std::string_view key, const std::vector<std::string>& values) {
        if (values.empty()) return;
        begin(key).array(values.size());
        for (const auto& value : values) pairs_.text(value);
    }
    Bytes finish() {
        cbor::Writer out{pairs_.size() + 1};
        out.map(count_).item(pairs_.view());
        return std::move(out).take();
    }

private:
    cbor::Writer& begin(std::string_view key) {
        ++count_;
        return pairs_.text(key);
    }

    cbor::Writer pairs_{256};
    std::uint64_t count_{0};
};

}  // namespace

Bytes Details::encode() const {
    PairWriter out;
    out.text("act", act);
    out.text("actor", actor);
    out.text("audience", audience);
    out.text("chain", chain);
    out.text("class", message_class);
    if (code) out.text("code", name_of(*code));
    out.number("count", count);
    out.fixed("device", device);
    out.number("from", from);
    out.fixed("hash", hash);
    out.texts("names", names);
    out.text("patient", patient);
    out.number("pos", pos);
    out.number("size", size);
    out.text("subject", subject);
    out.fixed("thread", thread);
    out.number("to", to);
    out.text("type", type);
    out.numbers("units", units);
    out.text("version", version);
    return out.finish();
}

}  // namespace wardline::server
