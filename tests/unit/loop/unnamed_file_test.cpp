#include "core/loop/unnamed_file.hpp"

#include "tests/support/temp_folder.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

using namespace obliv;
using namespace obliv::loop;

TEST_CASE("what is put into an unnamed file is read from memory, whatever its length", "[loop]") {
    test::TempFolder folder;
    for (std::size_t size : {0UL, 1UL, 4032UL, 4033UL, 4095UL, 4096UL, 4097UL, 3'000'000UL}) {
        auto file = UnnamedFile::make(folder.file(""));
        REQUIRE(file);
        std::string text(size, 'a');
        for (std::size_t i = 0; i < size; i += 100)
            text[i] = static_cast<char>('a' + i / 100 % 26);
        REQUIRE(file->append(std::string_view(text).substr(0, size / 3)));
        REQUIRE(file->append(std::string_view(text).substr(size / 3)));
        auto mapping = file->map();
        REQUIRE(mapping);
        *file = UnnamedFile();
        CHECK(mapping->view() == text);
        const auto* behind = mapping->view().data() + size;
        CHECK(std::all_of(behind, behind + UnnamedFile::padding, [](char c) { return c == 0; }));
        CHECK(std::filesystem::is_empty(folder.file("")));
        let_go(mapping->view());
        CHECK(mapping->view() == text);
    }
}

TEST_CASE("where no file can be made, the caller hears of no folder", "[loop]") {
    auto file = UnnamedFile::make("/nowhere/at/all");
    REQUIRE_FALSE(file);
    CHECK(file.error().code == Code::unavailable);
    CHECK(file.error().message.find("nowhere") == std::string::npos);
}
