#pragma once

#include "core/base/result.hpp"
#include "core/loop/task.hpp"

#include <functional>
#include <string>

namespace obliv::loop {

class Loop;

/// Starts a task that nobody waits for, on the loop, soon. From any thread. An Error (but
/// `Code::cancelled`, which is no news) or an exception is logged with `what`; it has nowhere else
/// to go.
void spawn(Loop& loop, Task<Result<void>> work, std::string what);
void spawn(Loop& loop, Task<void> work, std::string what);

/// The same, and `done` runs on the loop when it has ended, with what it returned.
void spawn(Loop& loop, Task<Result<void>> work, std::string what,
           std::function<void(const Result<void>&)> done);

}  // namespace obliv::loop
