// Rankings: clients ask in the shape that Cohere and Jina share.

#include "core/llm/openai_usage.hpp"
#include "core/wire/embedding_parts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

constexpr string_view name = "jina";
constexpr std::array cohere_own{string_view("max_tokens_per_doc"), string_view("priority"),
                                string_view("max_chunks_per_doc"), string_view("rank_fields")};
constexpr std::array voyage_own{string_view("truncation")};
/// Of a reply what a client of any form can use.
constexpr std::array told{"id", "meta", "usage"};

const llm::Ranking& ranking_of(const llm::PlainRequest& request) {
    return std::get<llm::Ranking>(request.what);
}

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

Result<llm::PlainRequest> read_request(const RequestSource& source) {
    auto document = parse_json(source.body);
    if (!document)
        return document.error();
    Complaint complaint;
    Fields body(*document, "", complaint);
    llm::PlainRequest out{std::string(name), {}, llm::Ranking{}};
    auto& ranking = std::get<llm::Ranking>(out.what);
    body.read("model", out.model);
    body.read("query", ranking.query);
    body.require("query", "what to look for");
    body.read("top_n", ranking.top_n);
    body.read("return_documents", ranking.return_documents);
    read_documents(body, ranking.documents);
    body.rest(out.extras);
    if (complaint)
        return *complaint.first();
    return out;
}

std::string write_reply(const llm::PlainReply& reply, const llm::PlainRequest& request,
                        const PlainOptions& options) {
    const auto& ranking = ranking_of(request);
    auto results = Json::array();
    for (const auto& rank : std::get<std::vector<llm::Rank>>(reply.what)) {
        Json result{{"index", rank.index}, {"relevance_score", embedded(rank.score)}};
        if (ranking.return_documents)
            result["document"] = {
                {"text", ranking.documents[static_cast<std::size_t>(rank.index)]}};
        results.push_back(std::move(result));
    }
    Json out{{"model", options.model}, {"results", std::move(results)}};
    for (const auto& extra : reply.extras)
        out[extra.name] = embedded(extra.value);
    return json_text(out);
}

WrittenRequest written(const llm::PlainRequest& request, const char* limit,
                       std::span<const string_view> own) {
    const auto& ranking = ranking_of(request);
    PlainLosses losses(request);
    Json body{{"model", request.model}, {"query", ranking.query}, {"documents", ranking.documents}};
    if (ranking.top_n)
        body[limit] = *ranking.top_n;
    copy_extras(request, own, body);
    losses.extras(own);
    return {json_text(body), {}, std::move(losses).take()};
}

Result<WrittenRequest> write_cohere(const llm::PlainRequest& request) {
    return written(request, "top_n", cohere_own);
}
Result<WrittenRequest> write_voyage(const llm::PlainRequest& request) {
    return written(request, "top_k", voyage_own);
}

Error no_ranking() {
    return fail(Code::upstream_failed, "the provider's reply is not a ranking");
}

Result<std::vector<llm::Rank>> ranks_in(const Json* list, std::size_t documents) {
    if (list == nullptr || !list->is_array())
        return no_ranking();
    std::vector<llm::Rank> out;
    for (const auto& entry : *list) {
        const auto* score = member(entry, "relevance_score");
        auto index = int_in(entry, "index").value_or(-1);
        if (score == nullptr || !score->is_number() || index < 0 ||
            static_cast<std::size_t>(index) >= documents)
            return no_ranking();
        out.push_back({index, json_text(*score)});
    }
    return out;
}

/// What Cohere sells rankings by.
std::optional<llm::Usage> search_units_in(const Json& document) {
    const auto* meta = member(document, "meta");
    const auto* billed = meta != nullptr ? member(*meta, "billed_units") : nullptr;
    auto units = billed != nullptr ? int_in(*billed, "search_units").value_or(0) : 0;
    if (units <= 0)
        return std::nullopt;
    llm::Usage usage;
    usage.searches = units;
    return usage;
}

Result<llm::PlainReply> read_reply(string_view text, const llm::PlainRequest& request,
                                   string_view results) {
    auto document = plain_reply_of(text);
    if (!document)
        return document.error();
    auto ranks = ranks_in(member(*document, results), ranking_of(request).documents.size());
    if (!ranks)
        return ranks.error();
    llm::PlainReply out{std::move(*ranks)};
    for (const auto* field : told)
        if (const auto* value = member(*document, field))
            out.extras.push_back({field, json_text(*value)});
    if (const auto* usage = member(*document, "usage"))
        out.usage = llm::parse_openai_usage(json_text(*usage));
    else
        out.usage = search_units_in(*document);
    return out;
}

Result<llm::PlainReply> read_results(string_view text, const llm::PlainRequest& request) {
    return read_reply(text, request, "results");
}
Result<llm::PlainReply> read_voyage(string_view text, const llm::PlainRequest& request) {
    return read_reply(text, request, "data");
}

}  // namespace

// Jina and Cohere API references, "Rerank".
const PlainForm jina_ranking{name, read_request, write_reply, nullptr, nullptr};
const PlainForm cohere_ranking{"cohere", nullptr, nullptr, write_cohere, read_results};
// Voyage AI API reference, "Rerankers".
const PlainForm voyage_ranking{"voyage", nullptr, nullptr, write_voyage, read_voyage};

}  // namespace obliv::wire
