#include "cli/output/spreadsheet.hpp"

#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

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

namespace {

/// Every sheet as a line: its rows and the sum of its second column, as Python reads the file.
std::string read_back(const std::string& path) {
    const std::string script = R"py(
import re, sys, zipfile
book = zipfile.ZipFile(sys.argv[1])
names = re.findall('<sheet name="([^"]*)"', book.read('xl/workbook.xml').decode())
for number, name in enumerate(names, 1):
    text = book.read(f'xl/worksheets/sheet{number}.xml').decode()
    cells = re.findall('<c r="B[0-9]+"[^>]*><v>([^<]*)</v>', text)
    print(name, text.count('<row '), 'A' if '>a<' in text else '-', sum(map(float, cells)), sep='|')
)py";
    auto file = path + ".py";
    std::ofstream(file) << script;
    auto* pipe = ::popen(("python3 " + file + " " + path).c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        text += static_cast<char>(c);
    CHECK(::pclose(pipe) == 0);
    return text;
}

}  // namespace

TEST_CASE("a sheet that is full is followed by another, with heads of its own", "[output]") {
    test::TempFolder folder;
    auto path = folder.file("a.xlsx");
    auto write = [&](int rows) {
        Spreadsheet sheet({path, 5}, "2026-10", {{"a"}, {"b", true}});
        for (int row = 1; row <= rows; ++row)
            CHECK(sheet.add({"x", std::to_string(row)}));
        CHECK(sheet.finish());
        return read_back(path);
    };
    CHECK(write(4) == "2026-10|5|A|10.0\n");
    CHECK(write(5) == "2026-10|5|A|10.0\n2026-10 2|2|A|5.0\n");
    CHECK(write(11) == "2026-10|5|A|10.0\n2026-10 2|5|A|26.0\n2026-10 3|4|A|30.0\n");
}
