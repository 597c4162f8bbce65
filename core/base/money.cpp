#include "core/base/money.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <string>

namespace obliv {
namespace {

constexpr std::size_t decimals = 9;

Error bad_amount(std::string_view why) {
    return fail(Code::invalid_request,
                "expected an amount such as 5.00, with at most nine decimals: " + std::string(why));
}

/// False when `c` is no digit or the value gets too large.
bool push_digit(std::int64_t& value, char c) {
    return c >= '0' && c <= '9' && !__builtin_mul_overflow(value, std::int64_t{10}, &value) &&
           !__builtin_add_overflow(value, std::int64_t{c - '0'}, &value);
}

}  // namespace

Money Money::operator-() const noexcept {
    check(nanos_ != INT64_MIN, "the most negative amount has no opposite");
    return nanos(-nanos_);
}

Money& Money::operator+=(Money other) noexcept {
    check(!__builtin_add_overflow(nanos_, other.nanos_, &nanos_), "a sum of money fits 64 bits");
    return *this;
}

Money& Money::operator-=(Money other) noexcept {
    check(!__builtin_sub_overflow(nanos_, other.nanos_, &nanos_),
          "a difference of money fits 64 bits");
    return *this;
}

Result<Money> checked_add(Money a, Money b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.nanos(), b.nanos(), &sum))
        return fail(Code::invalid_request, "the amount is too large to account for");
    return Money::nanos(sum);
}

Result<Money> Money::parse(std::string_view text) {
    bool negative = text.starts_with('-');
    auto digits = text.substr(negative ? 1 : 0);
    auto point = std::min(digits.find('.'), digits.size());
    auto whole = digits.substr(0, point);
    auto fraction = digits.substr(std::min(point + 1, digits.size()));
    if (whole.empty() || digits.ends_with('.'))
        return bad_amount("a digit is missing");
    if (fraction.size() > decimals)
        return bad_amount("too many decimals");

    auto shifted = std::string(whole).append(fraction).append(decimals - fraction.size(), '0');
    std::int64_t value = 0;
    for (char c : shifted)
        if (!push_digit(value, c))
            return bad_amount("not a number, or too large");
    return Money::nanos(negative ? -value : value);
}

std::string Money::text() const {
    // Unsigned, so that the most negative amount prints too.
    auto magnitude =
        nanos_ < 0 ? 0 - static_cast<std::uint64_t>(nanos_) : static_cast<std::uint64_t>(nanos_);
    auto fraction = std::to_string(magnitude % nanos_per_dollar);
    fraction.insert(0, 9 - fraction.size(), '0');
    while (fraction.size() > 2 && fraction.back() == '0')
        fraction.pop_back();
    return (nanos_ < 0 ? "-" : "") + std::to_string(magnitude / nanos_per_dollar) + "." + fraction;
}

void Charge::add(std::int64_t units, Money per_million) noexcept {
    check(units >= 0, "a count of units is not negative");
    check(per_million >= Money{}, "a price is not negative");
    // 2^63 * 2^63 is below 2^126: two bits are spare for the few kinds of unit that a call has.
    auto product =
        static_cast<unsigned __int128>(units) * static_cast<unsigned __int128>(per_million.nanos());
    if (__builtin_add_overflow(nano_millionths_, product, &nano_millionths_))
        nano_millionths_ = ~static_cast<unsigned __int128>(0);
}

Money Charge::round(std::int64_t multiplier_millionths) const noexcept {
    check(multiplier_millionths >= 0, "a multiplier is not negative");
    constexpr auto million = static_cast<unsigned __int128>(1'000'000);
    constexpr auto limit = static_cast<unsigned __int128>(INT64_MAX);
    unsigned __int128 scaled = 0;
    if (__builtin_mul_overflow(nano_millionths_,
                               static_cast<unsigned __int128>(multiplier_millionths), &scaled))
        return Money::max();
    constexpr auto unit = million * million;
    auto whole = scaled / unit;
    auto rounded = whole + (scaled - whole * unit >= unit / 2 ? 1 : 0);
    return rounded > limit ? Money::max() : Money::nanos(static_cast<std::int64_t>(rounded));
}

}  // namespace obliv
