#include "core/base/time_zone.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace obliv {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::size_t header_bytes = 44;
constexpr std::size_t name_max = 64;
constexpr std::size_t file_max = 1 << 20;

/// Big-endian numbers, one after the other; nothing is read behind the end.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    std::int64_t number(int width) {
        std::uint64_t value = 0;
        for (int i = 0; i < width; ++i)
            value = value << 8 | next();
        if (width == 4)
            return static_cast<std::int32_t>(value);
        return static_cast<std::int64_t>(value);
    }
    unsigned byte() { return next(); }
    void skip(std::size_t count) {
        if (count > bytes_.size())
            good_ = false;
        bytes_.remove_prefix(std::min(count, bytes_.size()));
    }
    bool good() const noexcept { return good_; }
    std::string_view rest() const noexcept { return bytes_; }

private:
    unsigned next() {
        if (bytes_.empty()) {
            good_ = false;
            return 0;
        }
        auto byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte;
    }

    std::string_view bytes_;
    bool good_ = true;
};

/// The counts at the beginning of each of the two blocks of a file.
struct Counts {
    std::size_t is_ut, is_std, leaps, times, types, letters;

    std::size_t bytes(std::size_t width) const {
        return times * (width + 1) + types * 6 + letters + leaps * (width + 4) + is_std + is_ut;
    }
};

std::optional<Counts> read_counts(Reader& reader) {
    if (!reader.rest().starts_with("TZif"))
        return std::nullopt;
    reader.skip(20);
    Counts counts{};
    for (auto* count : {&counts.is_ut, &counts.is_std, &counts.leaps, &counts.times, &counts.types,
                        &counts.letters}) {
        auto value = reader.number(4);
        if (value < 0 || value > static_cast<std::int64_t>(file_max))
            return std::nullopt;
        *count = static_cast<std::size_t>(value);
    }
    if (!reader.good() || counts.types == 0)
        return std::nullopt;
    return counts;
}

/// The text of a POSIX rule, piece by piece.
class Footer {
public:
    explicit Footer(std::string_view text) : text_(text) {}

    bool name() {
        if (take('<')) {
            auto end = text_.find('>');
            if (end == std::string_view::npos)
                return false;
            text_.remove_prefix(end + 1);
            return true;
        }
        std::size_t length = 0;
        while (length < text_.size() && lower(text_[length]) >= 'a' && lower(text_[length]) <= 'z')
            ++length;
        text_.remove_prefix(length);
        return length >= 3;
    }
    bool take(char c) {
        if (text_.empty() || text_.front() != c)
            return false;
        text_.remove_prefix(1);
        return true;
    }
    std::optional<unsigned> number() {
        unsigned value = 0;
        std::size_t length = 0;
        for (; length < text_.size() && length < 4; ++length) {
            if (text_[length] < '0' || text_[length] > '9')
                break;
            value = value * 10 + static_cast<unsigned>(text_[length] - '0');
        }
        text_.remove_prefix(length);
        return length == 0 ? std::nullopt : std::optional(value);
    }
    /// `[+-]hh[:mm[:ss]]`
    std::optional<seconds> time() {
        int sign = take('-') ? -1 : 1;
        if (sign > 0)
            take('+');
        seconds sum{0};
        for (int unit : {3600, 60, 1}) {
            if (unit < 3600 && !take(':'))
                break;
            auto value = number();
            if (!value)
                return std::nullopt;
            sum += seconds(static_cast<int>(*value) * unit);
        }
        return sign * sum;
    }
    bool empty() const noexcept { return text_.empty(); }
    char front() const noexcept { return text_.empty() ? '\0' : text_.front(); }

private:
    std::string_view text_;
};

Error no_zone(std::string_view name) {
    return fail(Code::invalid_request, "there is no time zone '" +
                                           visible(name.substr(0, name_max)) +
                                           "' here: expected UTC or a name such as Europe/Berlin");
}

bool is_zone_name(std::string_view name) {
    auto good = [](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '+' || c == '-' || c == '/';
    };
    return !name.empty() && name.size() <= name_max && name.front() != '/' &&
           std::all_of(name.begin(), name.end(), good);
}

}  // namespace

Result<TimeZone> TimeZone::open(std::string_view name) {
    if (name == "UTC")
        return utc();
    if (!is_zone_name(name))
        return no_zone(name);
    std::filesystem::path path = "/usr/share/zoneinfo/" + std::string(name);
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed) ||
        std::filesystem::file_size(path, failed) > file_max)
        return no_zone(name);
    std::ifstream file(path, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    auto zone = parse(bytes);
    if (!zone)
        return no_zone(name);
    return zone;
}

Result<TimeZone> TimeZone::parse(std::string_view bytes) {
    auto bad = fail(Code::invalid_request, "not the file of a time zone");
    Reader reader(bytes);
    // The first block has 32-bit times, for programs of the last century.
    auto old = read_counts(reader);
    if (!old || bytes.size() < header_bytes || bytes[4] < '2')
        return bad;
    reader.skip(old->bytes(4));
    auto counts = read_counts(reader);
    if (!counts || reader.rest().size() < counts->bytes(8))
        return bad;
    TimeZone zone;
    for (std::size_t i = 0; i < counts->times; ++i)
        zone.transitions_.push_back({Seconds(seconds(reader.number(8))), {}});
    std::vector<std::size_t> types;
    for (std::size_t i = 0; i < counts->times; ++i)
        types.push_back(reader.byte());
    std::vector<seconds> offsets;
    for (std::size_t i = 0; i < counts->types; ++i) {
        offsets.emplace_back(reader.number(4));
        reader.skip(2);
    }
    for (std::size_t i = 0; i < counts->times; ++i) {
        if (types[i] >= offsets.size())
            return bad;
        zone.transitions_[i].offset = offsets[types[i]];
    }
    zone.first_ = offsets.front();
    reader.skip(counts->letters + counts->leaps * 12 + counts->is_std + counts->is_ut);
    if (!reader.good())
        return bad;
    auto footer = reader.rest();
    if (footer.size() > 2)
        zone.yearly_ = parse_footer(footer.substr(1, footer.size() - 2));
    return zone;
}

std::optional<TimeZone::Yearly> TimeZone::parse_footer(std::string_view text) {
    Footer footer(text);
    Yearly out;
    if (!footer.name())
        return std::nullopt;
    auto standard = footer.time();
    if (!standard)
        return std::nullopt;
    // POSIX counts westwards.
    out.standard = out.saving = -*standard;
    if (footer.empty())
        return out;
    if (!footer.name())
        return std::nullopt;
    out.saving += std::chrono::hours(1);
    if (footer.front() != ',') {
        auto saving = footer.time();
        if (!saving)
            return std::nullopt;
        out.saving = -*saving;
    }
    for (auto* rule : {&out.begin, &out.end}) {
        if (!footer.take(',') || !footer.take('M'))
            return std::nullopt;
        for (auto* part : {&rule->month, &rule->week, &rule->weekday}) {
            if (part != &rule->month && !footer.take('.'))
                return std::nullopt;
            auto value = footer.number();
            if (!value)
                return std::nullopt;
            *part = *value;
        }
        bool sane = rule->month >= 1 && rule->month <= 12 && rule->week >= 1 && rule->week <= 5 &&
                    rule->weekday <= 6;
        if (!sane)
            return std::nullopt;
        if (!footer.take('/'))
            continue;
        auto time = footer.time();
        if (!time)
            return std::nullopt;
        rule->time = *time;
    }
    return out;
}

/// As the clocks show it: the caller takes the offset off.
TimeZone::Seconds TimeZone::moment_of(const Rule& rule, std::chrono::year year) {
    using namespace std::chrono;
    auto of_month = year / month(rule.month);
    sys_days day;
    if (rule.week == 5)
        day = sys_days(of_month / weekday(rule.weekday)[last]);
    else
        day = sys_days(of_month / weekday(rule.weekday)[rule.week]);
    return day + rule.time;
}

seconds TimeZone::offset_by_rule(Seconds time) const {
    const auto& yearly = *yearly_;
    if (yearly.standard == yearly.saving)
        return yearly.standard;
    auto day = std::chrono::floor<std::chrono::days>(time + yearly.standard);
    auto year = std::chrono::year_month_day(day).year();
    auto begin = moment_of(yearly.begin, year) - yearly.standard;
    auto end = moment_of(yearly.end, year) - yearly.saving;
    bool saving = begin < end ? time >= begin && time < end : time >= begin || time < end;
    return saving ? yearly.saving : yearly.standard;
}

seconds TimeZone::offset_at(Seconds time) const {
    if (yearly_ && (transitions_.empty() || time >= transitions_.back().at))
        return offset_by_rule(time);
    auto after = std::upper_bound(transitions_.begin(), transitions_.end(), time,
                                  [](Seconds at, const Transition& each) { return at < each.at; });
    return after == transitions_.begin() ? first_ : std::prev(after)->offset;
}

seconds TimeZone::offset_at(WallTime time) const {
    return offset_at(std::chrono::floor<seconds>(time));
}

std::chrono::year_month_day TimeZone::day_of(WallTime time) const {
    auto shown = std::chrono::floor<seconds>(time) + offset_at(time);
    return std::chrono::floor<std::chrono::days>(shown);
}

WallTime TimeZone::start_of(std::chrono::year_month_day day) const {
    auto midnight = Seconds(sys_days(day));
    // No clocks are further from UTC than a day, and none change twice within two.
    auto low = midnight - std::chrono::hours(36);
    auto high = midnight + std::chrono::hours(36);
    // The first second that shows this day or a later one; up to it all show an earlier one, but
    // for the hour after which clocks were put back over midnight.
    auto first = midnight - offset_at(low);
    if (offset_at(low) == offset_at(high))
        return WallTime(first);
    auto change = high;
    for (auto from = low; change - from > seconds(1);) {
        auto middle = from + (change - from) / 2;
        if (offset_at(middle) == offset_at(low))
            from = middle;
        else
            change = middle;
    }
    if (first < change)
        return WallTime(first);
    return WallTime(std::max(change, midnight - offset_at(high)));
}

}  // namespace obliv
