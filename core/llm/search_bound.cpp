#include "core/llm/search_bound.hpp"

#include "core/llm/chat_call.hpp"
#include "core/llm/estimate.hpp"

#include <algorithm>
#include <optional>
#include <simdjson.h>
#include <vector>

namespace obliv::llm {
namespace {

namespace od = simdjson::ondemand;

constexpr std::int64_t searches_limit = 65'535;
// xAI API reference, "Live Search": results are what it sells, and so many come unless told.
constexpr std::int64_t results_usual = 20;
constexpr std::int64_t documents_each_unit = 100;
constexpr std::int64_t tokens_each_document = 500;
constexpr std::int64_t documents_limit = 10'000;  // it takes no more

std::optional<std::int64_t> count_of(od::value& value) {
    std::int64_t count = 0;
    if (value.get_int64().get(count))
        return std::nullopt;
    return std::clamp<std::int64_t>(count, 0, searches_limit);
}

bool is_null(od::value& value) {
    bool null = false;
    return !value.is_null().get(null) && null;
}

/// Calls `use` with each key and value of the object, as far as it can be read.
template <typename Use>
void each_field(od::object object, Use use) {
    for (auto entry : object) {
        std::string_view key;
        od::value value;
        if (entry.unescaped_key().get(key) || entry.value().get(value))
            return;
        use(key, value);
    }
}

bool names_search(std::string_view key) {
    return key.starts_with("google_search") || key.starts_with("googleSearch");
}

std::int64_t searches_of_tool(od::object tool) {
    bool searches = false;
    auto most = web_searches_usual;
    each_field(tool, [&](std::string_view key, od::value& value) {
        std::string_view type;
        if (key == "max_uses")
            most = count_of(value).value_or(most);
        else if (key == "type" && !value.get_string().get(type))
            searches = searches || type.starts_with("web_search");
        else
            searches = searches || names_search(key);
    });
    return searches ? most : 0;
}

std::int64_t searches_of_tools(od::value& value) {
    std::int64_t searches = 0;
    od::array tools;
    if (value.get_array().get(tools))
        return 0;
    for (auto entry : tools) {
        od::object tool;
        if (entry.get_object().get(tool))
            break;
        searches += searches_of_tool(tool);
    }
    return searches;
}

std::int64_t results_of_search(od::value& value) {
    od::object parameters;
    if (value.get_object().get(parameters))
        return 0;
    auto results = results_usual;
    bool off = false;
    each_field(parameters, [&](std::string_view key, od::value& each) {
        std::string_view mode;
        if (key == "max_search_results")
            results = count_of(each).value_or(results);
        else if (key == "mode" && !each.get_string().get(mode) && mode == "off")
            off = true;
    });
    return off ? 0 : results;
}

/// Calls `use` with each key and value of the body.
template <typename Use>
void each_field_of(std::string_view body, Use use) {
    if (body.empty())
        return;
    thread_local od::parser parser;  // keeps its memory
    od::document document;
    od::object object;
    if (!parser.iterate(body.data(), body.size(), body.size() + json_padding).get(document) &&
        !document.get_object().get(object))
        each_field(object, use);
}

std::int64_t bytes_of(od::value& value) {
    auto raw = std::string_view(value.raw_json_token());
    od::object object;
    if (raw.starts_with("{") &&
        (value.get_object().get(object) != simdjson::SUCCESS || object.raw_json().get(raw)))
        return 0;
    return static_cast<std::int64_t>(raw.size());
}

std::int64_t rounded_up(std::int64_t count, std::int64_t each) {
    return (count + each - 1) / each;
}

}  // namespace

std::int64_t web_searches_max(std::string_view body) {
    if (body.empty())
        return web_searches_usual;
    std::int64_t searches = 0;
    auto calls = searches_limit;
    each_field_of(body, [&](std::string_view key, od::value& value) {
        if (key == "tools")
            searches += searches_of_tools(value);
        else if (key == "web_search_options" && !is_null(value))
            searches += 1;
        else if (key == "search_parameters")
            searches += results_of_search(value);
        else if (key == "max_tool_calls")
            calls = count_of(value).value_or(calls);
    });
    return std::min(searches, calls);
}

std::int64_t ranking_units_max(std::string_view body, std::int64_t tokens_cut) {
    constexpr auto bytes_each = tokens_each_document * bytes_per_token_min;
    std::int64_t query = 0;
    std::vector<std::int64_t> documents;
    each_field_of(body, [&](std::string_view key, od::value& value) {
        if (key == "query")
            query = bytes_of(value);
        od::array list;
        if (key != "documents" || value.get_array().get(list))
            return;
        for (auto entry : list) {
            od::value document;
            if (entry.get(document))
                return;
            documents.push_back(bytes_of(document));
        }
    });
    auto pieces = tokens_cut / tokens_each_document + (body.empty() ? documents_limit : 0);
    for (auto bytes : documents)
        pieces += std::max<std::int64_t>(1, rounded_up(bytes + query, bytes_each));
    return std::clamp<std::int64_t>(rounded_up(pieces, documents_each_unit), 1, searches_limit);
}

}  // namespace obliv::llm
