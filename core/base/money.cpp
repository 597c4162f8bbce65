#include "core/base/money.hpp"

#include "core/base/check.hpp"

namespace obliv {

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
    auto bad = [&](std::string_view why) {
        return fail(Code::invalid_request,
                    "expected an amount such as 5.00, with at most nine decimals: " +
                        std::string(why));
    };
    bool negative = text.starts_with('-');
    auto digits = text.substr(negative ? 1 : 0);
    auto point = digits.find('.');
    auto whole = digits.substr(0, point);
    auto fraction = point == std::string_view::npos ? std::string_view{} : digits.substr(point + 1);
    if (whole.empty() || (point != std::string_view::npos && fraction.empty()))
        return bad("a digit is missing");
    if (fraction.size() > 9)
        return bad("too many decimals");

    std::int64_t value = 0;
    auto push = [&](char c) {
        return c >= '0' && c <= '9' && !__builtin_mul_overflow(value, std::int64_t{10}, &value) &&
               !__builtin_add_overflow(value, std::int64_t{c - '0'}, &value);
    };
    for (char c : whole)
        if (!push(c))
            return bad("not a number, or too large");
    for (std::size_t i = 0; i < 9; ++i)
        if (!push(i < fraction.size() ? fraction[i] : '0'))
            return bad("not a number, or too large");
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
    auto rounded = scaled / unit + (scaled % unit >= unit / 2 ? 1 : 0);
    return rounded > limit ? Money::max() : Money::nanos(static_cast<std::int64_t>(rounded));
}

}  // namespace obliv
