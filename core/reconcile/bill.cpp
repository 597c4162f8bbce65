#include "core/reconcile/bill.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <istream>

namespace obliv::reconcile {
namespace {

struct Name {
    std::string_view name;
    Role role;
};
// Counts of cached tokens that are part of another count (`input_cached_tokens`) are not here.
constexpr std::array names{
    Name{"date", Role::day},
    Name{"day", Role::day},
    Name{"usage_date", Role::day},
    Name{"usage_date_utc", Role::day},
    Name{"start_time", Role::day},
    Name{"start_time_iso", Role::day},
    Name{"starting_at", Role::day},
    Name{"aggregation_timestamp", Role::day},
    Name{"model", Role::model},
    Name{"model_version", Role::model},
    Name{"snapshot_id", Role::model},
    Name{"requests", Role::requests},
    Name{"num_requests", Role::requests},
    Name{"num_model_requests", Role::requests},
    Name{"n_requests", Role::requests},
    Name{"input_tokens", Role::input},
    Name{"prompt_tokens", Role::input},
    Name{"n_context_tokens_total", Role::input},
    Name{"uncached_input_tokens", Role::input},
    Name{"cache_read_input_tokens", Role::input},
    Name{"cache_creation_input_tokens", Role::input},
    Name{"ephemeral_5m_input_tokens", Role::input},
    Name{"ephemeral_1h_input_tokens", Role::input},
    Name{"usage_input_tokens_no_cache", Role::input},
    Name{"usage_input_tokens_cache_read", Role::input},
    Name{"usage_input_tokens_cache_write_5m", Role::input},
    Name{"usage_input_tokens_cache_write_1h", Role::input},
    Name{"output_tokens", Role::output},
    Name{"completion_tokens", Role::output},
    Name{"n_generated_tokens_total", Role::output},
    Name{"usage_output_tokens", Role::output},
    Name{"cost", Role::cost},
    Name{"cost_usd", Role::cost},
    Name{"amount", Role::cost},
    Name{"amount_value", Role::cost},
};

bool digits(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool looks_like_date(std::string_view text) noexcept {
    return text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(text.substr(0, 4)) &&
           digits(text.substr(5, 2)) && digits(text.substr(8, 2));
}

std::string date_text(std::chrono::sys_days day) {
    std::chrono::year_month_day date(day);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

}  // namespace

void Line::add(const Line& other) {
    requests += other.requests;
    input += other.input;
    output += other.output;
    cost += other.cost;
}

Result<void> Bill::add(std::string_view day, std::string_view model, const Line& line) {
    auto& sum = lines[{std::string(day), std::string(without_snapshot(model))}];
    // A figure that a file claims must not break our arithmetic.
    constexpr auto most = std::int64_t{1} << 60;
    if (lines.size() > lines_max)
        return fail(Code::invalid_request, "the bill has more than 100000 days and models");
    if (sum.input > most - line.input || sum.output > most - line.output ||
        sum.requests > most - line.requests || !checked_add(sum.cost, line.cost))
        return fail(Code::invalid_request, "the figures of the bill are too large");
    sum.add(line);
    return ok();
}

std::string_view without_snapshot(std::string_view model) noexcept {
    if (model.size() > 11 && model[model.size() - 11] == '-' &&
        looks_like_date(model.substr(model.size() - 10)))
        return model.substr(0, model.size() - 11);
    if (model.size() > 9 && model[model.size() - 9] == '-' &&
        digits(model.substr(model.size() - 8)) && model.substr(model.size() - 8).starts_with("20"))
        return model.substr(0, model.size() - 9);
    return model;
}

Role role_of(std::string_view name) noexcept {
    for (const auto& known : names)
        if (equal_ignoring_case(known.name, name))
            return known.role;
    return Role::none;
}

std::optional<std::string> day_of(std::string_view text) {
    text = trim(text);
    if (text.size() >= 10 && looks_like_date(text.substr(0, 10)))
        return std::string(text.substr(0, 10));
    if (!digits(text))
        return std::nullopt;
    if (text.size() == 8)
        return std::string(text.substr(0, 4)) + "-" + std::string(text.substr(4, 2)) + "-" +
               std::string(text.substr(6));
    auto seconds = parse_int(text);
    if (!seconds || *seconds > std::int64_t{1} << 40)
        return std::nullopt;
    return date_text(std::chrono::floor<std::chrono::days>(
        std::chrono::sys_seconds(std::chrono::seconds(*seconds))));
}

std::optional<std::int64_t> count_of(std::string_view text) {
    text = trim(text);
    if (text.empty())
        return 0;
    // Exports of spreadsheets write 12.0.
    if (auto point = text.find('.'); point != std::string_view::npos) {
        auto rest = text.substr(point + 1);
        if (rest.find_first_not_of('0') != std::string_view::npos)
            return std::nullopt;
        text = text.substr(0, point);
    }
    auto count = parse_int(text);
    constexpr auto most = std::int64_t{1} << 50;
    return count && *count >= 0 && *count <= most ? count : std::nullopt;
}

std::optional<Money> cost_of(std::string_view text) {
    constexpr std::size_t decimals = 9;
    text = trim(text);
    if (text.starts_with('$'))
        text.remove_prefix(1);
    if (text.empty())
        return Money{};
    auto point = text.find('.');
    if (point != std::string_view::npos) {
        auto rest = text.substr(point + 1);
        if (!digits(rest))
            return std::nullopt;
        text = text.substr(0, point + 1 + std::min(rest.size(), decimals));
    }
    auto money = Money::parse(text);
    return money ? std::optional<Money>(*money) : std::nullopt;
}

bool take_figure(Line& line, Role role, std::string_view text) {
    if (role == Role::cost) {
        auto cost = cost_of(text);
        auto sum = cost ? checked_add(line.cost, *cost) : Result<Money>();
        if (sum)
            line.cost = *sum;
        return sum.has_value();
    }
    auto count = count_of(text);
    if (!count)
        return false;
    auto& figure = role == Role::input    ? line.input
                   : role == Role::output ? line.output
                                          : line.requests;
    figure += *count;
    return true;
}

Result<Bill> read_bill(std::istream& from) {
    // A byte order mark, as spreadsheets write it.
    if (from.peek() == 0xef)
        from.ignore(3);
    while (from.good() && std::isspace(from.peek()) != 0)
        from.ignore();
    auto first = from.peek();
    if (!from.good())
        return fail(Code::invalid_request, "the bill is empty");
    return first == '{' || first == '[' ? read_json(from) : read_csv(from);
}

}  // namespace obliv::reconcile
