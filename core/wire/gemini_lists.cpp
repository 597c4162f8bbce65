#include "core/wire/gemini_lists.hpp"

#include "core/wire/gemini_wire.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

constexpr string_view models_prefix = "models/";

Result<Json> object_of(string_view body) {
    auto document = parse_json(body);
    if (document && !document->is_object())
        return fail(Code::invalid_request, "the body must be a JSON object");
    return document;
}

/// A reply that is not what was asked for is the provider's fault.
Result<Json> reply_of(string_view body) {
    auto document = parse_json(body);
    if (!document || !document->is_object())
        return fail(Code::upstream_failed, "the provider's reply is not a JSON object");
    return document;
}

}  // namespace

Result<llm::ChatRequest> read_gemini_count(const RequestSource& source) {
    auto document = object_of(source.body);
    if (!document)
        return document.error();
    const auto* whole = member(*document, "generateContentRequest");
    if (whole == nullptr)
        whole = member(*document, "generate_content_request");
    auto inner = whole != nullptr ? json_text(*whole) : std::string(source.body);
    return read_gemini_request({.body = inner, .model = source.model});
}

Result<std::string> gemini_count_body(const llm::ChatRequest& request) {
    auto written = write_gemini_request(request, {});
    if (!written)
        return written.error();
    auto inner = embedded(written->body);
    inner["model"] = std::string(models_prefix) + request.model;
    return json_text(Json{{"generateContentRequest", std::move(inner)}});
}

std::string gemini_count_reply(std::int64_t tokens) {
    return json_text(Json{{"totalTokens", tokens}});
}

Result<std::int64_t> read_gemini_count_reply(string_view body) {
    auto reply = reply_of(body);
    if (!reply)
        return reply.error();
    auto tokens = int_in(*reply, "totalTokens");
    if (!tokens || *tokens < 0)
        return fail(Code::upstream_failed, "the provider's reply has no count of tokens");
    return *tokens;
}

Result<GeminiModels> read_gemini_models(string_view body) {
    auto reply = reply_of(body);
    if (!reply)
        return reply.error();
    GeminiModels out;
    out.page_token = string_in(*reply, "nextPageToken");
    const auto* models = member(*reply, "models");
    if (models == nullptr || !models->is_array())
        return out;  // an empty list is left out
    for (const auto& model : *models) {
        auto name = string_in(model, "name");
        if (name.starts_with(models_prefix))
            name.erase(0, models_prefix.size());
        if (!name.empty())
            out.names.push_back(std::move(name));
    }
    return out;
}

}  // namespace obliv::wire
