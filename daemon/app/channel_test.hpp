#pragma once

#include "daemon/admin/host.hpp"
#include "daemon/relay/targets.hpp"
#include "daemon/upstream/pool.hpp"

#include <chrono>
#include <string>

namespace obliv::daemon {

/// What to ask a channel.
struct Question {
    std::string model;         ///< upstream name; not needed for the list of models
    bool list_models = false;  ///< where the provider has such a list; else one tiny chat
    std::size_t key = 0;       ///< which of the channel's keys
    std::chrono::milliseconds limit{30'000};
};

/// Asks a channel and tells how it went. Unbilled: it serves nobody. Blocks for little longer than
/// the limit; for worker threads. The call runs on `loop` with `pool`, which is that loop's.
Result<admin::ChannelTest> test_channel(loop::Loop& loop, upstream::Pool& pool,
                                        relay::Target target, const channels::Entry& channel,
                                        const Question& question);

}  // namespace obliv::daemon
