#pragma once

#include "core/base/result.hpp"
#include "core/loop/asio.hpp"

#include <functional>
#include <string>

namespace obliv::loop {

/// Starts a coroutine that nobody waits for. An Error (but `Code::cancelled`, which is no news) or
/// an exception is logged with `what`; it has nowhere else to go.
void spawn(asio::any_io_executor executor, asio::awaitable<Result<void>> work, std::string what);
void spawn(asio::any_io_executor executor, asio::awaitable<void> work, std::string what);

/// The same, and `done` runs on the executor when it has ended, with what it returned.
void spawn(asio::any_io_executor executor, asio::awaitable<Result<void>> work, std::string what,
           std::function<void(const Result<void>&)> done);

}  // namespace obliv::loop
