#include "core/wire/fields.hpp"
#include "core/wire/form.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

/// A request in the shape of Cohere and Jina.
struct Ranking {
    std::string model;
    std::string query;
    std::vector<std::string> documents;
    std::optional<std::int64_t> top_n;
    bool return_documents = false;
    std::vector<llm::Extra> extras;
};

void read_documents(Fields& body, std::vector<std::string>& out) {
    const auto* documents = body.take_array("documents");
    if (documents == nullptr)
        return body.complaint().expected("documents", "an array of texts");
    for (std::size_t at = 0; at < documents->size(); ++at) {
        const auto& document = (*documents)[at];
        const auto* text = document.is_string() ? &document : member(document, "text");
        if (text == nullptr || !text->is_string())
            return body.complaint().expected(element_path("documents", at),
                                             "a text, or an object with a `text`");
        out.push_back(text->get<std::string>());
    }
}

Result<Ranking> read_ranking(std::string_view text) {
    auto json = parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    Ranking out;
    body.read("model", out.model);
    body.read("query", out.query);
    body.require("query", "what to look for");
    body.read("top_n", out.top_n);
    body.read("return_documents", out.return_documents);
    read_documents(body, out.documents);
    body.rest(out.extras);
    if (complaint)
        return *complaint.first();
    return out;
}

Json base_of(const Ranking& ranking) {
    return {{"model", ranking.model}, {"query", ranking.query}, {"documents", ranking.documents}};
}

Result<std::string> cohere_request(std::string_view body) {
    auto ranking = read_ranking(body);
    if (!ranking)
        return ranking.error();
    auto out = base_of(*ranking);
    if (ranking->top_n)
        out["top_n"] = *ranking->top_n;
    for (const auto& extra : ranking->extras)
        out[extra.name] = embedded(extra.value);
    return json_text(out);
}

/// Puts the documents into the results where the client asked for them.
void return_documents(Json& results, const Ranking& ranking) {
    if (!ranking.return_documents)
        return;
    for (auto& result : results) {
        auto index = int_in(result, "index").value_or(-1);
        if (index >= 0 && static_cast<std::size_t>(index) < ranking.documents.size())
            result["document"] = {{"text", ranking.documents[static_cast<std::size_t>(index)]}};
    }
}

Error no_ranking() {
    return fail(Code::upstream_failed, "the provider's reply is not a ranking");
}

Result<std::string> cohere_reply(std::string_view body, std::string_view request) {
    auto ranking = read_ranking(request);
    auto json = parse_json(body);
    if (!ranking || !json || !json->is_object() || !json->contains("results") ||
        !(*json)["results"].is_array())
        return no_ranking();
    return_documents((*json)["results"], *ranking);
    return json_text(*json);
}

Result<std::string> voyage_request(std::string_view body) {
    auto ranking = read_ranking(body);
    if (!ranking)
        return ranking.error();
    auto out = base_of(*ranking);
    if (ranking->top_n)
        out["top_k"] = *ranking->top_n;
    for (const auto& extra : ranking->extras) {
        // Voyage's own; the fields of Cohere and Jina have no counterpart there.
        if (extra.name != "truncation") {
            auto error = fail(Code::invalid_request,
                              "'" + extra.name + "' cannot be said to this model's provider");
            error.param = extra.name;
            return error;
        }
        out[extra.name] = embedded(extra.value);
    }
    return json_text(out);
}

Result<std::string> voyage_reply(std::string_view body, std::string_view request) {
    auto ranking = read_ranking(request);
    auto json = parse_json(body);
    const auto* data = json ? member(*json, "data") : nullptr;
    if (!ranking || data == nullptr || !data->is_array())
        return no_ranking();
    auto results = Json::array();
    for (const auto& entry : *data) {
        const auto* score = member(entry, "relevance_score");
        if (score == nullptr || !int_in(entry, "index"))
            return no_ranking();
        results.push_back({{"index", *int_in(entry, "index")}, {"relevance_score", *score}});
    }
    return_documents(results, *ranking);
    Json out = {{"model", string_in(*json, "model")}, {"results", std::move(results)}};
    if (const auto* usage = member(*json, "usage"))
        out["usage"] = *usage;
    return json_text(out);
}

}  // namespace

const Form cohere_rerank{cohere_request, cohere_reply};
const Form voyage_rerank{voyage_request, voyage_reply};

}  // namespace obliv::wire
