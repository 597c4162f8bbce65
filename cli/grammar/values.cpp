#include "cli/grammar/values.hpp"

#include "core/base/money.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <algorithm>
#include <charconv>

namespace obliv::cli {
namespace {

Error wrong(const std::string& name, std::string why) {
    auto error = fail(Code::usage, name + ": " + std::move(why));
    error.param = name;
    return error;
}

bool is_decimal(std::string_view text) noexcept {
    double value = 0;
    auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return problem == std::errc{} && end == text.data() + text.size();
}

Result<void> check_choice(const std::vector<std::string>& choices, const std::string& text,
                          const std::string& name) {
    if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end())
        return ok();
    std::string expected;
    for (const auto& choice : choices)
        expected += (expected.empty() ? "" : ", ") + choice;
    auto error = wrong(name, "expected one of " + expected + ", got '" + visible(text) + "'");
    std::vector<std::string_view> names(choices.begin(), choices.end());
    if (auto near = did_you_mean(text, names))
        error.hint = "did you mean '" + std::string(*near) + "'?";
    return error;
}

template <typename T>
Result<void> checked(const Result<T>& parsed, const std::string& name) {
    if (parsed)
        return ok();
    return wrong(name, parsed.error().message);
}

}  // namespace

std::optional<std::int64_t> parse_count(std::string_view text) noexcept {
    std::int64_t unit = 1;
    if (text.ends_with('k'))
        unit = 1'000;
    else if (text.ends_with('M'))
        unit = 1'000'000;
    if (unit > 1)
        text.remove_suffix(1);
    auto number = parse_int(text);
    std::int64_t product = 0;
    if (!number || *number < 0 || __builtin_mul_overflow(*number, unit, &product))
        return std::nullopt;
    return product;
}

Result<void> check_value(Kind kind, const std::vector<std::string>& choices,
                         const std::string& text, const std::string& name) {
    // Names of settings are offered, but a profile's are not all known.
    if (auto choice = check_choice(choices, text, name); !choice && kind != Kind::key)
        return choice;
    if (first_invalid_utf8(text) && kind != Kind::file)
        return wrong(name, "the value is not UTF-8");
    switch (kind) {
    case Kind::duration:
        return checked(parse_duration(text), name);
    case Kind::money:
        return checked(Money::parse(text), name);
    case Kind::time:
        return checked(parse_time(text, real_clock().wall()), name);
    case Kind::count:
        if (!parse_count(text))
            return wrong(name,
                         "expected a count such as 20, 10k or 1M, got '" + visible(text) + "'");
        return ok();
    case Kind::decimal:
        if (!is_decimal(text))
            return wrong(name, "expected a number such as 0.7, got '" + visible(text) + "'");
        return ok();
    default:
        return ok();
    }
}

int Values::times(const std::string& flag) const {
    auto found = flags.find(flag);
    return found == flags.end() ? 0 : static_cast<int>(found->second.size());
}

std::optional<std::string> Values::text(const std::string& flag) const {
    auto found = flags.find(flag);
    if (found == flags.end() || found->second.empty())
        return std::nullopt;
    return found->second.back();
}

std::vector<std::string> Values::all(const std::string& flag) const {
    auto found = flags.find(flag);
    return found == flags.end() ? std::vector<std::string>{} : found->second;
}

std::vector<std::string> Values::list(const std::string& flag) const {
    std::vector<std::string> parts;
    for (const auto& value : all(flag))
        for (auto part : split(value, ','))
            if (!trim(part).empty())
                parts.emplace_back(trim(part));
    return parts;
}

std::optional<std::int64_t> Values::count(const std::string& flag) const {
    auto value = text(flag);
    return value ? parse_count(*value) : std::nullopt;
}

std::optional<std::chrono::milliseconds> Values::duration(const std::string& flag) const {
    auto value = text(flag);
    if (!value)
        return std::nullopt;
    auto parsed = parse_duration(*value);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<std::string> Values::time(const std::string& flag, WallTime now) const {
    auto value = text(flag);
    if (!value)
        return std::nullopt;
    auto parsed = parse_time(*value, now);
    return parsed ? std::optional(rfc3339(*parsed)) : std::nullopt;
}

}  // namespace obliv::cli
