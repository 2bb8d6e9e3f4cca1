#pragma once

#include "protocol/base/result.hpp"

#include <boost/asio/awaitable.hpp>

// What takes time in storage is a coroutine on the node's one thread.
namespace wardline::storage {

namespace net = boost::asio;

template <class T>
using Task = net::awaitable<Result<T>>;

}  // namespace wardline::storage
