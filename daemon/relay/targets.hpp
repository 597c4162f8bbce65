#pragma once

#include "core/config/limits.hpp"
#include "daemon/channels/channel_table.hpp"
#include "daemon/upstream/pool.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace obliv::relay {

/// What the configuration says about calls to providers.
struct UpstreamSettings {
    upstream::Timeouts timeouts;
    int attempts = limits::attempts;
    std::string proxy;  ///< empty: the environment's
    std::int64_t output_tokens_default = limits::output_tokens_default;
};

/// Where and how a channel is called, made ready once for each change of the table.
struct Target {
    upstream::Endpoint endpoint;
    /// For each key: request line and headers, up to but not including Content-Length.
    std::vector<std::string> heads;
    upstream::Timeouts timeouts;
    std::string problem;  ///< why the channel cannot be called; empty: it can
};

/// The targets of one channel table. Immutable.
class TargetTable {
public:
    static std::shared_ptr<const TargetTable> build(const channels::ChannelTable& table,
                                                    const UpstreamSettings& settings);
    const Target* find(ChannelId channel) const;

private:
    std::unordered_map<ChannelId, Target> targets_;
};

/// The target of one channel, for calls outside the relay (`channel test`).
Target make_target(const channels::Entry& entry, const UpstreamSettings& settings);

}  // namespace obliv::relay
