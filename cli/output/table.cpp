#include "cli/output/table.hpp"

#include "cli/output/width.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <numeric>

namespace obliv::cli {
namespace {

constexpr std::size_t gap = 2;
// Below this a column says nothing any more; then the line gets too long instead.
constexpr std::size_t narrowest = 6;

std::vector<std::size_t> widths_of(const Cells& lines, std::size_t columns) {
    std::vector<std::size_t> widths(columns, 0);
    for (const auto& line : lines)
        for (std::size_t i = 0; i < columns; ++i)
            widths[i] = std::max(widths[i], text_width(line[i]));
    return widths;
}

/// Takes columns away from the widest until the line fits.
void fit(std::vector<std::size_t>& widths, std::size_t room) {
    auto gaps = gap * (widths.size() - 1);
    while (std::accumulate(widths.begin(), widths.end(), gaps) > room) {
        auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= narrowest)
            return;
        --*widest;
    }
}

std::string line_text(const std::vector<Column>& columns, const std::vector<std::string>& cells,
                      const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto cell = cut_to_width(cells[i], widths[i]);
        std::string padding(widths[i] - std::min(widths[i], text_width(cell)), ' ');
        line += columns[i].number ? padding + cell : cell + padding;
        if (i + 1 < columns.size())
            line.append(gap, ' ');
    }
    while (line.ends_with(' '))
        line.pop_back();
    return line;
}

std::vector<std::string> heads_of(const std::vector<Column>& columns) {
    std::vector<std::string> heads;
    for (const auto& column : columns)
        heads.push_back(column.title.empty() ? column.path : column.title);
    return heads;
}

std::string csv_cell(const std::string& cell) {
    if (cell.find_first_of(",\"\r\n") == std::string::npos)
        return cell;
    std::string quoted = "\"";
    for (char c : cell) {
        if (c == '"')
            quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

}  // namespace

std::string table_text(const std::vector<Column>& columns, const Cells& rows, std::size_t width,
                       bool color) {
    Cells lines{heads_of(columns)};
    for (const auto& row : rows) {
        auto& line = lines.emplace_back();
        for (const auto& cell : row)
            line.push_back(visible(cell));
    }
    auto widths = widths_of(lines, columns.size());
    fit(widths, width);
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto line = line_text(columns, lines[i], widths);
        text += i == 0 && color ? "\x1b[1m" + line + "\x1b[0m\n" : line + "\n";
    }
    return text;
}

std::string plain_text(const std::vector<Column>& columns, const Cells& rows) {
    std::string text;
    auto add = [&](const std::vector<std::string>& line) {
        for (std::size_t i = 0; i < line.size(); ++i)
            text += (i == 0 ? "" : "\t") + line[i];
        text += '\n';
    };
    add(heads_of(columns));
    for (const auto& row : rows)
        add(row);
    return text;
}

std::string csv_text(const std::vector<Column>& columns, const Cells& rows) {
    std::string text;
    auto add = [&](auto begin, auto end, auto cell_of) {
        for (auto at = begin; at != end; ++at)
            text += (at == begin ? "" : ",") + csv_cell(cell_of(*at));
        text += "\r\n";
    };
    add(columns.begin(), columns.end(), [](const Column& column) { return column.path; });
    for (const auto& row : rows)
        add(row.begin(), row.end(), [](const std::string& cell) { return cell; });
    return text;
}

}  // namespace obliv::cli
