#pragma once

// What nearly every source file pulls in, compiled once a target where WARDLINE_PCH is on: parsing
// and instantiating nlohmann/json alone is more than half of a file's time. Nothing may rely on it:
// the dev preset builds without.
#include "protocol/base/result.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>
