#pragma once

#include "core/config/limits.hpp"
#include "core/llm/body_fields.hpp"
#include "daemon/cache/rules.hpp"
#include "daemon/channels/channel_table.hpp"
#include "daemon/upstream/download.hpp"
#include "daemon/upstream/pool.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace obliv::relay {

/// Calls that get a second channel when the first is silent for too long.
struct Hedge {
    std::string model;                               ///< or how names begin: `gpt-4*`
    std::optional<std::chrono::milliseconds> after;  ///< nothing: the channel's 95th percentile
};

/// Whether `pattern`, a model or how names begin, means this model.
bool names(std::string_view pattern, std::string_view model) noexcept;

/// What the configuration says about calls to providers.
struct UpstreamSettings {
    upstream::Timeouts timeouts;
    int attempts = limits::attempts;
    std::chrono::milliseconds retry_pause_first = limits::retry_pause_first;
    std::chrono::milliseconds retry_pause_last = limits::retry_pause_last;
    std::string proxy;  ///< empty: the environment's
    /// By model: those to ask instead, in their order.
    std::map<std::string, std::vector<std::string>, std::less<>> fallbacks;
    std::int64_t output_tokens_default = limits::output_tokens_default;
    std::int64_t hidden_reasoning_rate = limits::hidden_reasoning_rate;         ///< tokens a second
    std::chrono::milliseconds heartbeat_interval = limits::heartbeat_interval;  ///< 0: never
    cache::Rules cache;
    std::vector<Hedge> hedges;           ///< the first that fits a model counts
    std::vector<std::string> continued;  ///< models whose streams another channel may go on with
    upstream::DownloadRules downloads{.guard = {}, .bytes_max = 0};  ///< of no bytes: none at all
};

/// What a URL means, with the proxy that leads there; `proxy` as in Target.
Result<upstream::BaseUrl> place_of(const std::string& url, const std::string& proxy);

/// Where and how a channel is called, made ready once for each change of the table.
struct Target {
    upstream::Endpoint endpoint;
    std::string prefix;  ///< what a request line has before the offer's path
    /// For each offer of the provider that is posted to and whose path does not depend on the call:
    /// its request line.
    std::vector<std::string> lines;
    /// For each key: headers, up to but not including Content-Length.
    std::vector<std::string> heads;
    upstream::Timeouts timeouts;
    std::string proxy;                 ///< as it is set; empty: the environment's
    upstream::Timeouts talk_timeouts;  ///< of a WebSocket, which may be open and silent for long
    std::string problem;               ///< why the channel cannot be called; empty: it can
    std::vector<llm::FieldChange> parameters;   ///< to be made in every body
    std::vector<std::pair<int, int>> statuses;  ///< of replies, and what each is taken for

    int taken_for(int status) const noexcept;
    /// Appends the request line for `offer`, which is one of `provider`'s.
    void append_line(std::string& out, const providers::Provider& provider,
                     const providers::Offer& offer, std::string_view model, bool stream) const;
};

/// The targets of one channel table. Immutable.
class TargetTable {
public:
    static std::shared_ptr<const TargetTable> build(const channels::ChannelTable& table,
                                                    const UpstreamSettings& settings);
    const Target* find(ChannelId channel) const;
    /// What any channel adds to a prompt, in tokens at most.
    std::int64_t prompt_tokens_max() const noexcept { return prompt_tokens_max_; }

private:
    std::unordered_map<ChannelId, Target> targets_;
    std::int64_t prompt_tokens_max_ = 0;
};

/// The target of one channel, for calls outside the relay (`channel test`).
Target make_target(const channels::Entry& entry, const UpstreamSettings& settings);

}  // namespace obliv::relay
