#pragma once

#include "protocol/base/encoding.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/trust/readers.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <vector>

// tests/vectors/*.json, as every client reads them. Byte strings are hexadecimal there.
namespace wardline::message::testing {

using Vectors = nlohmann::json;

inline Vectors read_vectors(const std::string& name) {
    const auto path = std::string{WARDLINE_SOURCE_DIR} + "/tests/vectors/" + name + ".json";
    std::ifstream file{path};
    EXPECT_TRUE(file) << path;
    return Vectors::parse(file);
}

inline std::uint64_t number_in(const Vectors& vector, const char* key) {
    return vector.at(key).get<std::uint64_t>();
}
inline Bytes bytes_in(const Vectors& vector, const char* key) {
    return from_hex(vector.at(key).get<std::string>()).value();
}
template <class Fixed>
Fixed fixed_in(const Vectors& vector, const char* key) {
    return Fixed::from(bytes_in(vector, key)).value();
}

inline std::vector<trust::ExpectedSlot> readers_in(const Vectors& vector) {
    std::vector<trust::ExpectedSlot> readers;
    for (const auto& item : vector.at("readers")) {
        trust::ExpectedSlot reader;
        reader.to = item.at("to").get<std::string>();
        if (item.contains("epoch")) reader.epoch = fixed_in<Hash>(item, "epoch");
        reader.key = fixed_in<BoxKey>(item, "key");
        readers.push_back(std::move(reader));
    }
    return readers;
}

}  // namespace wardline::message::testing
