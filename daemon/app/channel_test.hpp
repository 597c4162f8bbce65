#pragma once

#include "daemon/admin/host.hpp"
#include "daemon/relay/targets.hpp"
#include "daemon/upstream/pool.hpp"

#include <string_view>

namespace obliv::daemon {

/// Asks a channel for one tiny chat and tells how it went. Unbilled: it serves
/// nobody. Blocks for at most half a minute; for worker threads. The call runs on `loop` with
/// `pool`, which is that loop's.
Result<admin::ChannelTest> test_channel(loop::Loop& loop, upstream::Pool& pool,
                                        relay::Target target, const channels::Entry& channel,
                                        std::string_view model);

}  // namespace obliv::daemon
