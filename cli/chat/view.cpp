#include "cli/chat/view.hpp"

#include "cli/output/width.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::cli {
namespace {

std::string up(std::size_t rows) {
    return rows == 0 ? "" : "\x1b[" + std::to_string(rows) + "A";
}

/// One character as it is shown: a tab as a space, control bytes as their pictures.
std::string shown(std::string_view character) {
    return character == "\t" ? " " : visible(character);
}

}  // namespace

Rows lay_out(std::string_view prompt, std::string_view text, std::size_t cursor,
             std::size_t columns) {
    auto limit = std::max<std::size_t>(columns, 4) - 1;
    Rows out;
    out.rows.emplace_back(prompt);
    auto indent = std::min(text_width(prompt), limit / 2);
    auto column = text_width(prompt);
    auto next_row = [&] {
        out.rows.emplace_back(indent, ' ');
        column = indent;
    };
    for (std::size_t at = 0; at <= text.size();) {
        auto end = boundary_after(text, at);
        auto character = shown(text.substr(at, end - at));
        auto width = text_width(character);
        bool feed = at < text.size() && text[at] == '\n';
        if (!feed && column + width > limit)
            next_row();
        if (cursor >= at && (cursor < end || at == text.size())) {
            out.cursor_row = out.rows.size() - 1;
            out.cursor_column = column;
        }
        if (at == text.size())
            break;
        if (feed) {
            next_row();
            // A line feed stands alone, whatever combines with it.
            at += 1;
            continue;
        }
        out.rows.back() += character;
        column += width;
        at = end;
    }
    return out;
}

std::string InputView::draw(std::string_view prompt, std::string_view text, std::size_t cursor,
                            std::size_t columns, std::size_t screen_rows) {
    auto laid = lay_out(prompt, text, cursor, columns);
    // No taller than the screen: what scrolled away could not be redrawn.
    auto tallest = std::max<std::size_t>(screen_rows, 3) - 1;
    std::size_t first = 0;
    if (laid.rows.size() > tallest)
        first = std::min(laid.cursor_row - std::min(laid.cursor_row, tallest / 2),
                         laid.rows.size() - tallest);
    auto last = std::min(laid.rows.size(), first + tallest);

    std::string out = drawn_rows_ == 0 ? "\r" : up(cursor_row_) + "\r";
    out += "\x1b[J";
    for (auto row = first; row < last; ++row)
        out += laid.rows[row] + (row + 1 < last ? "\r\n" : "");
    drawn_rows_ = last - first;
    cursor_row_ = laid.cursor_row - first;
    out += up(drawn_rows_ - 1 - cursor_row_) + "\r";
    if (laid.cursor_column > 0)
        out += "\x1b[" + std::to_string(laid.cursor_column) + "C";
    return out;
}

std::string InputView::leave() {
    auto down = drawn_rows_ == 0 ? 0 : drawn_rows_ - 1 - cursor_row_;
    auto out = down == 0 ? std::string() : "\x1b[" + std::to_string(down) + "B";
    *this = InputView();
    return out + "\r\n";
}

}  // namespace obliv::cli
