#include "core/llm/key_set.hpp"

#include "core/llm/json_scan.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

using namespace obliv::llm;

namespace {

// Some begin alike, and some are the beginning of others.
constexpr std::array<std::string_view, 5> names{"id", "usage", "usage_total", "u", "model"};
constexpr KeySet keys{names[0], names[1], names[2], names[3], names[4]};

/// What KeySet promises, by one pass for each key.
KeySet::Found next_by_passes(std::string_view json, std::size_t from) {
    KeySet::Found first;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (auto at = find_value(json, names[i], from); at < first.value)
            first = {i, json.rfind("\"" + std::string(names[i]) + "\"", at - 1), at};
    return first;
}

bool same(const KeySet::Found& a, const KeySet::Found& b) {
    return a.key == b.key && a.begin == b.begin && a.value == b.value;
}

/// Tokens of JSON in any order: strings are whole and their quotes escaped, nothing else is right.
std::string random_text(std::mt19937& random) {
    static const std::array<std::string, 16> pieces{
        "{",          "}",
        ",",          ":",
        ": ",         " :\n",
        "[",          "12",
        "\"x\"",      R"("say \"usage\":")",
        R"("\"u")",   R"("\\")",
        "\"\"",       "\"a longer text that fills a register\"",
        "\"usages\"", " "};
    auto below = [&random](std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
    };
    std::string text;
    for (auto left = below(40); left > 0; --left) {
        if (below(3) != 0) {
            text += pieces[below(pieces.size())];
            continue;
        }
        text.append("\"").append(names[below(names.size())]).append("\"");
        text += below(4) == 0 ? "," : ":";
    }
    return text.substr(0, text.size() - (text.empty()    ? 0
                                         : below(4) == 0 ? below(text.size())
                                                         : 0));
}

}  // namespace

TEST_CASE("a set of keys finds what one pass for each key finds, in both directions", "[llm]") {
    auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::size_t found_in_all = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto text = random_text(random);
        CAPTURE(text);
        std::vector<KeySet::Found> expected;
        for (auto found = next_by_passes(text, 0); found; found = next_by_passes(text, found.value))
            expected.push_back(found);
        std::vector<KeySet::Found> forwards;
        for (auto found = keys.next(text, 0); found; found = keys.next(text, found.value))
            forwards.push_back(found);
        std::vector<KeySet::Found> backwards;
        for (auto found = keys.last(text, text.size()); found; found = keys.last(text, found.begin))
            backwards.push_back(found);
        if (!std::equal(expected.begin(), expected.end(), forwards.begin(), forwards.end(), same))
            FAIL("forwards, they disagree");
        if (!std::equal(expected.rbegin(), expected.rend(), backwards.begin(), backwards.end(),
                        same))
            FAIL("backwards, they disagree");
        found_in_all += expected.size();
    }
    CHECK(found_in_all > 10'000);
}
