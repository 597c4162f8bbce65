#pragma once

#include "core/base/clock.hpp"
#include "core/storage/writer.hpp"
#include "daemon/live/group.hpp"

#include <array>
#include <mutex>
#include <span>
#include <vector>

namespace obliv::live {

/// What calls are told apart by.
enum class By : std::uint8_t { model, channel, token, user };
inline constexpr std::size_t bys = 4;

/// A view of one window.
struct WindowView {
    Window window = Window::second;
    Tally total;
    std::array<std::vector<Row>, bys> rows;  ///< by By
};

/// The calls of the last day as they end, in memory of a fixed size. Fed by the thread that stores
/// them, which costs the loops nothing; a call is seen as soon as it is stored. Any thread.
class Counters {
public:
    explicit Counters(const Clock& clock, std::size_t keys_max = 50);

    void add(std::span<const storage::Appended> calls) noexcept;
    /// Calls of an earlier run, of the half hour that begins at `time`.
    void add_past(By by, std::string_view key, WallTime time, const Tally& calls);
    void add_past(WallTime time, const Tally& calls);

    WindowView view(Window window, std::size_t rows_max) const;
    Tally today() const;  ///< since midnight UTC
    /// Of the last hour, the oldest first.
    std::vector<Tally> minutes() const;
    WallTime since() const noexcept { return since_; }  ///< when the counting began

private:
    /// Where a call is counted beside the total; null: it does not have that.
    using Places = std::array<Series*, bys>;
    template <typename Counted>
    void count(const Places& places, std::int64_t second, const Counted& counted);
    Places places_of(const storage::Call& call, std::int64_t second);
    std::int64_t now() const noexcept { return unix_nanos(clock_.wall()) / 1'000'000'000; }

    const Clock& clock_;
    const WallTime since_;
    mutable std::mutex mutex_;
    Series total_;                   // under mutex_
    std::array<Group, bys> groups_;  // under mutex_
};

/// What a report says of calls of an earlier run.
Tally past(const storage::UsageGroup& group) noexcept;

/// As it is counted.
Ended ended(const storage::Call& call) noexcept;

}  // namespace obliv::live
