#pragma once

#include "cli/output/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// One column of a table: where its value is in a row, and how it looks.
struct Column {
    std::string path;   ///< key, or keys joined by dots: `health.state`
    std::string title;  ///< in capitals on a terminal; also the key in CSV when empty
    bool number = false;
};

/// The value at `path`, or null (of JSON) when it is not there.
Json value_at(const Json& row, std::string_view path);

/// One value for a person: texts as they are, `-` for null, lists joined by commas. LF and TAB are
/// shown as spaces, so that a cell stays in its row.
std::string cell_text(const Json& value);

/// The cells of every row.
std::vector<std::vector<std::string>> cells_of(const Json& rows,
                                               const std::vector<Column>& columns);

}  // namespace obliv::cli
