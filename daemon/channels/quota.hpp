#pragma once

#include "core/base/clock.hpp"
#include "core/base/money.hpp"
#include "core/providers/balance.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::channels {

/// Calls and tokens that are left in the window of a provider's rate limit; nothing: not told.
struct Window {
    std::optional<std::int64_t> requests;
    std::optional<std::int64_t> tokens;
};

/// What all keys of a channel have left, as far as it was told.
struct QuotaLeft {
    Window window;
    std::map<std::string, Money> money;  ///< by currency; amounts are of that, whatever their type
    std::optional<double> used;          ///< share of the calls a minute that are allowed
};

/// What a provider says is left for one key: to be shown, never to be decided by. Safe from any
/// thread.
class Quota {
public:
    /// What was told is forgotten after this time: the windows are shorter, mostly.
    static constexpr std::chrono::minutes good_for{10};

    /// Whether a reply's headers are to be looked at: that is done once a second at most.
    bool due(SteadyTime now) const noexcept;
    /// Figures that are not told leave those before.
    void note(const Window& window, SteadyTime now) noexcept;
    void set_money(const std::vector<providers::Balance>& told);

    Window window(SteadyTime now) const noexcept;
    /// Adds this key's to `sum`.
    void add_money(std::map<std::string, Money>& sum) const;

private:
    std::atomic<std::int64_t> looked_ns_{0};
    std::atomic<std::int64_t> told_ns_{0};
    std::atomic<std::int64_t> requests_{-1};
    std::atomic<std::int64_t> tokens_{-1};

    mutable std::mutex mutex_;
    std::vector<providers::Balance> money_;  ///< guarded by mutex_
};

/// `110.00 CNY, 3.50 USD`; empty: none was told.
std::string money_text(const std::map<std::string, Money>& money);

}  // namespace obliv::channels
