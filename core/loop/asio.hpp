#pragma once

#include "core/loop/task.hpp"

namespace obliv::asio {

template <typename T>
using awaitable = loop::Task<T>;

}  // namespace obliv::asio
