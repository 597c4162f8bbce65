#pragma once

#include "cli/output/cells.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

using Cells = std::vector<std::vector<std::string>>;

/// Columns side by side in at most `width`, numbers to the right, long cells cut with `…`, a bold
/// head if `color`. Every cell passes visible().
std::string table_text(const std::vector<Column>& columns, const Cells& rows, std::size_t width,
                       bool color);

/// Tab between cells, nothing cut, head kept: for other programs.
std::string plain_text(const std::vector<Column>& columns, const Cells& rows);

/// RFC 4180, with the paths as heads.
std::string csv_text(const std::vector<Column>& columns, const Cells& rows);

}  // namespace obliv::cli
