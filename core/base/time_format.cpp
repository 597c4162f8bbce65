#include "core/base/time_format.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace obliv {
namespace {

using std::chrono::floor;

/// Takes exactly `width` digits off the front of `text`.
bool take_digits(std::string_view& text, std::size_t width, int& value) {
    if (text.size() < width)
        return false;
    value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return true;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

bool take_fraction(std::string_view& text, std::chrono::nanoseconds& out) {
    std::int64_t nanos = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (digits == 9)
            return false;
        nanos = nanos * 10 + (text[digits] - '0');
        ++digits;
    }
    if (digits == 0)
        return false;
    text.remove_prefix(digits);
    for (; digits < 9; ++digits)
        nanos *= 10;
    out = std::chrono::nanoseconds(nanos);
    return true;
}

/// Takes `HH:MM`.
bool take_hour_and_minute(std::string_view& text, int& hour, int& minute) {
    return take_digits(text, 2, hour) && take(text, ':') && take_digits(text, 2, minute) &&
           hour <= 23 && minute <= 59;
}

bool take_offset(std::string_view& text, std::chrono::minutes& out) {
    if (take(text, 'Z') || take(text, 'z'))
        return true;
    int sign = text.starts_with('-') ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if (!take(text, '+') && !take(text, '-'))
        return false;
    if (!take_hour_and_minute(text, hours, minutes))
        return false;
    out = std::chrono::minutes(sign * (hours * 60 + minutes));
    return true;
}

/// Takes `YYYY-MM-DD`, a day that there is and that nanoseconds since 1970 can reach: they end in
/// 2262.
bool take_date(std::string_view& text, std::chrono::sys_days& out) {
    int year = 0;
    int month = 0;
    int day = 0;
    if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) ||
        !take(text, '-') || !take_digits(text, 2, day))
        return false;
    std::chrono::year_month_day date(std::chrono::year(year),
                                     std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok() || year < 1970 || year > 2261)
        return false;
    out = date;
    return true;
}

/// Takes `HH:MM:SS`, with or without a fraction. A minute may end in a leap second.
bool take_clock(std::string_view& text, std::chrono::nanoseconds& out) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_hour_and_minute(text, hour, minute) || !take(text, ':') ||
        !take_digits(text, 2, second) || second > 60)
        return false;
    std::chrono::nanoseconds fraction{0};
    if (take(text, '.') && !take_fraction(text, fraction))
        return false;
    out = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
          fraction;
    return true;
}

struct Unit {
    std::string_view name;
    std::int64_t millis;
};
constexpr std::array units{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                           Unit{"d", 86'400'000}};

Error bad_time(std::string_view text) {
    return fail(Code::invalid_request,
                "expected a time such as 2026-11-22T05:07:34Z, got '" + std::string(text) + "'");
}

}  // namespace

std::string rfc3339(WallTime time) {
    auto day = floor<std::chrono::days>(time);
    std::chrono::year_month_day date(day);
    std::chrono::hh_mm_ss clock(floor<std::chrono::milliseconds>(time - day));
    // By hand: every log line has one, and snprintf takes a microsecond.
    std::string out = "0000-00-00T00:00:00.000Z";
    auto put = [&out](std::size_t at, std::size_t width, std::int64_t value) {
        for (auto i = width; i-- > 0; value /= 10)
            out[at + i] = static_cast<char>('0' + value % 10);
    };
    put(0, 4, static_cast<int>(date.year()));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, clock.hours().count());
    put(14, 2, clock.minutes().count());
    put(17, 2, clock.seconds().count());
    put(20, 3, clock.subseconds().count());
    return out;
}

std::string http_date(WallTime time) {
    // The C locale's names whatever the process was told: HTTP dates are English.
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    auto second = static_cast<std::time_t>(seconds.count());
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                  months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text.data();
}

Result<WallTime> parse_rfc3339(std::string_view text) {
    auto rest = text;
    std::chrono::sys_days day;
    if (!take_date(rest, day))
        return bad_time(text);
    WallTime midnight = day;
    if (rest.empty())
        return midnight;

    std::chrono::nanoseconds clock{0};
    std::chrono::minutes offset{0};
    if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' '))
        return bad_time(text);
    if (!take_clock(rest, clock) || !take_offset(rest, offset) || !rest.empty())
        return bad_time(text);
    return midnight + clock - offset;
}

Result<WallTime> parse_time(std::string_view text, WallTime now) {
    if (!text.starts_with('-'))
        return parse_rfc3339(text);
    auto span = parse_duration(text.substr(1));
    if (!span)
        return fail(Code::invalid_request,
                    "expected a time such as 2026-11-22T05:07:34Z or -24h, got '" +
                        std::string(text) + "'");
    return now - *span;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
    auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& known : units) {
        std::int64_t millis = 0;
        if (problem == std::errc{} && count >= 0 && unit == known.name &&
            !__builtin_mul_overflow(count, known.millis, &millis) &&
            millis <= 36'500LL * 86'400'000)
            return std::chrono::milliseconds(millis);
    }
    return fail(Code::invalid_request,
                "expected a duration such as 250ms, 10s, 5m, 2h or 7d, got '" + std::string(text) +
                    "'");
}

std::string duration_text(std::chrono::milliseconds span) {
    auto millis = span.count();
    auto best = units.front();
    for (const auto& unit : units)
        if (millis != 0 && millis % unit.millis == 0)
            best = unit;
    return std::to_string(millis / best.millis) + std::string(best.name);
}

}  // namespace obliv
