#include "core/base/units.hpp"

#include <array>
#include <charconv>
#include <span>

namespace obliv {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

// Largest first: size_text takes the first one that divides.
constexpr std::array size_units{Unit{"TiB", 1LL << 40}, Unit{"TB", 1'000'000'000'000},
                                Unit{"GiB", 1LL << 30}, Unit{"GB", 1'000'000'000},
                                Unit{"MiB", 1LL << 20}, Unit{"MB", 1'000'000},
                                Unit{"KiB", 1LL << 10}, Unit{"KB", 1'000},
                                Unit{"kB", 1'000},      Unit{"B", 1}};
constexpr std::array count_units{Unit{"k", 1'000}, Unit{"M", 1'000'000}};

Result<std::int64_t> parse_scaled(std::string_view text, std::span<const Unit> units,
                                  std::string_view expected) {
    std::int64_t number = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    std::int64_t factor = unit.empty() ? 1 : 0;
    for (const auto& known : units)
        if (unit == known.name)
            factor = known.factor;
    std::int64_t value = 0;
    if (problem != std::errc{} || number < 0 || text.starts_with('-') || factor == 0 ||
        __builtin_mul_overflow(number, factor, &value))
        return fail(Code::invalid_request,
                    "expected " + std::string(expected) + ", got '" + std::string(text) + "'");
    return value;
}

}  // namespace

Result<std::int64_t> parse_size(std::string_view text) {
    return parse_scaled(text, size_units, "a size such as 4096, 64KiB or 10MB");
}

std::string size_text(std::int64_t bytes) {
    for (const auto& unit : size_units)
        if (unit.factor > 1 && bytes != 0 && bytes % unit.factor == 0)
            return std::to_string(bytes / unit.factor) + std::string(unit.name);
    return std::to_string(bytes);
}

Result<std::int64_t> parse_count(std::string_view text) {
    return parse_scaled(text, count_units, "a count such as 250, 10k or 1M");
}

}  // namespace obliv
