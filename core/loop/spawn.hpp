#pragma once

#include "core/base/result.hpp"
#include "core/loop/task.hpp"

#include <functional>

namespace obliv::loop {

class Loop;

/// Starts a task that nobody waits for, on the loop, soon. From any thread. An Error (but
/// `Code::cancelled`, which is no news) or an exception is logged with `what`, a
/// literal; it has nowhere else to go.
void spawn(Loop& loop, Task<Result<void>> work, const char* what);
void spawn(Loop& loop, Task<void> work, const char* what);

/// The same, and `done` runs on the loop when it has ended, with what it returned.
void spawn(Loop& loop, Task<Result<void>> work, const char* what,
           std::function<void(const Result<void>&)> done);

}  // namespace obliv::loop
