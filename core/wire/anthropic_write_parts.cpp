#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/wire/anthropic_parts.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/media_type.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

constexpr std::array<string_view, 5> citation_types{
    "char_location", "page_location", "content_block_location", "web_search_result_location",
    "search_result_location"};

/// Where an image or a document is, in this format's words; null if it cannot be said.
Json source_of(const Media& media) {
    switch (media.source) {
    case Media::Source::base64:
        return {{"type", "base64"}, {"media_type", media_type_of(media)}, {"data", media.data}};
    case Media::Source::url:
        return {{"type", "url"}, {"url", media.data}};
    case Media::Source::file_id:
        return {{"type", "file"}, {"file_id", media.data}};
    case Media::Source::text:
        return {{"type", "text"}, {"media_type", "text/plain"}, {"data", media.data}};
    case Media::Source::parts:
        return {{"type", "content"}, {"content", embedded(media.data)}};
    }
    return nullptr;
}

/// A document that is text, sent as bytes: this format takes PDF in base64 and nothing else.
Json text_source(const Media& media) {
    auto bytes = from_base64(media.data);
    if (!bytes)
        return nullptr;
    return {{"type", "text"}, {"media_type", "text/plain"}, {"data", *bytes}};
}

Json document_source(const Media& media, Losses& losses) {
    auto type = media_type_of(media);
    if (media.source == Media::Source::base64 && type.starts_with("text/"))
        return text_source(media);
    if (media.source == Media::Source::base64 && type != "application/pdf" && !losses.same_wire()) {
        losses.add("a document of type " + type, "it takes PDF and plain text");
        return nullptr;
    }
    return source_of(media);
}

Json document_block(const Media& media, Json source) {
    Json block{{"type", "document"}, {"source", std::move(source)}};
    if (!media.name.empty())
        block["title"] = media.name;
    if (!media.context.empty())
        block["context"] = media.context;
    if (media.citations)
        block["citations"] = {{"enabled", true}};
    return block;
}

Json media_block(const Media& media, Losses& losses) {
    bool is_image = media.kind == Media::Kind::image;
    if (!is_image && media.kind != Media::Kind::document) {
        losses.add(media_field(media), "it takes images and documents only");
        return nullptr;
    }
    // add_foreign() has told of both: what lies with another provider, what only its format knows.
    bool foreign = media.source == Media::Source::file_id || media.source == Media::Source::parts;
    if (foreign && !losses.same_wire())
        return nullptr;
    auto source = is_image ? source_of(media) : document_source(media, losses);
    if (source.is_null())
        return nullptr;
    if (!is_image)
        return document_block(media, std::move(source));
    return {{"type", "image"}, {"source", std::move(source)}};
}

Json text_block(const string& text) {
    return {{"type", "text"}, {"text", text}};
}

/// A thought without a proof that the provider knows is refused by it, so it is left out; it is
/// context that the model can do without.
Json thinking_block(const Thinking& thinking, const Losses& losses) {
    const auto& proof = thinking.proof;
    bool usable = proof.wire == anthropic_name || (proof.data.empty() && losses.same_wire());
    if (!usable)
        return nullptr;
    if (thinking.redacted)
        return {{"type", "redacted_thinking"}, {"data", proof.data}};
    return {{"type", "thinking"}, {"thinking", thinking.text}, {"signature", proof.data}};
}

Json call_block(const ToolCall& call) {
    return {{"type", "tool_use"},
            {"id", anthropic_tool_id(call.id)},
            {"name", call.name},
            {"input",
             call.custom ? Json{{"input", call.arguments}} : arguments_object(call.arguments)}};
}

Json result_block(const ToolResult& result, Losses& losses) {
    Json block{{"type", "tool_result"}, {"tool_use_id", anthropic_tool_id(result.call_id)}};
    auto content = anthropic_blocks(result.content, losses);
    if (!content.empty())
        block["content"] = std::move(content);
    if (result.is_error)
        block["is_error"] = true;
    return block;
}

Json text_with_citations(const Text& text, const Losses& losses) {
    // Blocks of nothing are refused; other formats have them as a matter of course.
    if (text.text.empty() && !losses.same_wire())
        return nullptr;
    auto block = text_block(text.text);
    for (const auto& citation : text.citations)
        block["citations"].push_back(anthropic_citation(citation));
    return block;
}

struct Writer {
    Losses& losses;
    Json operator()(const Text& text) const { return text_with_citations(text, losses); }
    Json operator()(const Refusal& refusal) const {
        return text_with_citations(Text{refusal.text}, losses);
    }
    Json operator()(const Media& media) const { return media_block(media, losses); }
    Json operator()(const Thinking& thinking) const { return thinking_block(thinking, losses); }
    Json operator()(const ToolCall& call) const { return call_block(call); }
    Json operator()(const ToolResult& result) const { return result_block(result, losses); }
    Json operator()(const Opaque& opaque) const {
        return opaque.wire == anthropic_name ? embedded(opaque.json) : Json();
    }
};

void put(Json& object, const char* name, std::int64_t value) {
    if (value >= 0)
        object[name] = value;
}

}  // namespace

void write_cache_control(const string& ttl, Json& block) {
    if (ttl.empty())
        return;
    block["cache_control"] = {{"type", "ephemeral"}};
    if (ttl != "5m")
        block["cache_control"]["ttl"] = ttl;
}

void write_extras(const std::vector<Extra>& extras, Json& object) {
    for (const auto& extra : extras)
        object[extra.name] = embedded(extra.value);
}

Json anthropic_block(const Part& part, Losses& losses) {
    auto block = std::visit(Writer{losses}, part.what);
    if (!block.is_object())
        return nullptr;
    // A thought cannot be marked; what came by this wire is as it was.
    if (!std::holds_alternative<Thinking>(part.what) || losses.same_wire())
        write_cache_control(part.cache_ttl, block);
    if (losses.same_wire())
        write_extras(part.extras, block);
    return block;
}

Json anthropic_blocks(const std::vector<Part>& parts, Losses& losses) {
    auto out = Json::array();
    for (const auto& part : parts)
        if (auto block = anthropic_block(part, losses); !block.is_null())
            out.push_back(std::move(block));
    return out;
}

Json anthropic_citation(const Citation& citation) {
    auto raw = embedded(citation.raw);
    auto type = string_in(raw, "type");
    if (std::find(citation_types.begin(), citation_types.end(), type) != citation_types.end())
        return raw;
    Json out;
    auto begin = [&](const char* name) {
        out["type"] = name;
        out["cited_text"] = citation.cited_text;
    };
    auto document = [&](const char* from, const char* to) {
        put(out, "document_index", citation.document);
        out["document_title"] = citation.title.empty() ? Json() : Json(citation.title);
        put(out, from, citation.from);
        put(out, to, citation.to);
    };
    switch (citation.kind) {
    case Citation::Kind::url:
        begin("web_search_result_location");
        out["url"] = citation.url;
        out["title"] = citation.title;
        out["encrypted_index"] = "";
        break;
    case Citation::Kind::chars:
        begin("char_location");
        document("start_char_index", "end_char_index");
        break;
    case Citation::Kind::pages:
        begin("page_location");
        document("start_page_number", "end_page_number");
        break;
    case Citation::Kind::blocks:
        begin("content_block_location");
        document("start_block_index", "end_block_index");
        break;
    case Citation::Kind::search_result:
        begin("search_result_location");
        out["source"] = citation.url;
        out["title"] = citation.title;
        put(out, "search_result_index", citation.document);
        put(out, "start_block_index", citation.from);
        put(out, "end_block_index", citation.to);
        break;
    }
    return out;
}

string proof_as_signature(const Proof& proof) {
    if (proof.wire.empty() || proof.wire == anthropic_name)
        return proof.data;
    return proof.wire + ":" + proof.data;
}

string anthropic_tool_id(string_view id) {
    bool allowed = !id.empty();
    for (char c : id)
        allowed =
            allowed && (c == '_' || c == '-' || letters_and_digits.find(c) != string_view::npos);
    if (allowed)
        return string(id);
    return "toolu_" + to_hex(sha256(id)).substr(0, 24);
}

Json arguments_object(const string& arguments) {
    if (arguments.empty())
        return Json::object();
    auto value = parse_json(arguments);
    return value && value->is_object() ? *value : Json{{"arguments", arguments}};
}

}  // namespace obliv::wire
