// docs/conversion/pairs.md says of every field of every pair of formats what becomes of it. The
// page is made here, by converting: a field at a time, from the requests in
// tests/fixtures/conversion. `scripts/generate_conversion_docs` writes it, this test holds it to
// the code.
#include "core/wire/json.hpp"
#include "core/wire/media_needs.hpp"
#include "core/wire/wire.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

using namespace obliv;
using wire::Json;
namespace fs = std::filesystem;

namespace {

struct Front {
    std::string_view wire;
    std::string_view title;
    std::string_view page;
};

constexpr std::array fronts{Front{"openai", "Chat completions", "openai.md"},
                            Front{"responses", "Responses", "responses.md"},
                            Front{"completions", "Completions", "completions.md"},
                            Front{"anthropic", "Messages", "anthropic.md"},
                            Front{"gemini", "Gemini", "gemini.md"},
                            Front{"cohere", "Cohere", "cohere.md"}};

struct Target {
    std::string_view wire;
    std::string_view model;
};

constexpr std::array targets{
    Target{"openai", "gpt-4.1"},           Target{"responses", "gpt-4.1"},
    Target{"completions", "davinci-002"},  Target{"anthropic", "claude-sonnet-4-5"},
    Target{"gemini", "gemini-2.5-pro"},    Target{"bedrock", "anthropic.claude-sonnet-4-5-v1:0"},
    Target{"cohere", "command-a-03-2025"}, Target{"ollama", "qwen3"},
    Target{"dashscope", "qwen-plus"},      Target{"spark", "4.0Ultra"}};

/// What the provider would be sent, or why nothing.
struct Sent {
    std::string body;
    bool refused = false;
    bool fetched = false;  ///< a medium is named by a URL and has to be sent as bytes
};

Sent sent(const Front& front, const Target& target, const Json& body) {
    auto text = wire::json_text(body);
    auto asked = wire::find(front.wire)->read_request({text, "m", false, {}});
    if (!asked)
        return {{}, true, false};
    asked->model = target.model;
    const auto& to = *wire::find(target.wire);
    Sent out;
    out.fetched = !wire::media_to_fetch(*asked, to).empty();
    wire::Dialect dialect;
    dialect.output_tokens_default = 4096;
    auto written = to.write_request(*asked, dialect);
    out.refused = !written || !written->losses.empty();
    if (written)
        out.body = std::move(written->body);
    return out;
}

/// The word for a field: refused, fetched, not needed, exact, or nothing where its value does not
/// arrive as it is: then the fixture says how it does.
std::string word_of(const Front& front, const Target& target, const Json& base, const Json& row) {
    auto without = base;
    without.merge_patch(row.value("given", Json::object()));
    auto with = without;
    with.merge_patch(row["say"]);
    auto said = sent(front, target, with);
    if (said.fetched)
        return "fetched";
    if (said.refused)
        return "refused";
    if (said.body == sent(front, target, without).body)
        return "not needed";
    // The value, in each spelling that means the same.
    for (const auto& mark : row["mark"])
        if (said.body.find(mark.get<std::string>()) != std::string::npos)
            return "exact";
    return {};
}

/// How the fixture says that the field arrives at `target`; empty: it does not say.
std::string how_of(const Json& row, std::string_view target) {
    const auto* how = wire::member(row, "how");
    if (how == nullptr)
        return {};
    for (const auto& [names, text] : how->items())
        if ((" " + names + " ").find(" " + std::string(target) + " ") != std::string::npos)
            return text.get<std::string>();
    return {};
}

class Page {
public:
    std::string take() && { return std::move(text_); }

    Page() {
        text_ =
            "# Every field of every pair of formats\n\n"
            "Made by `scripts/generate_conversion_docs` out of the code, a field at a time; a test "
            "fails when it is stale. What\neach format makes of what, in words, and what becomes "
            "of replies, stands on the [pages of the formats](../conversion.md).\n\n"
            "| word | meaning |\n|---|---|\n"
            "| exact | the provider is told the same |\n"
            "| ≈ and a number | approximated, as the note under the table says |\n"
            "| – | not needed: what the reply says does not depend on it |\n"
            "| fetched | oblivd [fetches](../conversion.md#media-by-url) it and sends the bytes |\n"
            "| refused | `invalid_request`, 400, which names the field; by a channel that drops "
            "what it cannot say, left out and told in `x-oblivious-dropped` |\n"
            "| bytes | the client's own bytes pass |\n\n"
            "Where one provider has models of several kinds, these were asked:";
        std::string_view before = " ";
        for (const auto& target : targets) {
            text_.append(before).append("`").append(target.model).append("`");
            before = ", ";
        }
        text_ +=
            ". The name of the\nmodel, and whether the reply is to stream, are told to each.\n";
    }

    void begin(const Front& front) {
        text_.append("\n## ").append(front.title).append("\n\nIts fields: [").append(front.page);
        text_.append("](").append(front.page).append(").\n\n| field |");
        for (const auto& target : targets)
            text_.append(" ").append(target.wire).append(" |");
        text_ += "\n|---|";
        for (std::size_t i = 0; i < targets.size(); ++i)
            text_ += "---|";
        text_ += "\n";
        notes_.clear();
    }

    void begin_row(const std::string& field) { text_.append("| ").append(field).append(" |"); }
    void add(std::string_view word) { text_.append(" ").append(word).append(" |"); }
    void end_row() { text_ += "\n"; }

    void add_note(const std::string& how) {
        auto at = std::find(notes_.begin(), notes_.end(), how);
        auto number = static_cast<std::size_t>(at - notes_.begin()) + 1;
        if (at == notes_.end())
            notes_.push_back(how);
        add("≈ " + std::to_string(number));
    }

    void end() {
        if (!notes_.empty())
            text_ += "\n";
        for (std::size_t i = 0; i < notes_.size(); ++i)
            text_.append(std::to_string(i + 1)).append(". ").append(notes_[i]).append("\n");
    }

private:
    std::string text_;
    std::vector<std::string> notes_;
};

void add_cell(Page& page, const Front& front, const Target& target, const Json& base,
              const Json& row) {
    if (front.wire == target.wire)
        return page.add("bytes");
    auto word = word_of(front, target, base, row);
    auto how = how_of(row, target.wire);
    INFO(front.wire << " " << row["field"] << " for " << target.wire << ": "
                    << (word.empty() ? "arrives, and not as it was sent" : word));
    // What is not needed of a request may be done to the reply.
    bool may_tell = word.empty() || word == "exact" || word == "not needed";
    CHECK((how.empty() || may_tell));        // the fixture tells how what does not arrive arrives
    CHECK((!how.empty() || !word.empty()));  // the fixture does not tell how it arrives
    if (may_tell && !how.empty())
        return page.add_note(how);
    page.add(word == "not needed" ? "–" : word);
}

Json fixture(std::string_view wire) {
    std::ifstream in(fs::path(OBLIV_FIXTURES) / "conversion" / (std::string(wire) + ".json"));
    return Json::parse(in);
}

std::string made_page() {
    Page page;
    for (const auto& front : fronts) {
        auto cases = fixture(front.wire);
        page.begin(front);
        for (const auto& row : cases["fields"]) {
            page.begin_row(row["field"].get<std::string>());
            for (const auto& target : targets)
                add_cell(page, front, target, cases["base"], row);
            page.end_row();
        }
        page.end();
    }
    return std::move(page).take();
}

/// The names of fields in the first cell of a row, without what they lie in: `budget_tokens` of
/// `thinking.budget_tokens`. None where clients of the format cannot say what the row is about.
std::vector<std::string> words_of(const std::string& row) {
    std::vector<std::string> out;
    auto second = row.find(" | ");
    auto third = row.find(" | ", second + 1);
    if (third != std::string::npos && row.substr(third).starts_with(" | – |"))
        return out;
    auto cell = row.substr(0, second);
    for (auto at = cell.find('`'); at != std::string::npos; at = cell.find('`', at + 1)) {
        auto end = cell.find('`', at + 1);
        auto word = cell.substr(at + 1, end - at - 1);
        word = word.substr(0, word.find(':'));
        out.push_back(word.substr(word.find_last_of('.') + 1));
        at = end;
    }
    return out;
}

/// In the path, by the kind of a message, or by what oblivd itself remembers.
bool travels_otherwise(std::string_view word) {
    constexpr std::string_view list[] = {"model",         "stream",         "user",
                                         "include_usage", "stream_options", "previous_response_id"};
    return word.ends_with("role") || word.find("[]") != std::string_view::npos ||
           std::find(std::begin(list), std::end(list), word) != std::end(list);
}

const fs::path page_path = fs::path(OBLIV_FIXTURES) / "../../docs/conversion/pairs.md";

}  // namespace

TEST_CASE("the page of pairs says what the code does to every field", "[wire][docs]") {
    auto made = made_page();
    if (std::getenv("OBLIV_WRITE_PAGES") != nullptr)
        std::ofstream(page_path) << made;
    std::ifstream in(page_path);
    std::stringstream stored;
    stored << in.rdbuf();
    std::istringstream now(made);
    std::string line;
    std::string other;
    while (std::getline(now, line)) {
        std::getline(stored, other);
        REQUIRE(other == line);  // else run scripts/generate_conversion_docs
    }
    CHECK_FALSE(std::getline(stored, other));
}

TEST_CASE("every field that a format's page names stands in the table of pairs", "[wire][docs]") {
    for (const auto& front : fronts) {
        std::string named;
        auto cases = fixture(front.wire);
        for (const auto& row : cases["fields"])
            named += row["field"].get<std::string>() + "\n";
        std::ifstream in(page_path.parent_path() / front.page);
        std::string section;
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with("#"))
                section = line;
            if (!section.starts_with("## Requests") || !line.starts_with("| `"))
                continue;
            INFO(front.wire << ": " << line);
            for (const auto& word : words_of(line))
                CHECK((named.find(word) != std::string::npos || travels_otherwise(word)));
        }
    }
}
