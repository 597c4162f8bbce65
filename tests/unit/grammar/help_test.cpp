#include "cli/grammar/help.hpp"

#include "cli/grammar/completion.hpp"
#include "cli/grammar/manual.hpp"
#include "tests/unit/grammar/table.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace obliv::cli;

namespace {

const Command& table() {
    static const Command root = test_table();
    return root;
}

}  // namespace

TEST_CASE("the short help has examples before flags, the long one everything", "[grammar]") {
    const auto& ask = table().verbs[0];
    auto brief = brief_help(ask, "tool ask");
    CHECK(brief.find("Usage: tool ask [TEXT...] [flags]") != std::string::npos);
    CHECK(brief.find("Examples:") < brief.find("Flags:"));
    CHECK(brief.find("--server") == std::string::npos);
    auto full = full_help(ask, "tool ask");
    for (auto part : {"--server URL", "-m, --model ID", "Exit codes:", "may be repeated", "  5"})
        CHECK(full.find(part) != std::string::npos);
}

TEST_CASE("help fits eighty columns", "[grammar]") {
    std::istringstream lines(full_help(table().verbs[0], "tool ask"));
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.size() <= 80);
    }
}

TEST_CASE("exit codes name each code once", "[grammar]") {
    auto codes = exit_codes(table().verbs[0]);
    CHECK(codes.front().first == 0);
    CHECK(std::count_if(codes.begin(), codes.end(),
                        [](const auto& row) { return row.first == 5; }) == 1);
}

TEST_CASE("manual and completions know every command and flag", "[grammar]") {
    CHECK(manual_pages(table()).size() == 3);
    CHECK(manual_page(table(), table().verbs[1]).find(".SS remove") != std::string::npos);
    CHECK(markdown_reference(table()).find("## tool token pay") != std::string::npos);
    for (const auto& script :
         {bash_completion(table()), zsh_completion(table()), fish_completion(table())})
        for (auto word : {"token", "remove", "limit", "ndjson"})
            CHECK(script.find(word) != std::string::npos);
}

TEST_CASE("text that means something to roff is quoted", "[grammar]") {
    Command odd{.name = "odd", .summary = ".starts with a dot \\ and-hyphen"};
    auto page = manual_page(table(), odd);
    CHECK(page.find("\\&.starts with a dot \\e and\\-hyphen") != std::string::npos);
}
