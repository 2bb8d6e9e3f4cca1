#pragma once

#include "server/net/http_connection.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

// What http_connection.cpp hands to ws_connection.cpp; nobody else includes it.
namespace wardline::server {

struct Upgrade {
    boost::beast::http::request<boost::beast::http::empty_body> request;
};

}  // namespace wardline::server
