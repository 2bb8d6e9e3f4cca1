#include "tests/adversary/cheating_server/named_lies.hpp"

#include <string>

namespace wardline::adversary {
namespace {

Lies changing(const std::string& type, std::function<void(Json& answer)> how) {
    Lies lies;
    lies.answer = [=](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == type && answer.at("t") == type) how(answer);
        return true;
    };
    return lies;
}

// A device of the server's own asks for the key of what is being written.
void add_reader(Json& answer) {
    answer["devices"].push_back(cbor::binary(Bytes(DeviceId::kSize, 0x5a)));
}

// Bundles under which the server could read instead of the person.
void swap_key(Json& answer) {
    for (auto& bundle : answer["bundles"]) {
        auto& key = bundle["signed"]["key"].get_binary();
        key[key.size() / 2] ^= 1;
    }
}

void hide_message(Json& answer) {
    auto& entries = answer["entries"];
    if (entries.size() > 1) entries.erase(entries.size() - 2);
}

Lies old_record() {
    Lies lies;
    lies.answer = [](const Line&, const Json& request, Json& answer) {
        if (request.at("t") == "login" && answer.contains("clinic_head"))
            answer["clinic_head"]["pos"] = 0;
        if (request.at("t") == "chain") answer["entries"] = Json::array();
        return true;
    };
    return lies;
}

}  // namespace

std::optional<Lies> lies_named(std::string_view name) {
    if (name == "honest") return Lies{};
    if (name == "add-reader") return changing("recipients", add_reader);
    if (name == "swap-key") return changing("prekeys-get", swap_key);
    if (name == "hide-message") return changing("history", hide_message);
    if (name == "old-record") return old_record();
    return std::nullopt;
}

}  // namespace wardline::adversary
