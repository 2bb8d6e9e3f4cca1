#pragma once

#include "server/connection.hpp"

// What is not a conversation: setup of a clinic, enrolment, health. docs/protocol.md section 11.
// One thread.
namespace wardline::server {

struct Services;

class HttpApi final : public HttpHandler {
public:
    explicit HttpApi(Services& services) : services_{services} {}

    net::awaitable<HttpResponse> handle(HttpRequest request) override;

private:
    Services& services_;
};

}  // namespace wardline::server
