#pragma once

#include <cstddef>

namespace obliv::loop {

/// Memory for the frames of coroutines. A call makes a dozen of them, all of sizes that the call
/// before has just given back: each thread keeps what is free by size, so that taking one is a
/// pointer read. What a burst of calls leaves behind over a bound goes back to the allocator.
void* take_frame(std::size_t size);
void give_frame(void* frame, std::size_t size) noexcept;

}  // namespace obliv::loop
