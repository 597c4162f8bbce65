#include "core/base/text.hpp"
#include "core/wire/anthropic_parts.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

/// What is around one block while it is read.
struct Block {
    Fields fields;
    Part part;
    bool opaque = false;  ///< of a known type, and of a shape that we do not know
};

void read_text(Block& block) {
    Text text;
    block.fields.read("text", text.text);
    if (const auto* citations = block.fields.take_array("citations"))
        for (const auto& citation : *citations)
            text.citations.push_back(read_anthropic_citation(citation));
    block.part.what = std::move(text);
}

void read_thinking(Block& block) {
    Thinking thinking;
    block.fields.read("thinking", thinking.text);
    string signature;
    block.fields.read("signature", signature);
    thinking.proof = proof_of_signature(signature);
    block.part.what = std::move(thinking);
}

void read_redacted(Block& block) {
    Thinking thinking;
    string data;
    block.fields.read("data", data);
    thinking.proof = proof_of_signature(data);
    thinking.redacted = true;
    block.part.what = std::move(thinking);
}

/// Where an image or a document is. False: it says so in a way that we do not know.
bool read_source(const Json& source, Media& media) {
    auto type = string_in(source, "type");
    auto take = [&](Media::Source kind, const char* member) {
        media.source = kind;
        media.data = string_in(source, member);
        media.media_type = string_in(source, "media_type");
        return true;
    };
    if (type == "base64")
        return take(Media::Source::base64, "data");
    if (type == "url")
        return take(Media::Source::url, "url");
    if (type == "file")
        return take(Media::Source::file_id, "file_id");
    if (type == "text")
        return take(Media::Source::text, "data");
    const auto* content = member(source, "content");
    if (type != "content" || content == nullptr)
        return false;
    media.source = Media::Source::parts;
    media.data = json_text(*content);
    return true;
}

void read_media(Block& block, Media::Kind kind) {
    Media media;
    media.kind = kind;
    const auto* source = block.fields.take_object("source");
    if (source == nullptr)
        block.fields.require("source", "where it is");
    else if (!read_source(*source, media))
        block.opaque = true;
    block.part.what = std::move(media);
}

void read_image(Block& block) {
    read_media(block, Media::Kind::image);
}

void read_document(Block& block) {
    read_media(block, Media::Kind::document);
    auto& media = std::get<Media>(block.part.what);
    block.fields.read("title", media.name);
    block.fields.read("context", media.context);
    if (const auto* citations = block.fields.take_object("citations"))
        media.citations = true_in(*citations, "enabled");
}

void read_tool_use(Block& block) {
    ToolCall call;
    block.fields.require("id", "the call's id");
    block.fields.require("name", "the tool's name");
    block.fields.read("id", call.id);
    block.fields.read("name", call.name);
    if (const auto* input = block.fields.take_object("input"))
        call.arguments = json_text(*input);
    else
        call.arguments = "{}";
    // Called by the model itself is what every call is elsewhere.
    if (const auto* caller = block.fields.take_object("caller"))
        if (string_in(*caller, "type") != "direct")
            block.part.extras.push_back({"caller", json_text(*caller)});
    block.part.what = std::move(call);
}

void read_tool_result(Block& block) {
    ToolResult result;
    auto& fields = block.fields;
    fields.require("tool_use_id", "the id of the call");
    fields.read("tool_use_id", result.call_id);
    fields.read("is_error", result.is_error);
    if (const auto* content = fields.take("content"))
        read_anthropic_content(*content, fields.path_of("content"), fields.complaint(),
                               result.content);
    block.part.what = std::move(result);
}

struct Reader {
    string_view type;
    void (*read)(Block&);
};

// Server tools, their results and what comes after this was written have no place elsewhere.
constexpr std::array readers{
    Reader{"text", read_text},
    Reader{"image", read_image},
    Reader{"document", read_document},
    Reader{"thinking", read_thinking},
    Reader{"redacted_thinking", read_redacted},
    Reader{"tool_use", read_tool_use},
    Reader{"tool_result", read_tool_result},
};

void read_block(const Json& value, string path, Complaint& complaint, std::vector<Part>& out) {
    Block block{Fields(value, std::move(path), complaint), {}};
    string type;
    block.fields.require("type", "the kind of block");
    block.fields.read("type", type);
    for (const auto& reader : readers) {
        if (reader.type != type)
            continue;
        reader.read(block);
        read_cache_control(block.fields, block.part.cache_ttl, block.part.extras);
        block.fields.rest(block.part.extras);
        if (!block.opaque)
            return out.push_back(std::move(block.part));
    }
    out.push_back({Opaque{string(anthropic_name), json_text(value)}});
}

}  // namespace

void read_anthropic_content(const Json& content, const string& path, Complaint& complaint,
                            std::vector<Part>& out) {
    if (content.is_string()) {
        out.push_back({Text{content.get<string>()}});
    } else if (content.is_array()) {
        for (std::size_t i = 0; i < content.size(); ++i)
            read_block(content[i], element_path(path, i), complaint, out);
    } else {
        complaint.expected(path, "a string or an array of blocks");
    }
}

void read_cache_control(Fields& fields, string& ttl, std::vector<Extra>& extras) {
    const auto* control = fields.take_object("cache_control");
    if (control == nullptr)
        return;
    auto asked = string_in(*control, "ttl");
    ttl = asked == "1h" ? "1h" : "5m";
    bool known = string_in(*control, "type") == "ephemeral" &&
                 (asked.empty() ? control->size() == 1 : asked == ttl && control->size() == 2);
    if (!known)
        extras.push_back({"cache_control", json_text(*control), true});
}

Citation read_anthropic_citation(const Json& value) {
    Citation out;
    auto type = string_in(value, "type");
    out.raw = json_text(value);
    out.cited_text = string_in(value, "cited_text");
    out.title = string_in(value, "document_title");
    if (out.title.empty())
        out.title = string_in(value, "title");
    out.document = int_in(value, "document_index").value_or(-1);
    auto range = [&](const char* from, const char* to) {
        out.from = int_in(value, from).value_or(-1);
        out.to = int_in(value, to).value_or(-1);
    };
    if (type == "char_location") {
        out.kind = Citation::Kind::chars;
        range("start_char_index", "end_char_index");
    } else if (type == "page_location") {
        out.kind = Citation::Kind::pages;
        range("start_page_number", "end_page_number");
    } else if (type == "content_block_location") {
        out.kind = Citation::Kind::blocks;
        range("start_block_index", "end_block_index");
    } else if (type == "search_result_location") {
        out.kind = Citation::Kind::search_result;
        out.url = string_in(value, "source");
        out.document = int_in(value, "search_result_index").value_or(-1);
        range("start_block_index", "end_block_index");
    } else {
        out.url = string_in(value, "url");
    }
    return out;
}

Proof proof_of_signature(string_view signature) {
    // Base64 has no colon, so a name in front is one that proof_as_signature put there.
    auto colon = signature.find(':');
    if (colon == string_view::npos)
        return signature.empty() ? Proof{} : Proof{string(anthropic_name), string(signature)};
    return {string(signature.substr(0, colon)), string(signature.substr(colon + 1))};
}

}  // namespace obliv::wire
