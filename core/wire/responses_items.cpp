#include "core/wire/data_uri.hpp"
#include "core/wire/parts.hpp"
#include "core/wire/responses_input.hpp"
#include "core/wire/responses_wire.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::Media;
using llm::Role;

std::string_view role_word(Role role) {
    switch (role) {
    case Role::system:
        return "system";
    case Role::developer:
        return "developer";
    case Role::assistant:
        return "assistant";
    default:
        return "user";
    }
}

Json image_part(const Media& media) {
    Json out = {{"type", "input_image"}};
    if (media.source == Media::Source::file_id)
        out["file_id"] = media.data;
    else if (media.source == Media::Source::url)
        out["image_url"] = media.data;
    else
        out["image_url"] = data_uri(media.media_type, media.data);
    if (!media.detail.empty())
        out["detail"] = media.detail;
    return out;
}

Json text_input(std::string_view text) {
    return {{"type", "input_text"}, {"text", text}};
}

Json file_part(const Media& media) {
    Json out = {{"type", "input_file"}};
    if (media.source == Media::Source::file_id) {
        out["file_id"] = media.data;
    } else if (media.source == Media::Source::url) {
        out["file_url"] = media.data;
    } else {
        // A file that has no name is refused.
        out["filename"] = media.name.empty() ? std::string("document") : media.name;
        out["file_data"] =
            media.media_type.empty() ? media.data : data_uri(media.media_type, media.data);
        return out;
    }
    if (!media.name.empty())
        out["filename"] = media.name;
    return out;
}

Json media_part(const Media& media) {
    // A document that is text is said as such: a file would need its bytes in base64.
    if (auto text = document_as_text(media))
        return text_input(*text);
    if (media.kind == Media::Kind::image)
        return image_part(media);
    if (media.kind == Media::Kind::document)
        return file_part(media);
    constexpr std::string_view audio = "audio/";
    auto format = media.media_type.starts_with(audio) ? media.media_type.substr(audio.size())
                                                      : std::string("wav");
    return {{"type", "input_audio"}, {"input_audio", {{"data", media.data}, {"format", format}}}};
}

/// Writes messages as items: the parts of a message between two items of their own make one.
class ItemWriter {
public:
    explicit ItemWriter(const llm::ChatRequest& request) : request_(request) {}

    Json write(std::size_t first) {
        for (std::size_t at = first; at < request_.messages.size(); ++at)
            message(request_.messages[at]);
        return std::move(items_);
    }

private:
    void message(const llm::Message& message) {
        role_ = message.role;
        content_ = Json::array();
        thinking_ = none;
        for (const auto& part : message.content)
            std::visit([this](const auto& what) { take(what); }, part.what);
        flush();
        // An empty message is one all the same, but for results and calls, which are items.
        if (message.content.empty() && role_ != Role::tool)
            items_.push_back({{"role", role_word(role_)}, {"content", ""}});
    }

    void flush() {
        if (content_.empty())
            return;
        Json item = Json::object();
        item["role"] = role_word(role_);
        bool one_text =
            content_.size() == 1 && content_[0].size() == 2 && content_[0].contains("text");
        item["content"] = one_text ? content_[0]["text"] : std::move(content_);
        items_.push_back(std::move(item));
        content_ = Json::array();
    }

    void own_item(Json item) {
        flush();
        thinking_ = none;
        items_.push_back(std::move(item));
    }

    void take(const llm::Text& text) { content_.push_back(text_part(text)); }

    Json text_part(const llm::Text& text) const {
        bool models = role_ == Role::assistant;
        Json part = {{"type", models ? "output_text" : "input_text"}, {"text", text.text}};
        if (models && !text.citations.empty()) {
            part["annotations"] = Json::array();
            for (const auto& citation : text.citations)
                part["annotations"].push_back(annotation(citation));
        }
        return part;
    }

    Json annotation(const llm::Citation& citation) const {
        bool raw = request_.wire == responses_name && !citation.raw.empty();
        return raw ? embedded(citation.raw) : annotation_of(citation);
    }

    void take(const llm::Refusal& refusal) {
        content_.push_back({{"type", "refusal"}, {"refusal", refusal.text}});
    }
    void take(const Media& media) { add_media(media, content_); }

    /// What is said about a file stands in front of it.
    void add_media(const Media& media, Json& parts) const {
        if (media.source == Media::Source::file_id && request_.wire != responses_name)
            return;  // a file of another provider's is reported as a loss
        if (!media.context.empty() && !document_text(media))
            parts.push_back(text_input(media.context));
        parts.push_back(media_part(media));
    }

    void take(const llm::Thinking& thinking) {
        bool own_proof = thinking.proof.wire == responses_name && !thinking.proof.data.empty();
        bool named = request_.wire == responses_name && !thinking.id.empty();
        if (!own_proof && !named)
            return;  // the API takes no thoughts but its own
        flush();
        bool goes_on = thinking_ + 1 == items_.size() && named &&
                       items_.back()["id"] == thinking.id && !items_.back().contains(proof_field);
        if (!goes_on) {
            Json item = {{"type", "reasoning"}};
            if (named)
                item["id"] = thinking.id;
            item["summary"] = Json::array();
            own_item(std::move(item));
        }
        auto& item = items_.back();
        thinking_ = items_.size() - 1;
        if (!thinking.text.empty()) {
            auto name = thinking.summary ? "summary" : "content";
            auto type = thinking.summary ? "summary_text" : "reasoning_text";
            item[name].push_back({{"type", type}, {"text", thinking.text}});
        }
        if (own_proof)
            item[proof_field] = thinking.proof.data;
    }

    void take(const llm::ToolCall& call) {
        Json item = {{"type", call.custom ? "custom_tool_call" : "function_call"}};
        item["call_id"] = call.id;
        item["name"] = call.name;
        bool empty = call.arguments.empty() && !call.custom;
        item[call.custom ? "input" : "arguments"] = empty ? std::string("{}") : call.arguments;
        own_item(std::move(item));
    }

    bool answers_custom(const std::string& call_id) const {
        for (const auto& message : request_.messages)
            for (const auto& part : message.content)
                if (const auto* call = std::get_if<llm::ToolCall>(&part.what))
                    if (call->id == call_id)
                        return call->custom;
        return false;
    }

    void take(const llm::ToolResult& result) {
        Json item = {{"type", answers_custom(result.call_id) ? "custom_tool_call_output"
                                                             : "function_call_output"}};
        item["call_id"] = result.call_id;
        item["output"] = output_of(result);
        own_item(std::move(item));
    }

    Json output_of(const llm::ToolResult& result) const {
        constexpr const char* failed = "The tool failed.";
        if (result.content.empty())
            return result.is_error ? failed : "";
        const auto* only = std::get_if<llm::Text>(&result.content.front().what);
        if (result.content.size() == 1 && only != nullptr)
            return result.is_error ? std::string(failed) + "\n" + only->text : only->text;
        Json out = Json::array();
        if (result.is_error)
            out.push_back(text_input(failed));
        for (const auto& part : result.content) {
            if (const auto* text = std::get_if<llm::Text>(&part.what))
                out.push_back(text_input(text->text));
            else if (const auto* media = std::get_if<Media>(&part.what))
                add_media(*media, out);
            else if (const auto* opaque = std::get_if<llm::Opaque>(&part.what))
                if (opaque->wire == responses_name)
                    out.push_back(embedded(opaque->json));
        }
        return out;
    }

    void take(const llm::Opaque& opaque) {
        if (opaque.wire != responses_name)
            return;
        auto json = embedded(opaque.json);
        auto type = string_in(json, "type");
        // What stood in a message goes back there; all else is an item.
        if (type.starts_with("input_") || type.starts_with("output_"))
            content_.push_back(std::move(json));
        else
            own_item(std::move(json));
    }

    static constexpr const char* proof_field = "encrypted_content";
    const llm::ChatRequest& request_;
    Json items_ = Json::array();
    Json content_ = Json::array();
    static constexpr std::size_t none = SIZE_MAX - 1;
    std::size_t thinking_ = none;  ///< the item that the last thought went into
    Role role_ = Role::user;
};

}  // namespace

Json responses_items(const llm::ChatRequest& request, std::size_t first) {
    return ItemWriter(request).write(first);
}

}  // namespace obliv::wire
