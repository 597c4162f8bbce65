#pragma once

#include <functional>
#include <string>

namespace obliv::cli {

enum class Color { automatic, always, never };

using Environment = std::function<std::string(const char*)>;

/// What one output stream can do; decided once for each, because `obliv … | less` has a terminal on
/// stderr only.
struct StreamStyle {
    bool is_terminal = false;
    bool color = false;
    int columns = 80;
    int rows = 24;
};

/// By descriptor, `--color` and NO_COLOR, CLICOLOR_FORCE, TERM, COLUMNS.
StreamStyle style_of(int descriptor, Color choice, const Environment& environment);

/// The decision about colour alone, for any combination of facts.
bool wants_color(bool is_terminal, Color choice, const Environment& environment);

}  // namespace obliv::cli
