#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace obliv::cli {

/// An XLSX file that is written row by row, in memory that does not grow with them. A sheet that is
/// full is followed by another.
class Spreadsheet {
public:
    /// The most rows that a sheet can have, its heads included.
    static constexpr std::uint32_t sheet_rows_max = 1'048'576;

    struct Column {
        std::string head;
        bool is_number = false;  ///< money: shown with all its digits
        double width = 12;       ///< in characters
    };
    struct Options {
        std::string path;                               ///< of the file to be made
        std::uint32_t rows_per_sheet = sheet_rows_max;  ///< smaller in tests
    };

    Spreadsheet(Options options, std::string sheet, std::vector<Column> columns);
    Spreadsheet(Spreadsheet&&) noexcept;
    ~Spreadsheet();

    /// One cell for each column. Texts stay texts, whatever they begin with.
    Result<void> add(const std::vector<std::string>& cells);
    /// Writes the file. The last call.
    Result<void> finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A text as a cell of CSV: quoted where it needs to be, and with an apostrophe in front where a
/// program for tables would take it for a formula.
std::string safe_csv_cell(const std::string& text);

}  // namespace obliv::cli
