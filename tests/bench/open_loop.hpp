#pragma once

#include "tests/bench/wire.hpp"

namespace obliv::bench {

struct RatePlan {
    double rate = 1000;  ///< calls a second, evenly spaced
    double seconds = 5;
    int connections = 64;
};

/// Sends calls at a fixed rate, whether or not earlier ones have been answered, and prints one JSON
/// object. A call that finds no free connection waits for one, and its latency counts from when it
/// should have been sent: a slow server cannot hide by slowing the sender down.
void run_open_loop(const Target& target, const RatePlan& plan);

}  // namespace obliv::bench
