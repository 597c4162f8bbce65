#include "core/wire/gemini_citations.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::size_t text_bytes_max = 1U << 20;

bool begins_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

llm::Citation of_chunk(const Json& chunk) {
    llm::Citation out;
    for (const auto* kind : {"web", "retrievedContext", "maps", "image"}) {
        const auto* source = member(chunk, kind);
        if (source == nullptr)
            continue;
        out.url = string_in(*source, "uri");
        out.title = string_in(*source, "title");
        out.cited_text = string_in(*source, "text");
        return out;
    }
    return out;
}

void add_support(const Json& support, const Json& chunks, const ReplyText& text,
                 std::vector<llm::Citation>& out) {
    const auto* indices = member(support, "groundingChunkIndices");
    if (indices == nullptr || !indices->is_array())
        return;
    const auto* segment = member(support, "segment");
    for (const auto& index : *indices) {
        if (!index.is_number_unsigned() || index.get<std::size_t>() >= chunks.size())
            continue;
        auto citation = of_chunk(chunks[index.get<std::size_t>()]);
        if (segment != nullptr) {
            // A start of 0 is left out, as all zeros are.
            citation.text_from = text.chars_at(int_in(*segment, "startIndex").value_or(0));
            citation.text_to = text.chars_at(int_in(*segment, "endIndex").value_or(-1));
        }
        citation.raw = json_text(support);
        out.push_back(std::move(citation));
    }
}

}  // namespace

void ReplyText::append(std::string_view text) {
    if (text_.size() + text.size() <= text_bytes_max)
        text_ += text;
}

std::int64_t ReplyText::chars_at(std::int64_t byte) const {
    if (byte < 0 || static_cast<std::size_t>(byte) > text_.size())
        return -1;
    return std::count_if(text_.begin(), text_.begin() + byte, begins_character);
}

std::int64_t ReplyText::byte_at(std::int64_t chars) const {
    if (chars < 0)
        return -1;
    for (std::size_t at = 0; at < text_.size(); ++at)
        if (begins_character(text_[at]) && chars-- == 0)
            return static_cast<std::int64_t>(at);
    return chars == 0 ? static_cast<std::int64_t>(text_.size()) : -1;
}

std::vector<llm::Citation> gemini_citations(const Json& candidate, const ReplyText& text) {
    std::vector<llm::Citation> out;
    const auto* grounding = member(candidate, "groundingMetadata");
    const auto* chunks = grounding != nullptr ? member(*grounding, "groundingChunks") : nullptr;
    const auto* supports = chunks != nullptr ? member(*grounding, "groundingSupports") : nullptr;
    if (supports != nullptr && supports->is_array() && chunks->is_array())
        for (const auto& support : *supports)
            add_support(support, *chunks, text, out);
    const auto* metadata = member(candidate, "citationMetadata");
    const auto* sources = metadata != nullptr ? member(*metadata, "citations") : nullptr;
    if (sources == nullptr || !sources->is_array())
        return out;
    for (const auto& source : *sources) {
        llm::Citation citation;
        citation.url = string_in(source, "uri");
        citation.title = string_in(source, "title");
        citation.text_from = text.chars_at(int_in(source, "startIndex").value_or(0));
        citation.text_to = text.chars_at(int_in(source, "endIndex").value_or(-1));
        citation.raw = json_text(source);
        out.push_back(std::move(citation));
    }
    return out;
}

Json grounding_metadata(const std::vector<llm::Citation>& citations, const ReplyText& text) {
    auto chunks = Json::array();
    auto supports = Json::array();
    for (const auto& citation : citations) {
        bool web = citation.kind == llm::Citation::Kind::url;
        auto source = Json::object();
        if (!citation.url.empty())
            source["uri"] = citation.url;
        source["title"] = citation.title;
        if (!web && !citation.cited_text.empty())
            source["text"] = citation.cited_text;
        Json support{{"groundingChunkIndices", Json::array({chunks.size()})}};
        auto from = text.byte_at(citation.text_from);
        auto to = text.byte_at(citation.text_to);
        if (from >= 0 && to >= from) {
            auto length = static_cast<std::size_t>(to - from);
            support["segment"] = {
                {"startIndex", from},
                {"endIndex", to},
                {"text", text.kept().substr(static_cast<std::size_t>(from), length)}};
        }
        chunks.push_back({{web ? "web" : "retrievedContext", std::move(source)}});
        supports.push_back(std::move(support));
    }
    return Json{{"groundingChunks", std::move(chunks)}, {"groundingSupports", std::move(supports)}};
}

}  // namespace obliv::wire
