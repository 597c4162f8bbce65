#pragma once

#include "core/base/random.hpp"
#include "core/loop/loop.hpp"
#include "daemon/server/server.hpp"

#include <atomic>
#include <cstdint>

namespace obliv::server {

class Bodies;
class Connection;

/// Counts over all loops.
struct Counters {
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> exchanges{0};
};

/// What the connections of one loop have in common. Touched on that loop only.
struct Hub {
    Hub(loop::Loop& on, Service& by, const Limits& within, Counters& into, Bodies* kept,
        std::uint64_t seed)
        : loop(on), service(by), limits(within), counters(into), bodies(kept), random(seed) {}

    loop::Loop& loop;
    Service& service;
    Limits limits;
    Counters& counters;
    Bodies* bodies;                     ///< null: all of them in memory
    Random random;                      ///< for request ids, which need to be unique but no secret
    Connection* connections = nullptr;  ///< head of an intrusive list
    bool draining = false;
};

}  // namespace obliv::server
