#pragma once

#include "core/client/client.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace obliv::client {

/// What the reply asks for: `retry-after-ms`, or `Retry-After` in seconds.
std::optional<std::chrono::milliseconds> retry_after(const Response& response);

/// Whether this answer says that the same call may be sent again now.
bool worth_repeating(const Request& request, const Response& response);

/// How long to wait before try number `next` (the first repeat is 2): 250 ms, doubled each time, at
/// most 8 s, spread over half of itself by `random` so that many clients do not come back together.
std::chrono::milliseconds pause_before(int next, std::uint64_t random);

}  // namespace obliv::client
