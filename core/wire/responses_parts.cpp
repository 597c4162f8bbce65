#include "core/wire/responses_wire.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

// `oblivious.<wire>.<length of call id>.<call id><proof>`: what the API itself sends is base64 and
// holds no dot.
constexpr std::string_view seal = "oblivious.";

constexpr std::int64_t count_max = 1'000'000'000'000;

/// A count of a report; nothing when absent or not possible.
std::optional<std::int64_t> count_in(const Json& object, std::string_view name) {
    auto count = int_in(object, name);
    return count && *count >= 0 && *count <= count_max ? count : std::nullopt;
}

std::int64_t detail_in(const Json& usage, std::string_view details, std::string_view name) {
    const auto* object = member(usage, details);
    return object == nullptr ? 0 : count_in(*object, name).value_or(0);
}

}  // namespace

std::string sealed_proof(const llm::Proof& proof, std::string_view call_id) {
    if (proof.data.empty() || (proof.wire == responses_name && call_id.empty()))
        return proof.data;
    std::string out(seal);
    out.append(proof.wire).append(1, '.').append(std::to_string(call_id.size())).append(1, '.');
    return out.append(call_id).append(proof.data);
}

OpenedProof opened_proof(std::string_view text) {
    OpenedProof plain{{std::string(responses_name), std::string(text)}, {}};
    if (!text.starts_with(seal))
        return plain;
    auto rest = text.substr(seal.size());
    auto wire_end = rest.find('.');
    auto size_end = wire_end == std::string_view::npos ? wire_end : rest.find('.', wire_end + 1);
    if (size_end == std::string_view::npos)
        return plain;
    std::size_t size = 0;
    for (char c : rest.substr(wire_end + 1, size_end - wire_end - 1)) {
        if (c < '0' || c > '9' || size > text.size())
            return plain;
        size = size * 10 + static_cast<std::size_t>(c - '0');
    }
    auto body = rest.substr(size_end + 1);
    if (size > body.size())
        return plain;
    return {{std::string(rest.substr(0, wire_end)), std::string(body.substr(size))},
            std::string(body.substr(0, size))};
}

std::optional<llm::Usage> read_responses_usage(const Json& usage) {
    auto input = count_in(usage, "input_tokens");
    auto output = count_in(usage, "output_tokens");
    if (!input && !output)
        return std::nullopt;
    llm::Usage out;
    out.cache_read = detail_in(usage, "input_tokens_details", "cached_tokens");
    out.cache_write_5m = detail_in(usage, "input_tokens_details", "cache_write_tokens");
    out.audio_in = detail_in(usage, "input_tokens_details", "audio_tokens");
    out.reasoning = detail_in(usage, "output_tokens_details", "reasoning_tokens");
    out.audio_out = detail_in(usage, "output_tokens_details", "audio_tokens");
    auto rest = [](std::int64_t total, std::int64_t parts) {
        return std::max<std::int64_t>(0, total - parts);
    };
    out.input = rest(input.value_or(0), out.cache_read + out.cache_write_5m + out.audio_in);
    out.output = rest(output.value_or(0), out.reasoning + out.audio_out);
    return out;
}

Json responses_usage(const llm::Usage& usage) {
    Json out = Json::object();
    out["input_tokens"] = usage.input_all();
    out["input_tokens_details"] = {{"cached_tokens", usage.cache_read}};
    if (auto written = usage.cache_write_5m + usage.cache_write_1h; written > 0)
        out["input_tokens_details"]["cache_write_tokens"] = written;
    if (usage.audio_in > 0)
        out["input_tokens_details"]["audio_tokens"] = usage.audio_in;
    out["output_tokens"] = usage.output_all();
    out["output_tokens_details"] = {{"reasoning_tokens", usage.reasoning}};
    if (usage.audio_out > 0)
        out["output_tokens_details"]["audio_tokens"] = usage.audio_out;
    out["total_tokens"] = usage.input_all() + usage.output_all();
    return out;
}

llm::Citation read_annotation(const Json& annotation) {
    llm::Citation out;
    if (string_in(annotation, "type") == "url_citation") {
        out.url = string_in(annotation, "url");
        out.title = string_in(annotation, "title");
        out.text_from = int_in(annotation, "start_index").value_or(-1);
        out.text_to = int_in(annotation, "end_index").value_or(-1);
    } else {
        // A file that the provider has searched or written: the place in it is not told.
        out.kind = llm::Citation::Kind::search_result;
        out.title = string_in(annotation, "filename");
        out.text_from = int_in(annotation, "start_index").value_or(-1);
        out.text_to =
            int_in(annotation, "end_index").value_or(int_in(annotation, "index").value_or(-1));
    }
    out.raw = json_text(annotation);
    return out;
}

Json annotation_of(const llm::Citation& citation) {
    Json out = Json::object();
    if (!citation.url.empty() || citation.kind == llm::Citation::Kind::url) {
        out["type"] = "url_citation";
        out["start_index"] = std::max<std::int64_t>(0, citation.text_from);
        out["end_index"] = std::max<std::int64_t>(0, citation.text_to);
        out["url"] = citation.url;
        out["title"] = citation.title;
        return out;
    }
    // A document of the request has no file id: its number stands for it.
    auto document = std::max<std::int64_t>(0, citation.document);
    out["type"] = "file_citation";
    out["file_id"] = "document_" + std::to_string(document);
    out["filename"] = citation.title;
    out["index"] = std::max<std::int64_t>(0, citation.text_to);
    return out;
}

}  // namespace obliv::wire
