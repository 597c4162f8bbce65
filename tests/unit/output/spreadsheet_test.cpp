#include "cli/output/spreadsheet.hpp"

#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("what looks like a formula is a text", "[output]") {
    for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx"})
        CHECK(safe_csv_cell(text) == "'" + std::string(text));
    CHECK(safe_csv_cell("=HYPERLINK(\"a\",\"b\")") == "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
    CHECK(safe_csv_cell("plain") == "plain");
    CHECK(safe_csv_cell("") == "");
    CHECK(safe_csv_cell("a,b\nc") == "\"a,b\nc\"");
}

TEST_CASE("a spreadsheet that was not finished leaves no file", "[output]") {
    test::TempFolder folder;
    auto path = folder.file("a.xlsx");
    {
        Spreadsheet sheet({path}, "2026-10", {{"a"}, {"b", true}});
        CHECK(sheet.add({"x", "1.5"}));
    }
    CHECK_FALSE(std::filesystem::exists(path));
    Spreadsheet empty({path}, "2026-10", {{"a"}});
    CHECK(empty.finish());
    CHECK(std::filesystem::file_size(path) > 1000);
}

TEST_CASE("a spreadsheet in a folder that is not there is an error", "[output]") {
    Spreadsheet sheet({"/nonexistent/a.xlsx"}, "s", {{"a"}});
    bool failed = !sheet.add({"x"});
    CHECK((!sheet.finish() || failed));
}
