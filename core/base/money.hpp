#pragma once

#include "core/base/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace obliv {

/// A signed count of nano-dollars (1e-9 USD). Plain `+` and `-` check for overflow and abort: sums
/// of money that came from outside go through `checked_add`. Never a float, from parser to
/// database.
class Money {
public:
    static constexpr std::int64_t nanos_per_dollar = 1'000'000'000;

    constexpr Money() = default;
    static constexpr Money nanos(std::int64_t count) noexcept {
        Money money;
        money.nanos_ = count;
        return money;
    }
    static constexpr Money dollars(std::int64_t count) noexcept {
        return nanos(count * nanos_per_dollar);
    }
    static constexpr Money max() noexcept { return nanos(INT64_MAX); }

    /// Reads a decimal such as `5`, `-0.25` or `12.000000001`: at most nine digits after the point,
    /// no exponent, no separators, no sign but a leading minus. Anything else is `invalid_request`.
    static Result<Money> parse(std::string_view text);

    constexpr std::int64_t nanos() const noexcept { return nanos_; }
    auto operator<=>(const Money&) const = default;

    Money operator-() const noexcept;
    Money& operator+=(Money other) noexcept;
    Money& operator-=(Money other) noexcept;
    friend Money operator+(Money a, Money b) noexcept { return a += b; }
    friend Money operator-(Money a, Money b) noexcept { return a -= b; }

    /// The shortest decimal that reads back as the same amount, with at least two digits after the
    /// point: `5.00`, `0.0000125`.
    std::string text() const;

private:
    std::int64_t nanos_ = 0;
};

Result<Money> checked_add(Money a, Money b);

/// What `units` cost at `per_million` nano-dollars per million units, times
/// `multiplier_millionths`. Products are 128 bits wide; this is exact until `Charge::round`.
class Charge {
public:
    /// Adds one kind of unit. Negative counts or prices are a broken claim: both are checked at the
    /// border.
    void add(std::int64_t units, Money per_million) noexcept;

    /// The sum, times a multiplier in millionths (1'000'000 is one), rounded once, half up.
    /// Saturates at Money::max(), which no account can pay.
    Money round(std::int64_t multiplier_millionths = 1'000'000) const noexcept;

private:
    unsigned __int128 nano_millionths_ = 0;
};

}  // namespace obliv
