#pragma once

#include "cli/output/width.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::test {

/// A terminal as far as the line editor uses one: characters, CR, LF, moves up, down and right, and
/// erasing below. Everything else is recorded in `refused`.
class FakeTerminal {
public:
    explicit FakeTerminal(std::size_t columns) : columns_(columns) {}

    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            if (bytes.starts_with("\x1b["))
                bytes.remove_prefix(take_sequence(bytes));
            else
                take_char(bytes);
        }
    }
    /// Rows without trailing blanks, trailing empty rows left out.
    std::vector<std::string> screen() const {
        std::vector<std::string> rows;
        for (const auto& cells : rows_) {
            std::string row;
            for (const auto& cell : cells)
                row += cell;
            row.erase(std::min(row.find_last_not_of(' ') + 1, row.size()));
            rows.push_back(row);
        }
        while (!rows.empty() && rows.back().empty())
            rows.pop_back();
        return rows;
    }
    std::size_t row() const noexcept { return row_; }
    std::size_t column() const noexcept { return column_; }
    std::string refused;

private:
    std::vector<std::string>& line() {
        rows_.resize(std::max(rows_.size(), row_ + 1));
        return rows_[row_];
    }
    std::size_t take_sequence(std::string_view bytes) {
        auto end = bytes.find_first_not_of("0123456789;?", 2);
        auto number = bytes.substr(2, end - 2);
        std::size_t count = number.empty() ? 1 : std::stoul(std::string(number));
        switch (bytes[end]) {
        case 'A':
            row_ -= std::min(row_, count);
            break;
        case 'B':
            row_ += count;
            break;
        case 'C':
            column_ = std::min(column_ + count, columns_ - 1);
            break;
        case 'J':
            line().resize(std::min(line().size(), column_));
            rows_.resize(row_ + 1);
            break;
        default:
            refused += std::string(bytes.substr(0, end + 1));
        }
        return end + 1;
    }
    void take_char(std::string_view& bytes) {
        if (bytes.front() == '\r' || bytes.front() == '\n') {
            if (bytes.front() == '\n')
                ++row_;
            else
                column_ = 0;
            bytes.remove_prefix(1);
            return;
        }
        auto before = bytes;
        auto c = cli::take_char(bytes);
        auto text = std::string(before.substr(0, before.size() - bytes.size()));
        auto width = static_cast<std::size_t>(cli::char_width(c));
        if (width == 0 && !line().empty() && column_ > 0) {
            line()[column_ - 1] += text;
            return;
        }
        // A terminal wraps here; an editor that gets this far has miscounted.
        if (column_ + width > columns_)
            refused += "<wrap>";
        line().resize(std::max(line().size(), column_ + width), " ");
        line()[column_] = text;
        for (std::size_t i = 1; i < width; ++i)
            line()[column_ + i] = "";
        column_ += width;
    }

    std::size_t columns_;
    std::vector<std::vector<std::string>> rows_;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
};

}  // namespace obliv::test
