#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// A text laid out in rows of a terminal.
struct Rows {
    std::vector<std::string> rows;
    std::size_t cursor_row = 0;
    std::size_t cursor_column = 0;
};

/// `text` behind `prompt`, wrapped one column short of the edge: a full last column makes terminals
/// disagree about where the cursor is. Control bytes are shown as marks.
Rows lay_out(std::string_view prompt, std::string_view text, std::size_t cursor,
             std::size_t columns);

/// Draws the input again and again in place, by relative moves only: what stands above it is never
/// touched, and the terminal is never asked where the cursor is.
class InputView {
public:
    /// What to write to the terminal to show this.
    std::string draw(std::string_view prompt, std::string_view text, std::size_t cursor,
                     std::size_t columns, std::size_t screen_rows);
    /// What to write to leave the input as it stands and go on below it.
    std::string leave();
    /// The screen was cleared.
    void forget() noexcept { *this = InputView(); }

private:
    std::size_t drawn_rows_ = 0;
    std::size_t cursor_row_ = 0;  ///< of the drawn rows
};

}  // namespace obliv::cli
