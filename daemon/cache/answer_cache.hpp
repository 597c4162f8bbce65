#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/ids.hpp"
#include "core/llm/usage.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cache {

/// A reply as it went to a caller, to be given again. Never changed once it is shared.
struct Answer {
    std::string body;
    std::string content_type;
    bool stream = false;
    bool usage_told = false;  ///< of a stream: its figures are in it
    bool json_array = false;  ///< a stream that is one JSON array
    std::string model_served;
    ChannelId channel;  ///< that served it
    std::string finish_reason;
    llm::Usage usage;
    SteadyTime made{};
};
using AnswerPtr = std::shared_ptr<const Answer>;

/// How a look-up ended. The names are public.
enum class Lookup : std::uint8_t { hit, semantic, stale, miss, shared };
inline constexpr std::size_t lookups = 5;
std::string_view name_of(Lookup lookup) noexcept;

/// What a question means, as an embedding model says it.
using Meaning = std::vector<float>;

/// A call that others who ask the same wait for.
class Flight {
public:
    /// `wake` runs once, on the leader's thread, when the flight has landed; false: it has already.
    bool when_landed(std::function<void()> wake);
    /// Null while it is under way, and when it brought no answer.
    AnswerPtr answer() const;

private:
    friend class AnswerCache;
    void land(AnswerPtr answer);

    mutable std::mutex mutex_;
    bool landed_ = false;                         // guarded by mutex_
    AnswerPtr answer_;                            // guarded by mutex_
    std::vector<std::function<void()>> waiting_;  // guarded by mutex_
};

/// Answers by the digest of their question, bounded in number and bytes; the one that was not asked
/// for longest goes first. Safe from any thread; its lock is held for a look-up only.
class AnswerCache {
public:
    struct Limits {
        std::size_t entries = 0;
        std::size_t bytes = 0;
        std::chrono::milliseconds ttl{0};
        std::chrono::milliseconds stale{0};
    };
    AnswerCache();
    ~AnswerCache();
    AnswerCache(const AnswerCache&) = delete;
    AnswerCache& operator=(const AnswerCache&) = delete;

    /// Drops what the new limits leave no room for.
    void set_limits(const Limits& limits);

    struct Found {
        AnswerPtr answer;    ///< null: there is none
        bool fresh = false;  ///< else it only stands in
    };
    Found find(const Sha256& key, SteadyTime now);
    /// The fresh answer whose question was closest in meaning, of those put into `bucket`; null:
    /// none came up to `similarity`.
    AnswerPtr find_close(const Sha256& bucket, const Meaning& meaning, double similarity,
                         SteadyTime now);
    /// Replaces what had this key. An empty `meaning`: it is found by its key only.
    void put(const Sha256& key, AnswerPtr answer, const Sha256& bucket = {}, Meaning meaning = {});

    /// A place on the flight of this key: the first who asks leads it, and must land() it.
    struct Place {
        std::shared_ptr<Flight> flight;
        bool leads = false;
    };
    Place board(const Sha256& key);
    /// Ends a flight; null: it brought nothing that others could be given.
    void land(const Sha256& key, const std::shared_ptr<Flight>& flight, AnswerPtr answer);

    void count(Lookup lookup) noexcept;
    struct Stats {
        std::size_t entries = 0;
        std::size_t bytes = 0;
        std::int64_t evicted = 0;  ///< to make room
        std::array<std::int64_t, lookups> looked_up{};
    };
    Stats stats() const;

private:
    struct Table;
    std::unique_ptr<Table> table_;
};

}  // namespace obliv::cache
