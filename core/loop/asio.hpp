#pragma once

// The part of Asio that signatures need; what does the work is included by .cpp files only.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace obliv {

namespace asio = boost::asio;

}  // namespace obliv
