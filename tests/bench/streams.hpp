#pragma once

#include "tests/bench/wire.hpp"

namespace obliv::bench {

/// Opens `count` event streams and reads them until stdin ends. When each has had its first chunk,
/// and then whenever a line comes in, prints one JSON object: chunks so far, streams that are open,
/// ended or failed, and the delay of stamped chunks since the last line.
void run_streams(const Target& target, std::size_t count);

}  // namespace obliv::bench
