#pragma once

#include "protocol/base/cbor.hpp"
#include "protocol/base/ids.hpp"

#include <functional>
#include <optional>
#include <string>

// What a lying server does to what passes. Called on the server's thread, under its lock.
namespace wardline::adversary {

using cbor::Json;

// Which connection it is.
struct Line {
    std::optional<DeviceId> device;  // That has logged in, or tries to.
};

struct Lies {
    // A request before the honest part of the server has it. False: it never gets it.
    std::function<bool(const Line&, Json& request)> request{};
    // An answer (or an error, type "error") on its way to the client, with the request as it came.
    // False: it never arrives.
    std::function<bool(const Line&, const Json& request, Json& answer)> answer{};
    // A push, the hello among them. False: it is withheld.
    std::function<bool(const Line&, Json& push)> push{};
    // The body of an HTTP answer.
    std::function<void(const std::string& path, const Json& request, Json& answer)> post{};
};

}  // namespace wardline::adversary
