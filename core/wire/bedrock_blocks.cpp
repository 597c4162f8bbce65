#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/wire/anthropic_parts.hpp"
#include "core/wire/bedrock_parts.hpp"
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

struct Format {
    string_view media_type;
    string_view format;
};

constexpr std::array formats{
    Format{"image/png", "png"},
    Format{"image/jpeg", "jpeg"},
    Format{"image/jpg", "jpeg"},
    Format{"image/gif", "gif"},
    Format{"image/webp", "webp"},
    Format{"application/pdf", "pdf"},
    Format{"text/csv", "csv"},
    Format{"application/msword", "doc"},
    Format{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    Format{"application/vnd.ms-excel", "xls"},
    Format{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    Format{"text/html", "html"},
    Format{"text/plain", "txt"},
    Format{"text/markdown", "md"},
    Format{"video/mp4", "mp4"},
    Format{"video/quicktime", "mov"},
    Format{"video/x-matroska", "mkv"},
    Format{"video/webm", "webm"},
    Format{"video/x-flv", "flv"},
    Format{"video/mpeg", "mpeg"},
    Format{"video/x-ms-wmv", "wmv"},
    Format{"video/3gpp", "three_gp"},
};

string_view format_of(string_view media_type) {
    for (const auto& row : formats)
        if (equal_ignoring_case(row.media_type, media_type))
            return row.format;
    return {};
}

/// A document has to have a name, of letters, digits, spaces and a few marks, single spaces only.
string document_name(const string& name) {
    string out;
    for (char c : name.substr(0, 200)) {
        bool plain = letters_and_digits.find(c) != string_view::npos ||
                     string_view("-()[]").find(c) != string_view::npos;
        if (plain)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    return out.empty() ? "document" : out;
}

Json document_block(const Media& media, string_view format, Json source) {
    Json document{{"format", format}, {"name", document_name(media.name)}};
    document["source"] = std::move(source);
    if (!media.context.empty())
        document["context"] = media.context;
    if (media.citations)
        document["citations"]["enabled"] = true;
    return {{"document", std::move(document)}};
}

Json media_block(const Media& media, Losses& losses) {
    if (auto text = document_text(media))
        return document_block(media, "txt", {{"text", *text}});
    auto lose = [&](const char* why) {
        losses.add(media_field(media), why);
        return Json();
    };
    if (media.source == Media::Source::url)
        return lose("it takes the bytes themselves, no URL");
    if (media.source == Media::Source::file_id || media.kind == Media::Kind::audio)
        return media.kind == Media::Kind::audio ? lose("it takes no sound") : Json();
    auto format = format_of(media_type_of(media));
    if (format.empty())
        return lose("it is in none of the formats that are taken");
    Json source{{"bytes", media.data}};
    if (media.kind == Media::Kind::document)
        return document_block(media, format, std::move(source));
    Json block;
    block[media.kind == Media::Kind::image ? "image" : "video"] = {{"format", format},
                                                                   {"source", std::move(source)}};
    return block;
}

/// Claude's proofs are the same wherever it runs. A thought without one is context that the model
/// can do without, and is refused by most.
Json thinking_block(const Thinking& thinking) {
    const auto& proof = thinking.proof;
    bool usable = proof.wire == bedrock_name || proof.wire == anthropic_name;
    if (!usable || proof.data.empty())
        return nullptr;
    Json content;
    if (thinking.redacted)
        content["redactedContent"] = proof.data;
    else
        content["reasoningText"] = {{"text", thinking.text}, {"signature", proof.data}};
    return {{"reasoningContent", std::move(content)}};
}

Json text_block(const string& text) {
    // Blocks of nothing are refused.
    return text.empty() ? Json() : Json{{"text", text}};
}

Json result_block(const ToolResult& result, Losses& losses) {
    auto content = bedrock_blocks(result.content, false, losses);
    // Content is required, and a text must not be empty.
    if (content.empty())
        content.push_back({{"json", Json::object()}});
    Json block{{"toolUseId", bedrock_tool_id(result.call_id)}, {"content", std::move(content)}};
    if (result.is_error)
        block["status"] = "error";
    return {{"toolResult", std::move(block)}};
}

struct Writer {
    Losses& losses;
    Json operator()(const Text& text) const { return text_block(text.text); }
    Json operator()(const Refusal& refusal) const { return text_block(refusal.text); }
    Json operator()(const Media& media) const { return media_block(media, losses); }
    Json operator()(const Thinking& thinking) const { return thinking_block(thinking); }
    Json operator()(const ToolCall& call) const {
        Json use{{"toolUseId", bedrock_tool_id(call.id)}, {"name", call.name}};
        use["input"] = arguments_object(call.arguments);
        return {{"toolUse", std::move(use)}};
    }
    Json operator()(const ToolResult& result) const { return result_block(result, losses); }
    Json operator()(const Opaque& opaque) const {
        return opaque.wire == bedrock_name ? embedded(opaque.json) : Json();
    }
};

void read_range(const Json& place, const char* from, const char* to, Citation& out) {
    out.document = int_in(place, "documentIndex").value_or(out.document);
    out.from = int_in(place, from).value_or(-1);
    out.to = int_in(place, to).value_or(-1);
}

}  // namespace

Json bedrock_blocks(const std::vector<Part>& parts, bool caches, Losses& losses) {
    auto out = Json::array();
    for (const auto& part : parts) {
        auto block = std::visit(Writer{losses}, part.what);
        if (!block.is_object())
            continue;
        out.push_back(std::move(block));
        if (!caches || part.cache_ttl.empty())
            continue;
        Json point{{"type", "default"}};
        if (part.cache_ttl != "5m")
            point["ttl"] = part.cache_ttl;
        out.push_back({{"cachePoint", std::move(point)}});
    }
    return out;
}

string bedrock_tool_id(string_view id) {
    constexpr std::size_t bytes_max = 64;
    auto out = anthropic_tool_id(id);
    return out.size() > bytes_max ? anthropic_tool_id(string(id) + " ") : out;
}

Citation read_bedrock_citation(const Json& value) {
    Citation out;
    out.raw = json_text(value);
    out.title = string_in(value, "title");
    out.url = string_in(value, "source");
    if (const auto* content = member(value, "sourceContent"); content && content->is_array())
        for (const auto& piece : *content)
            out.cited_text += string_in(piece, "text");
    const auto* location = member(value, "location");
    if (location == nullptr)
        return out;
    if (const auto* chars = member(*location, "documentChar")) {
        out.kind = Citation::Kind::chars;
        read_range(*chars, "start", "end", out);
    } else if (const auto* pages = member(*location, "documentPage")) {
        out.kind = Citation::Kind::pages;
        read_range(*pages, "start", "end", out);
    } else if (const auto* chunks = member(*location, "documentChunk")) {
        out.kind = Citation::Kind::blocks;
        read_range(*chunks, "start", "end", out);
    } else if (const auto* found = member(*location, "searchResultLocation")) {
        out.kind = Citation::Kind::search_result;
        out.document = int_in(*found, "searchResultIndex").value_or(-1);
        read_range(*found, "start", "end", out);
    } else if (const auto* web = member(*location, "web")) {
        out.url = string_in(*web, "url");
    }
    return out;
}

Usage bedrock_usage(const Json& usage) {
    auto count = [](const Json& from, const char* name) {
        constexpr std::int64_t count_max = 1'000'000'000'000;
        return std::clamp<std::int64_t>(int_in(from, name).value_or(0), 0, count_max);
    };
    Usage out;
    out.input = count(usage, "inputTokens");
    out.output = count(usage, "outputTokens");
    out.cache_read = count(usage, "cacheReadInputTokens");
    auto written = count(usage, "cacheWriteInputTokens");
    if (const auto* details = member(usage, "cacheDetails"); details && details->is_array())
        for (const auto& detail : *details)
            if (string_in(detail, "ttl") == "1h")
                out.cache_write_1h += count(detail, "inputTokens");
    out.cache_write_1h = std::min(out.cache_write_1h, written);
    out.cache_write_5m = written - out.cache_write_1h;
    return out;
}

}  // namespace obliv::wire
