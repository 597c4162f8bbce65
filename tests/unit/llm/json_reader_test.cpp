#include "core/llm/json_reader.hpp"

#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <random>
#include <string>

using namespace obliv::llm;
using obliv::test::Padded;
using Json = nlohmann::json;

namespace {

/// Whether the text is one JSON value and nothing else.
bool accepts(std::string_view text) {
    Padded padded(text);
    JsonReader json(padded.view());
    return json.skip(0) && json.peek() == '\0' && json.at() == text.size();
}

class Documents {
public:
    explicit Documents(std::mt19937& random) : random_(random) {}

    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }
    Json next(int depth = 0) {
        switch (below(depth > 4 ? 5 : 7)) {
        case 0:
            return below(100);
        case 1:
            return -2.5;
        case 2:
            return below(2) == 0;
        case 3:
            return nullptr;
        case 4:
            return text();
        case 5: {
            auto out = Json::array();
            for (auto left = below(4); left > 0; --left)
                out.push_back(next(depth + 1));
            return out;
        }
        default: {
            auto out = Json::object();
            for (auto left = below(4); left > 0; --left)
                out[text()] = next(depth + 1);
            return out;
        }
        }
    }
    /// One byte more, less or other.
    void damage(std::string& text) {
        constexpr std::string_view bytes = "{}[],:\" \n07-.x\t\x01";
        auto at = below(text.size());
        auto byte = bytes[below(bytes.size())];
        switch (below(3)) {
        case 0:
            text.insert(at, 1, byte);
            break;
        case 1:
            text.erase(at, 1);
            break;
        default:
            text[at] = byte;
        }
    }

private:
    std::string text() {
        constexpr std::string_view letters = "ab \\\"\n\x02{}[],:1";
        std::string out;
        for (auto left = below(3) == 0 ? below(40) : below(6); left > 0; --left)
            out += below(4) == 0 ? letters[below(letters.size())] : 'x';
        if (below(8) == 0)
            out += "\xC3\xA9";
        return out;
    }

    std::mt19937& random_;
};

}  // namespace

TEST_CASE("the reader takes what is JSON and nothing else", "[llm]") {
    auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    Documents documents(random);
    std::size_t damaged_taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto text = documents.next().dump(documents.below(3) == 0 ? 1 : -1);
        auto whole = text;
        if (!accepts(text)) {
            CAPTURE(text);
            FAIL("JSON is refused");
        }
        for (auto left = 1 + documents.below(2); left > 0 && !text.empty(); --left)
            documents.damage(text);
        bool taken = accepts(text);
        bool is_json = Json::accept(text);
        damaged_taken += taken && text != whole ? 1 : 0;
        // What an escape says is not looked at, nor what bytes beyond ASCII do.
        bool exact = text.find_first_of("\\\xC3\xA9") == std::string::npos;
        if ((is_json && !taken) || (exact && taken && !is_json)) {
            CAPTURE(text, taken);
            FAIL("the two disagree");
        }
    }
    CHECK(damaged_taken > 500);
}

TEST_CASE("numbers and words have their grammar", "[llm]") {
    for (auto text : {"0", "-0", "7", "-12", "1.5", "0.25e3", "1E+9", "2e-7", "1e999", "true",
                      "false", "null", " 1 ", "[1e5]"}) {
        INFO(text);
        CHECK(accepts(text));
    }
    for (auto text :
         {"",   " ",   "-",   "01",   "+1",  ".5",    "1.",  "1.e3",     "1e",  "1e+", "0x1",
          "1a", "--1", "tru", "True", "nul", "nulll", "NaN", "Infinity", "1 2", "'a'"}) {
        INFO(text);
        CHECK_FALSE(accepts(text));
    }
}

TEST_CASE("a string ends with its quote and holds no control character", "[llm]") {
    for (std::size_t length = 0; length < 40; ++length) {
        std::string content(length, 'a');
        INFO(length);
        CHECK(accepts("\"" + content + "\""));
        CHECK(accepts("\"" + content + "\\\"" + content + "\""));
        CHECK_FALSE(accepts("\"" + content));
        CHECK_FALSE(accepts("\"" + content + "\\\""));
        CHECK_FALSE(accepts("\"" + content + "\x1F\""));
        CHECK_FALSE(accepts("\"" + content + "\"\""));
    }
}

TEST_CASE("the text ends where it ends, whatever lies behind it", "[llm]") {
    std::string buffer = R"({"a":["x",12,true]})" + std::string(64, ']');
    for (std::size_t length = 1; length < 19; ++length) {
        INFO(length);
        CHECK_FALSE(JsonReader(std::string_view(buffer).substr(0, length)).skip(0));
    }
    JsonReader quotes(std::string_view(R"("ab"""""""""""""""""""""""""")").substr(0, 3));
    CHECK_FALSE(quotes.skip(0));
}

TEST_CASE("bytes beyond ASCII are told of", "[llm]") {
    Padded plain(R"(["plain"])");
    JsonReader ascii(plain.view());
    CHECK(ascii.skip(0));
    CHECK_FALSE(ascii.beyond_ascii());
    for (std::size_t before : {0U, 3U, 20U}) {
        Padded padded("[\"" + std::string(before, 'x') + "\xFF\"]");
        JsonReader beyond(padded.view());
        CHECK(beyond.skip(0));
        CHECK(beyond.beyond_ascii());
    }
}

TEST_CASE("what stands behind a backslash is looked at as well", "[llm]") {
    for (std::size_t before : {0U, 14U, 15U, 16U, 31U}) {
        CAPTURE(before);
        auto string = [&](std::string_view end) {
            return "\"" + std::string(before, 'a') + "\\" + std::string(end) + "b\"";
        };
        CHECK_FALSE(accepts(string("\n")));
        CHECK(accepts(string("\"")));
        CHECK(accepts(string("\\")));
        Padded padded(string("\xFF"));
        JsonReader beyond(padded.view());
        CHECK(beyond.skip(0));
        CHECK(beyond.beyond_ascii());
    }
    CHECK_FALSE(accepts("\"a\\"));
}

TEST_CASE("escapes say what they say, and others are refused", "[llm]") {
    CHECK(unescaped(R"(a\"b\\\/\n\u0041\u00e9)") == "a\"b\\/\nA\xC3\xA9");
    CHECK(unescaped("") == "");
    for (auto content : {"\\", "a\\x", "\\u12", "\\u12g4", "\\U0041"}) {
        INFO(content);
        CHECK_FALSE(unescaped(content));
    }
}
