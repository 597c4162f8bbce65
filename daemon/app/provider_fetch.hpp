#pragma once

#include "core/base/result.hpp"
#include "core/providers/balance.hpp"
#include "daemon/channels/channel_table.hpp"
#include "daemon/relay/targets.hpp"
#include "daemon/upstream/pool.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace obliv::loop {
class Loop;
}

namespace obliv::daemon {

/// Asks a channel's provider which models it offers. Called on a worker thread, which waits; the
/// call runs on `loop`, with the key of this index. unsupported: the provider has no such list.
Result<std::vector<std::string>> fetch_models(loop::Loop& loop, upstream::Pool& pool,
                                              relay::Target target, const channels::Entry& channel,
                                              std::size_t key);

/// The same for what is left of the key's money. unsupported: the provider does not tell.
Result<std::vector<providers::Balance>> fetch_balance(loop::Loop& loop, upstream::Pool& pool,
                                                      relay::Target target,
                                                      const channels::Entry& channel,
                                                      std::size_t key);

}  // namespace obliv::daemon
