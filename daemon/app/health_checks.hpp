#pragma once

#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "daemon/app/publisher.hpp"
#include "daemon/channels/channel_table.hpp"
#include "daemon/upstream/pool.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace obliv::daemon {

/// The first key that was refused, else the first: the one that a test tells most about.
std::size_t key_to_test(const channels::Keys& keys);
/// A test with this key went well: channel and key are used again, if they were not.
void restore(const channels::Entry& entry, std::size_t key);

struct CheckSettings {
    std::chrono::milliseconds interval = limits::check_interval;
    std::chrono::milliseconds timeout = limits::check_timeout;
    std::chrono::milliseconds retry = limits::check_retry;
    std::chrono::milliseconds recheck = limits::recheck_interval;
};

/// When a channel is checked next, and what a check does to it. No threads, no clock.
class CheckPlan {
public:
    /// `spread` is 0 to 1: the first check comes within an interval, not all at once.
    CheckPlan(SteadyTime now, const CheckSettings& settings, double spread);

    /// Whether a check is due. A channel that has served a call meanwhile needs none.
    bool due(const channels::Health& health, const CheckSettings& settings, SteadyTime now);
    /// Empty `problem`: it went well.
    void done(channels::Health& health, const std::string& problem, const CheckSettings& settings,
              SteadyTime now);

private:
    SteadyTime next_;
    int failures_ = 0;
};

/// Asks every channel now and then whether it is alive, on threads and a loop of its own.
class HealthChecks {
public:
    struct Parts {
        Publisher& publisher;
        upstream::Tls& tls;
        upstream::Resolver& resolver;
        upstream::PoolOptions pool;
        std::uint64_t seed;
    };
    HealthChecks(const Parts& parts, const CheckSettings& settings);
    ~HealthChecks();

    void start();
    /// Ends the threads; a check under way is forgotten. Idempotent.
    void stop();
    void set(const CheckSettings& settings);

private:
    struct Watched {
        CheckPlan plan;
        CheckPlan keys;
        SteadyTime money_at;  ///< when the balances of its keys are asked for next
        bool running = false;
    };
    enum class Task : std::uint8_t { channel, key, money };

    void run();
    void look_at(const std::shared_ptr<const channels::Entry>& entry, SteadyTime now);
    void begin(const std::shared_ptr<const channels::Entry>& entry, Task task);
    void check_channel(const channels::Entry& entry);
    void check_key(const channels::Entry& entry);
    void ask_for_money(const channels::Entry& entry);

    Parts parts_;
    loop::Loops loops_;
    upstream::Pool pool_;
    std::unique_ptr<loop::BlockingPool> workers_;
    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable wake_;
    // Guarded by mutex_.
    CheckSettings settings_;
    std::unordered_map<ChannelId, Watched> watched_;
    Random random_;
    bool stopping_ = false;
};

}  // namespace obliv::daemon
