#include "cli/sim/documents.hpp"

#include "cli/sim/vectors.hpp"
#include "cli/sim/words.hpp"
#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/wire/fields.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <set>

namespace obliv::sim {
namespace {

using wire::Complaint;
using wire::Fields;
using wire::Json;
using wire::json_text;
using wire::string_in;

constexpr std::string_view flag_mark = "[[sim:flag]]";

std::string base64_of(const std::vector<float>& vector) {
    std::string bytes;
    for (auto number : vector) {
        auto bits = std::bit_cast<std::uint32_t>(number);
        for (int shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>((bits >> shift) & 0xFFU);
    }
    return to_base64(bytes);
}

/// The texts of `input`: one, several, or token numbers, which are a text of their digits.
std::vector<std::string> inputs_of(Fields& body) {
    const auto* input = body.take("input");
    std::vector<std::string> out;
    if (input != nullptr && input->is_string())
        return {input->get<std::string>()};
    if (input == nullptr || !input->is_array() || input->empty()) {
        body.complaint().expected("input", "a text or an array of texts");
        return out;
    }
    if (input->front().is_number())
        return {json_text(*input)};
    for (const auto& each : *input)
        out.push_back(each.is_string() ? each.get<std::string>() : json_text(each));
    return out;
}

Json usage_of(std::int64_t tokens) {
    return {{"prompt_tokens", tokens}, {"total_tokens", tokens}};
}

/// The share of the query's words that are in the document.
double relevance(const std::set<std::string>& query, std::string_view document) {
    std::set<std::string> found;
    for (auto word : split_words(document))
        if (auto plain = without_case(word); query.contains(plain))
            found.insert(plain);
    return query.empty() ? 0.0
                         : static_cast<double>(found.size()) / static_cast<double>(query.size());
}

std::vector<std::string> documents_of(Fields& body) {
    std::vector<std::string> out;
    const auto* documents = body.take_array("documents");
    if (documents == nullptr || documents->empty()) {
        body.complaint().expected("documents", "an array of texts");
        return out;
    }
    for (const auto& each : *documents)
        out.push_back(each.is_string() ? each.get<std::string>() : string_in(each, "text"));
    return out;
}

}  // namespace

Result<Call> read_embeddings(std::string_view text) {
    auto json = wire::parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    std::string model;
    std::string encoding = "float";
    std::optional<std::int64_t> dimensions;
    body.read("model", model);
    body.require("model", "the model to ask");
    body.read("encoding_format", encoding);
    body.read("dimensions", dimensions);
    auto size = vector_length(dimensions, "dimensions", complaint);
    auto texts = inputs_of(body);
    Json data = Json::array();
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto vector = vector_of(texts[i], size);
        Json entry = {{"object", "embedding"}, {"index", i}};
        if (encoding == "base64")
            entry["embedding"] = base64_of(vector);
        else
            entry["embedding"] = vector;
        data.push_back(std::move(entry));
    }
    auto tokens = words_of(texts);
    Json reply = {{"object", "list"},
                  {"data", std::move(data)},
                  {"model", model},
                  {"usage", usage_of(tokens)}};
    return answered(complaint, model, tokens, reply);
}

Result<Call> read_moderation(std::string_view text) {
    auto json = wire::parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    std::string model = "omni-moderation-latest";
    body.read("model", model);
    auto texts = inputs_of(body);
    Json results = Json::array();
    for (const auto& each : texts) {
        bool flagged = each.find(flag_mark) != std::string::npos;
        Json categories = Json::object();
        Json scores = Json::object();
        for (const auto* name : {"harassment", "hate", "self-harm", "sexual", "violence"}) {
            bool hit = flagged && std::string_view(name) == "violence";
            categories[name] = hit;
            scores[name] = hit ? 0.9 : 0.001;
        }
        results.push_back(
            {{"flagged", flagged}, {"categories", categories}, {"category_scores", scores}});
    }
    Json reply = {{"id", "modr-sim"}, {"model", model}, {"results", std::move(results)}};
    return answered(complaint, model, 0, reply);
}

Result<Call> read_rerank(std::string_view text) {
    auto json = wire::parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    std::string model;
    std::string query;
    std::optional<std::int64_t> top;
    bool return_documents = false;
    body.read("model", model);
    body.require("model", "the model to ask");
    body.read("query", query);
    body.require("query", "what to look for");
    body.read("top_n", top);
    body.read("return_documents", return_documents);
    auto documents = documents_of(body);

    std::set<std::string> wanted;
    for (auto word : split_words(query))
        wanted.insert(without_case(word));
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t i = 0; i < documents.size(); ++i)
        ranked.emplace_back(relevance(wanted, documents[i]), i);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    auto count = std::clamp<std::int64_t>(top.value_or(INT64_MAX), 0,
                                          static_cast<std::int64_t>(ranked.size()));
    ranked.resize(static_cast<std::size_t>(count));

    Json results = Json::array();
    for (const auto& [score, index] : ranked) {
        Json entry = {{"index", index}, {"relevance_score", score}};
        if (return_documents)
            entry["document"] = {{"text", documents[index]}};
        results.push_back(std::move(entry));
    }
    auto tokens =
        count_words(query) * static_cast<std::int64_t>(documents.size()) + words_of(documents);
    Json reply = {{"id", "rerank-sim"},
                  {"model", model},
                  {"results", std::move(results)},
                  {"meta", {{"billed_units", {{"search_units", 1}}}}},
                  {"usage", usage_of(tokens)}};
    return answered(complaint, model, tokens, reply);
}

}  // namespace obliv::sim
