#pragma once

#include <cstdint>
#include <string_view>

// What is sold by the search, as far as a request tells before it is made. Bodies are JSON, with
// json_padding readable bytes behind them. An empty one is a long one that nobody has read.
namespace obliv::llm {

/// Of a tool that searches the web as often as its model likes.
inline constexpr std::int64_t web_searches_usual = 5;

/// How often a chat may search the web; 0: it has no tool for that. OpenAI's `web_search` tools and
/// options, Anthropic's tool with its `max_uses`, Gemini's `google_search`, xAI's parameters.
std::int64_t web_searches_max(std::string_view body);

/// Cohere's units of search for a ranking: one for each begun hundred documents, where one that is
/// longer than 500 tokens, together with the query, is several. `tokens_cut` are of texts that the
/// body has no more.
std::int64_t ranking_units_max(std::string_view body, std::int64_t tokens_cut);

}  // namespace obliv::llm
