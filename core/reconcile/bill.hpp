#pragma once

#include "core/base/money.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace obliv::reconcile {

/// Most days and models that a bill may have together.
inline constexpr std::size_t lines_max = 100'000;

/// What one model used on one day. Input counts cached tokens too, output reasoning.
struct Line {
    std::int64_t requests = 0;
    std::int64_t input = 0;
    std::int64_t output = 0;
    Money cost;

    void add(const Line& other);
};

/// 2026-01-31 (UTC), and a model; empty: all models together.
using DayModel = std::pair<std::string, std::string>;

/// A provider's invoice or usage export, or our own figures, by day and model.
struct Bill {
    std::map<DayModel, Line> lines;
    bool has_tokens = false;  ///< the file tells of tokens at all
    bool has_cost = false;

    /// invalid_request: more lines than lines_max.
    Result<void> add(std::string_view day, std::string_view model, const Line& line);
};

/// Reads CSV with a head, or the JSON of the usage or cost reports of OpenAI and Anthropic, in
/// memory that grows with days and models only. invalid_request says what was not understood, and
/// where.
Result<Bill> read_bill(std::istream& from);

/// `gpt-4o-2024-08-06` and `claude-sonnet-4-20250514` without the date of the snapshot: providers
/// bill by snapshots, and calls name models either way.
std::string_view without_snapshot(std::string_view model) noexcept;

/// What a named figure of a bill is, under the names that providers give it.
enum class Role : std::uint8_t { none, day, model, requests, input, output, cost };
Role role_of(std::string_view name) noexcept;

/// The day of a time as it is written in bills: 2026-01-31…, 20260131, or seconds since 1970.
std::optional<std::string> day_of(std::string_view text);
/// A count without a sign; nothing: it is none.
std::optional<std::int64_t> count_of(std::string_view text);
/// USD with any number of decimals, maybe with a dollar sign; what is below a nano-dollar is cut.
std::optional<Money> cost_of(std::string_view text);
/// Puts a figure where its role says. False: the text is none.
bool take_figure(Line& line, Role role, std::string_view text);

/// The two forms, for read_bill.
Result<Bill> read_csv(std::istream& from);
Result<Bill> read_json(std::istream& from);

}  // namespace obliv::reconcile
