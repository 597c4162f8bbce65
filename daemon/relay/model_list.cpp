#include "daemon/relay/model_list.hpp"

#include "core/base/text.hpp"
#include "core/http/uri.hpp"
#include "core/llm/chat_call.hpp"
#include "core/wire/anthropic_lists.hpp"

#include <algorithm>
#include <vector>

namespace obliv::relay {
namespace {

using llm::ErrorShape;

std::int64_t number_in(std::string_view query, std::string_view name, std::int64_t otherwise,
                       std::int64_t most) {
    auto given = parse_int(http::query_value(query, name).value_or(""));
    return given && *given > 0 ? std::min(*given, most) : otherwise;
}

/// Anthropic API reference, "List models": 20 a page if nothing is said, 1,000 at most.
std::string anthropic_list(std::span<const std::string> names, std::string_view query) {
    std::vector<wire::ListedModel> models;
    for (const auto& name : names)
        models.push_back({name});
    wire::ListPage page;
    page.after_id = http::query_value(query, "after_id").value_or("");
    page.before_id = http::query_value(query, "before_id").value_or("");
    page.limit = static_cast<std::size_t>(number_in(query, "limit", 20, 1000));
    return wire::anthropic_models(models, page);
}

std::string openai_entry(std::string_view name) {
    return "{\"id\":" + llm::json_quoted(name) +
           ",\"object\":\"model\",\"created\":0,\"owned_by\":\"oblivd\"}";
}

std::string gemini_entry(std::string_view name) {
    return "{\"name\":" + llm::json_quoted("models/" + std::string(name)) +
           ",\"version\":\"\",\"displayName\":" + llm::json_quoted(name) +
           ",\"supportedGenerationMethods\":[\"generateContent\",\"streamGenerateContent\"]}";
}

/// Gemini API reference, "models.list": 50 a page if nothing is said, 1,000 at most. Our page token
/// is the last name of the page before.
std::string gemini_list(std::span<const std::string> names, std::string_view query) {
    auto size = static_cast<std::size_t>(number_in(query, "pageSize", 50, 1000));
    auto after = http::query_value(query, "pageToken").value_or("");
    std::string out = "{\"models\":[";
    std::size_t shown = 0;
    std::string_view last;
    bool more = false;
    for (const auto& name : names) {
        if (name <= after)
            continue;
        more = shown == size;
        if (more)
            break;
        out += (shown++ > 0 ? "," : "") + gemini_entry(name);
        last = name;
    }
    out += "]";
    if (more)
        out += ",\"nextPageToken\":" + llm::json_quoted(last);
    return out + "}";
}

}  // namespace

std::string model_list(ErrorShape shape, std::span<const std::string> names,
                       std::string_view query) {
    if (shape == ErrorShape::anthropic)
        return anthropic_list(names, query);
    if (shape == ErrorShape::gemini)
        return gemini_list(names, query);
    std::string out = "{\"object\":\"list\",\"data\":[";
    std::string_view separator;
    for (const auto& name : names) {
        out.append(separator).append(openai_entry(name));
        separator = ",";
    }
    return out + "]}";
}

std::string model_entry(ErrorShape shape, std::string_view name) {
    if (shape == ErrorShape::anthropic)
        return wire::anthropic_model({std::string(name)});
    return shape == ErrorShape::gemini ? gemini_entry(name) : openai_entry(name);
}

}  // namespace obliv::relay
