#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv {

/// The clocks of a place: what the system's time zone database says of it, daylight saving
/// included. Immutable.
class TimeZone {
public:
    static TimeZone utc() { return {}; }
    /// `UTC`, or a name such as `Europe/Berlin`. invalid_request: no such zone is installed.
    static Result<TimeZone> open(std::string_view name);
    /// The bytes of a TZif file (RFC 8536), version 2 or later.
    static Result<TimeZone> parse(std::string_view bytes);

    /// What the clocks there show beyond UTC.
    std::chrono::seconds offset_at(WallTime time) const;
    /// The day that the clocks there show.
    std::chrono::year_month_day day_of(WallTime time) const;
    /// The first moment of that day: not always midnight, which clocks may skip, or show twice.
    WallTime start_of(std::chrono::year_month_day day) const;

private:
    using Seconds = std::chrono::sys_seconds;
    struct Transition {
        Seconds at;
        std::chrono::seconds offset;  ///< from then on
    };
    /// One of the two changes of a year: `time` after the midnight that begins the `week`-th (5:
    /// last) such weekday of the month.
    struct Rule {
        unsigned month = 1;
        unsigned week = 1;
        unsigned weekday = 0;
        std::chrono::seconds time{7200};
    };
    /// What holds after the last transition.
    struct Yearly {
        std::chrono::seconds standard{0};
        std::chrono::seconds saving{0};
        Rule begin;
        Rule end;
    };

    static std::optional<Yearly> parse_footer(std::string_view text);
    static Seconds moment_of(const Rule& rule, std::chrono::year year);
    std::chrono::seconds offset_by_rule(Seconds time) const;
    std::chrono::seconds offset_at(Seconds time) const;

    std::vector<Transition> transitions_;  // in order
    std::chrono::seconds first_{0};        // before all of them
    std::optional<Yearly> yearly_;
};

}  // namespace obliv
