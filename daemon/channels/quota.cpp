#include "daemon/channels/quota.hpp"

namespace obliv::channels {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto pace = std::chrono::seconds(1);

std::int64_t nanos(SteadyTime time) noexcept {
    return time.time_since_epoch().count();
}

std::optional<std::int64_t> told(std::int64_t figure) noexcept {
    return figure < 0 ? std::nullopt : std::optional(figure);
}

}  // namespace

bool Quota::due(SteadyTime now) const noexcept {
    auto looked = looked_ns_.load(relaxed);
    return looked == 0 || nanos(now) - looked >= std::chrono::nanoseconds(pace).count();
}

void Quota::note(const Window& window, SteadyTime now) noexcept {
    looked_ns_.store(nanos(now), relaxed);
    if (!window.requests && !window.tokens)
        return;
    told_ns_.store(nanos(now), relaxed);
    if (window.requests)
        requests_.store(*window.requests, relaxed);
    if (window.tokens)
        tokens_.store(*window.tokens, relaxed);
}

void Quota::set_money(const std::vector<providers::Balance>& told) {
    std::lock_guard lock(mutex_);
    money_ = told;
}

Window Quota::window(SteadyTime now) const noexcept {
    auto age = nanos(now) - told_ns_.load(relaxed);
    if (age >= std::chrono::nanoseconds(good_for).count())
        return {};
    return {told(requests_.load(relaxed)), told(tokens_.load(relaxed))};
}

void Quota::add_money(std::map<std::string, Money>& sum) const {
    std::lock_guard lock(mutex_);
    for (const auto& balance : money_)
        if (auto amount = Money::parse(balance.amount)) {
            auto& all = sum[balance.currency];
            all = checked_add(all, *amount).value_or(all);
        }
}

std::string money_text(const std::map<std::string, Money>& money) {
    std::string out;
    for (const auto& [currency, amount] : money) {
        out += (out.empty() ? "" : ", ") + amount.text();
        out += (currency.empty() ? "" : " ") + currency;
    }
    return out;
}

}  // namespace obliv::channels
