#include "cli/dashboard/spark.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace obliv::cli {
namespace {

constexpr std::array heights{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array lengths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

}  // namespace

std::string sparkline(const std::vector<std::int64_t>& values, std::size_t columns) {
    auto first = values.size() > columns ? values.size() - columns : 0;
    std::int64_t top = 0;
    for (std::size_t i = first; i < values.size(); ++i)
        top = std::max(top, values[i]);
    std::string out;
    for (std::size_t i = first; i < values.size(); ++i) {
        auto part = top == 0 ? 0.0 : static_cast<double>(values[i]) / static_cast<double>(top);
        out += heights[static_cast<std::size_t>(std::ceil(std::clamp(part, 0.0, 1.0) * 8.0))];
    }
    return out;
}

std::string share_bar(double share, std::size_t columns) {
    auto eighths = static_cast<std::size_t>(
        std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(columns) * 8.0));
    std::string out;
    for (; eighths >= 8; eighths -= 8)
        out += lengths[8];
    return out + lengths[eighths];
}

}  // namespace obliv::cli
