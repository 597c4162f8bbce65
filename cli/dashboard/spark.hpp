#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace obliv::cli {

/// Numbers as a row of bars, one column each, the highest reaching the top. What is not zero is
/// never drawn as nothing. When there are more numbers than columns the oldest are left out.
std::string sparkline(const std::vector<std::int64_t>& values, std::size_t columns);

/// A share (0 to 1) as a bar of at most `columns`, in eighths of one.
std::string share_bar(double share, std::size_t columns);

}  // namespace obliv::cli
