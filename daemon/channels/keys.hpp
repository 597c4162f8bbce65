#pragma once

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/secret.hpp"
#include "core/storage/channel_settings.hpp"
#include "daemon/channels/cause.hpp"
#include "daemon/channels/quota.hpp"
#include "daemon/channels/tally.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace obliv::channels {

/// Names a key without telling it.
std::string key_id(const Secret& key);

/// How one key of a channel has been doing. Outlives the tables that hold it.
class Key {
public:
    Key(std::string id, std::string hint) : id_(std::move(id)), hint_(std::move(hint)) {}

    enum class State : std::uint8_t { up, resting, refused };

    const std::string& id() const noexcept { return id_; }  ///< names it without telling it
    const std::string& hint() const noexcept { return hint_; }
    State state(SteadyTime now) const noexcept;
    /// Whether a call may be made with it.
    bool usable(SteadyTime now, int per_minute) const noexcept;
    std::optional<SteadyTime> rests_until(SteadyTime now) const noexcept;

    std::atomic<std::int64_t> requests{0};
    std::atomic<std::int64_t> failures{0};
    std::atomic<int> failures_in_a_row{0};
    std::atomic<std::int64_t> rests_until_ns{0};  ///< INT64_MAX: until a test has succeeded
    Tally minute{std::chrono::minutes(1)};
    Quota quota;  ///< as its provider tells it

private:
    std::string id_;
    std::string hint_;
};

std::string_view name_of(Key::State state) noexcept;

/// The keys of a channel, in their order; one without a text where the channel has none. Immutable
/// but for the state of the keys. Safe from any thread.
class Keys {
public:
    static constexpr int failures_before_rest = 3;
    static constexpr std::chrono::minutes rest{5};

    /// `previous` hands the state of keys on that are still there.
    static std::shared_ptr<Keys> build(const std::vector<Secret>& keys,
                                       const storage::ChannelSettings& settings,
                                       const Keys* previous);

    std::size_t size() const noexcept { return keys_.size(); }
    const Key& operator[](std::size_t index) const noexcept { return *keys_[index]; }
    const Key* find(std::string_view id) const noexcept;

    /// A key for a call, other than `without`; nothing: all of them rest or are used up.
    std::optional<std::size_t> choose(Random& random, SteadyTime now,
                                      std::optional<std::size_t> without = std::nullopt) noexcept;
    bool any_usable(SteadyTime now) const noexcept;
    std::size_t usable_count(SteadyTime now) const noexcept;

    Quota& quota(std::size_t index) noexcept { return keys_[index]->quota; }
    /// Of all keys; `used` only where each has a limit of its own.
    QuotaLeft quota_left(SteadyTime now) const;

    void began(std::size_t index, SteadyTime now) noexcept;
    void succeeded(std::size_t index) noexcept;
    /// True: the key rests from now on. `retry_after` is what the provider asked for.
    bool failed(std::size_t index, Cause cause,
                std::optional<std::chrono::milliseconds> retry_after, SteadyTime now) noexcept;
    /// A test of the key went well. True: it rested until now.
    bool wake(std::size_t index) noexcept;

private:
    bool usable(std::size_t index, SteadyTime now,
                std::optional<std::size_t> without) const noexcept;

    std::vector<std::shared_ptr<Key>> keys_;
    storage::KeyPolicy policy_{};
    int per_minute_ = 0;
    std::atomic<std::uint64_t> turn_{0};
};

}  // namespace obliv::channels
