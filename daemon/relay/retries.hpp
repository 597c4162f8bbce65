#pragma once

#include "core/base/random.hpp"
#include "daemon/channels/candidates.hpp"
#include "daemon/channels/cause.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace obliv::relay {

/// One attempt to make: after a pause, on a channel, not with a key that has just failed.
struct Try {
    const channels::Option* option = nullptr;
    std::chrono::milliseconds wait{0};
    std::optional<std::size_t> without_key{};
};

struct RetryLimits {
    int attempts = 4;  ///< in all
    std::chrono::milliseconds pause_first{1'000};
    std::chrono::milliseconds pause_last{30'000};
    SteadyTime deadline = SteadyTime::max();  ///< no attempt begins after it
};

/// Decides where one call goes after a failure: a key's failure tries one more key of the channel,
/// any other the next channel, both at once. When no channel is left, one that may do better now is
/// called again after a pause: exponential, with full jitter, and as long as the provider asked for
/// at least. Every repeat on a channel counts against that channel's budget of repeats.
class Retries {
public:
    Retries(channels::Candidates& candidates, Random& random, const RetryLimits& limits)
        : candidates_(candidates), random_(random), limits_(limits) {}

    /// Asked for only when it matters: after the first failure.
    void set_deadline(SteadyTime deadline) noexcept { limits_.deadline = deadline; }

    /// The next attempt; nothing: give up.
    std::optional<Try> next(SteadyTime now);
    /// The attempt that next() gave failed.
    void failed(channels::Cause cause, std::optional<std::chrono::milliseconds> retry_after,
                std::size_t key, SteadyTime now);

private:
    struct Tried {
        const channels::Option* option;
        channels::Cause cause;
        SteadyTime not_before;  ///< as the provider asked
        std::size_t key;
        int repeats;
        bool other_key_tried;
    };

    std::optional<Try> other_key(SteadyTime now);
    std::optional<Try> repeat(SteadyTime now);
    std::chrono::milliseconds pause_for(const Tried& tried, SteadyTime now);

    channels::Candidates& candidates_;
    Random& random_;
    RetryLimits limits_;
    int attempts_ = 0;
    const channels::Option* current_ = nullptr;
    std::vector<Tried> tried_;  ///< each channel once; empty while all is well
    std::size_t last_ = 0;      ///< in tried_: the one that failed last
};

}  // namespace obliv::relay
