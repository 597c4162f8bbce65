#include "cli/output/spreadsheet.hpp"

#include "core/base/check.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <xlsxwriter.h>

namespace obliv::cli {
namespace {

constexpr std::size_t cell_bytes_max = 32'767;

Error broken(lxw_error error) {
    return fail(Code::io, std::string("the spreadsheet cannot be written: ") + lxw_strerror(error));
}

}  // namespace

struct Spreadsheet::Impl {
    Options options;
    std::string name;
    std::vector<Column> columns;
    lxw_workbook* book = nullptr;
    lxw_format* bold = nullptr;
    lxw_format* money = nullptr;
    lxw_worksheet* sheet = nullptr;
    std::uint32_t row = 0;
    int sheets = 0;

    Result<void> next_sheet() {
        ++sheets;
        auto title = sheets == 1 ? name : name + " " + std::to_string(sheets);
        sheet = workbook_add_worksheet(book, title.c_str());
        if (sheet == nullptr)
            return fail(Code::io, "the spreadsheet takes no further sheet");
        row = 0;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            auto column = static_cast<lxw_col_t>(i);
            worksheet_set_column(sheet, column, column, columns[i].width, nullptr);
            auto error = worksheet_write_string(sheet, row, column, columns[i].head.c_str(), bold);
            if (error != LXW_NO_ERROR)
                return broken(error);
        }
        worksheet_freeze_panes(sheet, 1, 0);
        ++row;
        return ok();
    }

    lxw_error write(lxw_col_t column, const std::string& cell) const {
        if (cell.empty())
            return LXW_NO_ERROR;
        if (columns[column].is_number)
            return worksheet_write_number(sheet, row, column, std::strtod(cell.c_str(), nullptr),
                                          money);
        return worksheet_write_string(sheet, row, column, cell.substr(0, cell_bytes_max).c_str(),
                                      nullptr);
    }
};

Spreadsheet::Spreadsheet(Options options, std::string sheet, std::vector<Column> columns)
    : impl_(std::make_unique<Impl>()) {
    check(options.rows_per_sheet >= 2 && options.rows_per_sheet <= sheet_rows_max,
          "a sheet has its heads and a row at least");
    impl_->options = std::move(options);
    impl_->name = std::move(sheet);
    impl_->columns = std::move(columns);
    lxw_workbook_options how{};
    how.constant_memory = LXW_TRUE;
    // Rows wait beside the result, which has room for them, and not in a memory file system.
    auto folder = std::filesystem::path(impl_->options.path).parent_path().string();
    if (!folder.empty())
        how.tmpdir = folder.data();
    impl_->book = workbook_new_opt(impl_->options.path.c_str(), &how);
    if (impl_->book == nullptr)
        return;
    impl_->bold = workbook_add_format(impl_->book);
    format_set_bold(impl_->bold);
    impl_->money = workbook_add_format(impl_->book);
    format_set_num_format(impl_->money, "0.00#######");
}

Spreadsheet::Spreadsheet(Spreadsheet&&) noexcept = default;

Spreadsheet::~Spreadsheet() {
    // Closing is what frees it; whoever did not finish wants no file.
    if (impl_ && impl_->book != nullptr) {
        workbook_close(impl_->book);
        std::error_code ignored;
        std::filesystem::remove(impl_->options.path, ignored);
    }
}

Result<void> Spreadsheet::add(const std::vector<std::string>& cells) {
    auto& impl = *impl_;
    check(cells.size() == impl.columns.size(), "a row has a cell for each column");
    if (impl.book == nullptr)
        return fail(Code::io, "the spreadsheet cannot be made");
    if (impl.sheet == nullptr || impl.row >= impl.options.rows_per_sheet)
        if (auto done = impl.next_sheet(); !done)
            return done;
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (auto error = impl.write(static_cast<lxw_col_t>(i), cells[i]); error != LXW_NO_ERROR)
            return broken(error);
    ++impl.row;
    return ok();
}

Result<void> Spreadsheet::finish() {
    auto& impl = *impl_;
    if (impl.book == nullptr)
        return fail(Code::io, "the spreadsheet cannot be made");
    if (impl.sheet == nullptr)
        if (auto done = impl.next_sheet(); !done)
            return done;
    auto* book = impl.book;
    impl.book = nullptr;
    auto error = workbook_close(book);
    return error == LXW_NO_ERROR ? ok() : Result<void>(broken(error));
}

std::string safe_csv_cell(const std::string& text) {
    std::string cell = text;
    if (!cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos)
        cell.insert(0, "'");
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

}  // namespace obliv::cli
