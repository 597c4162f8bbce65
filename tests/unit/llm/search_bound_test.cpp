#include "core/llm/search_bound.hpp"

#include "core/llm/chat_call.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace obliv::llm;

namespace {

std::int64_t searches(std::string body) {
    auto size = body.size();
    body.append(json_padding, ' ');
    return web_searches_max(std::string_view(body).substr(0, size));
}

std::int64_t units(std::string body, std::int64_t tokens_cut = 0) {
    auto size = body.size();
    body.append(json_padding, ' ');
    return ranking_units_max(std::string_view(body).substr(0, size), tokens_cut);
}

std::string ranking(int documents, std::size_t bytes) {
    std::string body = R"({"query":"q","documents":[)";
    for (int i = 0; i < documents; ++i)
        body.append(i > 0 ? "," : "").append("\"").append(bytes, 'x').append("\"");
    return body + "]}";
}

}  // namespace

TEST_CASE("a call is known to search the web by its tools", "[llm]") {
    CHECK(searches(R"({"model":"m","messages":[{"content":"web_search"}]})") == 0);
    CHECK(searches(R"({"tools":[{"type":"function","function":{"name":"web_search"}}]})") == 0);
    CHECK(searches(R"({"tools":[{"type":"web_search"}]})") == web_searches_usual);
    CHECK(searches(R"({"tools":[{"type":"web_search_preview"}],"max_tool_calls":2})") == 2);
    CHECK(searches(
              R"({"tools":[{"name":"web_search","max_uses":9,"type":"web_search_20250305"}]})") ==
          9);
    CHECK(searches(R"({"tools":[{"type":"web_search_20250305","max_uses":-1}]})") == 0);
    CHECK(searches(R"({"tools":[{"functionDeclarations":[]},{"googleSearch":{}}]})") ==
          web_searches_usual);
    CHECK(searches(R"({"tools":[{"google_search":{}},{"google_search_retrieval":{}}]})") ==
          2 * web_searches_usual);
    CHECK(searches(R"({"web_search_options":{},"tools":null})") == 1);
    CHECK(searches(R"({"web_search_options":null})") == 0);
    CHECK(searches(R"({"search_parameters":{"mode":"auto"}})") == 20);
    CHECK(searches(R"({"search_parameters":{"max_search_results":3}})") == 3);
    CHECK(searches(R"({"search_parameters":{"max_search_results":3,"mode":"off"}})") == 0);
    CHECK(searches(R"({"search_parameters":{"mode":"off","max_search_results":3}})") == 0);
    // What comes behind something odd is read all the same.
    CHECK(searches(R"({"tools":[7,{"type":"web_search"}],"web_search_options":{}})") == 1);
    CHECK(searches(R"({"tools":[{"type":"web_search","max_uses":99999999999}]})") == 65'535);
    CHECK(searches("[") == 0);
    CHECK(searches("") == web_searches_usual);
}

TEST_CASE("a ranking is a search for each hundred documents, and long ones count more", "[llm]") {
    CHECK(units(ranking(0, 0)) == 1);
    CHECK(units(ranking(1, 10)) == 1);
    CHECK(units(ranking(100, 900)) == 1);
    CHECK(units(ranking(101, 10)) == 2);
    CHECK(units(ranking(100, 1'100)) == 2);
    CHECK(units(ranking(100, 4'000)) == 5);
    CHECK(units(R"({"documents":[{"text":"a"},{"text":"b"}],"query":"q"})") == 1);
    // The query is read with each document.
    auto query = R"({"query":")" + std::string(950, 'q') + R"(",)";
    CHECK(units(query + ranking(60, 100).substr(13)) == 2);
    CHECK(units(ranking(100, 0), 50'000) == 2);
    CHECK(units("{") == 1);
    CHECK(units("") == 100);
}
