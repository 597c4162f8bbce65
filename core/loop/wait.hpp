#pragma once

#include <coroutine>

namespace obliv::loop {

/// A coroutine that waits for something outside: lies in its frame, and whatever ends the wait
/// points at it.
struct Wait {
    std::coroutine_handle<> who;
    bool ready = false;  ///< it happened; false: the wait was cut short
};

}  // namespace obliv::loop
