#include "core/base/text.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/effort.hpp"
#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/openai.hpp"
#include "core/wire/parts.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;

constexpr std::string_view own_name = "openai";

Json text_part(std::string_view text) {
    return Json{{"type", "text"}, {"text", text}};
}

bool is_bare_text(const Json& part) {
    return part.size() == 2 && part.value("type", "") == "text";
}

/// One text stands as a string, which every server takes; anything else as a list.
Json content_of(Json parts) {
    if (parts.size() == 1 && is_bare_text(parts[0]))
        return std::move(parts[0]["text"]);
    return parts;
}

/// The format of a sound as `input_audio` names it; empty: it has no name there.
std::string_view audio_format(std::string_view media_type) {
    if (media_type == "audio/wav" || media_type == "audio/x-wav" || media_type == "audio/wave")
        return "wav";
    if (media_type == "audio/mp3" || media_type == "audio/mpeg")
        return "mp3";
    return {};
}

class Writer {
public:
    Writer(const ChatRequest& request, const Dialect& dialect)
        : request_(request), dialect_(dialect), losses_(request, own_name) {}

    WrittenRequest write() {
        body_["model"] = request_.model;
        body_["messages"] = Json::array();
        for (const auto& message : request_.messages)
            write_message(message);
        write_tools();
        write_tool_choice();
        write_parallel_calls();
        write_sampling();
        write_reasoning();
        write_format();
        write_stream();
        write_limits();
        write_rest();
        losses_.add_foreign();
        if (losses_.same_wire())
            for (const auto& extra : request_.extras)
                if (extra.name != "stream_options")
                    body_[extra.name] = embedded(extra.value);
        return {json_text(body_), {}, std::move(losses_).take()};
    }

private:
    // Messages.

    void write_message(const Message& message) {
        if (message.role == Role::assistant)
            return write_assistant(message);
        if (message.role == Role::tool)
            return write_results(message);
        Json out{{"role", role_name(message.role)}};
        if (!message.name.empty())
            out["name"] = message.name;
        Json parts = Json::array();
        for (const auto& part : message.content)
            write_part(part, parts, out);
        if (parts.empty() && !losses_.same_wire())
            return;  // a message of nothing, for what it had is of another provider
        out["content"] = content_of(std::move(parts));
        body_["messages"].push_back(std::move(out));
    }

    std::string_view role_name(Role role) const {
        if (role == Role::system)
            return "system";
        if (role == Role::developer)
            return dialect_.developer_role ? "developer" : "system";
        return "user";
    }

    /// Adds the part to `parts`, or to the message itself what only that can carry.
    void write_part(const Part& part, Json& parts, Json& message) {
        if (const auto* text = std::get_if<Text>(&part.what)) {
            parts.push_back(text_part(text->text));
        } else if (const auto* refusal = std::get_if<Refusal>(&part.what)) {
            parts.push_back(Json{{"type", "refusal"}, {"refusal", refusal->text}});
        } else if (const auto* media = std::get_if<Media>(&part.what)) {
            write_media(*media, parts);
        } else if (const auto* opaque = std::get_if<Opaque>(&part.what)) {
            write_opaque(*opaque, parts, message);
            return;
        } else {
            return;
        }
        if (losses_.same_wire() && !parts.empty())
            decorate(part, parts.back());
    }

    static void decorate(const Part& part, Json& out) {
        if (!part.cache_ttl.empty()) {
            out["cache_control"] = Json{{"type", "ephemeral"}};
            if (part.cache_ttl != "5m")
                out["cache_control"]["ttl"] = part.cache_ttl;
        }
        for (const auto& extra : part.extras)
            out[extra.name] = embedded(extra.value);
    }

    /// A part of a kind of its own, or members of the message.
    static void write_opaque(const Opaque& opaque, Json& parts, Json& message) {
        if (opaque.wire != own_name)
            return;  // told as a loss
        auto value = embedded(opaque.json);
        if (value.contains("type"))
            parts.push_back(std::move(value));
        else if (value.is_object())
            message.update(value);
    }

    void write_media(const Media& media, Json& parts) {
        switch (media.kind) {
        case Media::Kind::image:
            return write_image(media, parts);
        case Media::Kind::audio:
            return write_audio(media, parts);
        case Media::Kind::document:
            return write_document(media, parts);
        case Media::Kind::video:
            losses_.add(media_field(media), "the OpenAI format has no videos");
        }
    }

    void write_image(const Media& media, Json& parts) {
        if (media.source == Media::Source::file_id)
            return losses_.add(media_field(media), "the OpenAI format has no images by file id");
        Json image{{"url", media.source == Media::Source::url
                               ? media.data
                               : data_uri(media.media_type, media.data)}};
        if (!media.detail.empty())
            image["detail"] = media.detail;
        parts.push_back(Json{{"type", "image_url"}, {"image_url", std::move(image)}});
    }

    void write_audio(const Media& media, Json& parts) {
        auto format = audio_format(media.media_type);
        if (media.source != Media::Source::base64 || format.empty())
            return losses_.add(media_field(media),
                               "the OpenAI format takes sound inline only, as wav or mp3");
        parts.push_back(Json{{"type", "input_audio"},
                             {"input_audio", Json{{"data", media.data}, {"format", format}}}});
    }

    void write_document(const Media& media, Json& parts) {
        if (media.citations)
            losses_.add("citations of a document", "the OpenAI format cannot ask for them");
        if (auto text = document_as_text(media)) {
            parts.push_back(text_part(*text));
            return;
        }
        Json file = Json::object();
        if (media.source == Media::Source::file_id) {
            file["file_id"] = media.data;
        } else if (media.source == Media::Source::base64) {
            file["file_data"] =
                media.media_type.empty() ? media.data : data_uri(media.media_type, media.data);
        } else {
            return losses_.add(media_field(media),
                               "the OpenAI format takes documents inline only, not by URL");
        }
        if (!media.name.empty())
            file["filename"] = media.name;
        else if (!losses_.same_wire())
            file["filename"] = "document.pdf";  // it is required, and clients of others give none
        if (!media.context.empty())
            parts.push_back(text_part(media.context));
        parts.push_back(Json{{"type", "file"}, {"file", std::move(file)}});
    }

    void write_assistant(const Message& message) {
        Json out{{"role", "assistant"}, {"content", nullptr}};
        if (!message.name.empty())
            out["name"] = message.name;
        Json parts = Json::array();
        Json calls = Json::array();
        std::string thought;
        bool only_refusal = refuses(message);
        for (const auto& part : message.content) {
            if (const auto* call = std::get_if<ToolCall>(&part.what))
                calls.push_back(tool_call(*call));
            else if (const auto* thinking = std::get_if<Thinking>(&part.what))
                thought += thinking->text;
            else if (const auto* refusal = std::get_if<Refusal>(&part.what);
                     refusal && only_refusal)
                out["refusal"] = refusal->text;
            else
                write_part(part, parts, out);
        }
        if (!parts.empty())
            out["content"] = content_of(std::move(parts));
        write_annotations(message, out);
        if (wants_thoughts() && !thought.empty())
            out[dialect_.reasoning_field] = thought;
        if (!calls.empty())
            out["tool_calls"] = std::move(calls);
        // A message of nothing, for what it had is of another provider, would be refused.
        bool empty = out.size() == 2 && out["content"].is_null();
        if (!empty || losses_.same_wire())
            body_["messages"].push_back(std::move(out));
    }

    /// A provider that did not think this itself has no use for it, unless its dialect says so.
    bool wants_thoughts() const noexcept {
        return dialect_.reasoning_in_requests || losses_.same_wire();
    }

    void write_annotations(const Message& message, Json& out) const {
        if (!losses_.same_wire())
            return;
        for (const auto& part : message.content)
            if (const auto* text = std::get_if<Text>(&part.what))
                for (const auto& citation : text->citations)
                    if (!citation.raw.empty())
                        out["annotations"].push_back(embedded(citation.raw));
    }

    /// Whether a refusal is all that is said: then it has a member of its own.
    static bool refuses(const Message& message) {
        for (const auto& part : message.content)
            if (!std::holds_alternative<Refusal>(part.what) &&
                !std::holds_alternative<Thinking>(part.what) &&
                !std::holds_alternative<Opaque>(part.what))
                return false;
        return message.content.size() <= 2;
    }

    Json tool_call(const ToolCall& call) const {
        Json out{{"id", fitting_id(call.id, dialect_.tool_call_id_bytes)}};
        if (call.custom) {
            out["type"] = "custom";
            out["custom"] = Json{{"name", call.name}, {"input", call.arguments}};
        } else {
            out["type"] = "function";
            out["function"] = Json{{"name", call.name},
                                   {"arguments", call.arguments.empty() ? "{}" : call.arguments}};
        }
        if (call.proof.wire == "gemini" && losses_.same_wire())
            out["extra_content"]["google"]["thought_signature"] = call.proof.data;
        return out;
    }

    /// Each result is a message. Such a message takes text only: images and files of a result
    /// follow in the user's name, behind the last of them, or the results would not stand behind
    /// their calls.
    void write_results(const Message& message) {
        Json attached = Json::array();
        Json before;  // takes the members of a message that no result stands for
        Json* written = &before;
        for (const auto& part : message.content) {
            if (const auto* result = std::get_if<ToolResult>(&part.what)) {
                write_result(*result, message.name, attached);
                written = &body_["messages"].back();
            } else {
                write_part(part, attached, *written);
            }
        }
        if (!attached.empty())
            body_["messages"].push_back(Json{{"role", "user"}, {"content", std::move(attached)}});
    }

    void write_result(const ToolResult& result, const std::string& name, Json& attached) {
        Json out{{"role", "tool"},
                 {"tool_call_id", fitting_id(result.call_id, dialect_.tool_call_id_bytes)}};
        if (!name.empty())
            out["name"] = name;
        Json texts = Json::array();
        Json others = Json::array();
        for (const auto& part : result.content) {
            bool text = std::holds_alternative<Text>(part.what);
            write_part(part, text ? texts : others, out);
        }
        if (result.is_error)
            texts.insert(texts.begin(), text_part("The tool failed."));
        if (!others.empty()) {
            attached.push_back(text_part("Attached to the result of the call " + result.call_id));
            for (auto& other : others)
                attached.push_back(std::move(other));
        }
        out["content"] = texts.empty() ? Json("") : content_of(std::move(texts));
        body_["messages"].push_back(std::move(out));
    }

    // Tools.

    void write_tools() {
        Json tools = Json::array();
        for (const auto& tool : request_.tools) {
            if (tool.kind == Tool::Kind::function)
                tools.push_back(function_tool(tool));
            else if (tool.kind == Tool::Kind::custom)
                tools.push_back(custom_tool(tool));
            else if (tool.wire == own_name)
                tools.push_back(embedded(tool.definition));
        }
        if (!tools.empty())
            body_["tools"] = std::move(tools);
    }

    Json function_tool(const Tool& tool) {
        Json function{{"name", tool.name}};
        if (!tool.description.empty())
            function["description"] = tool.description;
        if (!tool.parameters.empty())
            function["parameters"] = embedded(tool.parameters);
        if (tool.strict)
            function["strict"] = *tool.strict;
        Json out{{"type", "function"}, {"function", std::move(function)}};
        if (losses_.same_wire())
            for (const auto& extra : tool.extras)
                put_extra(out, extra);
        return out;
    }

    /// `function.x` belongs to the function, `x` to the tool.
    static void put_extra(Json& tool, const Extra& extra) {
        constexpr std::string_view inner = "function.";
        if (extra.name.starts_with(inner))
            tool["function"][extra.name.substr(inner.size())] = embedded(extra.value);
        else
            tool[extra.name] = embedded(extra.value);
    }

    Json custom_tool(const Tool& tool) const {
        Json custom{{"name", tool.name}};
        if (!tool.description.empty())
            custom["description"] = tool.description;
        if (!tool.definition.empty())
            custom["format"] = embedded(tool.definition);
        return Json{{"type", "custom"}, {"custom", std::move(custom)}};
    }

    bool is_custom(std::string_view name) const {
        for (const auto& tool : request_.tools)
            if (tool.name == name)
                return tool.kind == Tool::Kind::custom;
        return false;
    }

    Json named(std::string_view name) const {
        std::string_view type = is_custom(name) ? "custom" : "function";
        return Json{{"type", type}, {type, Json{{"name", name}}}};
    }

    void write_tool_choice() {
        const auto& choice = request_.tool_choice;
        // Among no tools there is nothing to choose, which other formats let their clients say.
        if (!body_.contains("tools") && !losses_.same_wire())
            return;
        std::string_view mode;
        switch (choice.kind) {
        case ToolChoice::Kind::unset:
            return;
        case ToolChoice::Kind::named:
            body_["tool_choice"] = named(choice.name);
            return;
        case ToolChoice::Kind::automatic:
            mode = "auto";
            break;
        case ToolChoice::Kind::none:
            mode = "none";
            break;
        case ToolChoice::Kind::required:
            mode = "required";
            break;
        }
        if (choice.allowed.empty()) {
            body_["tool_choice"] = mode;
            return;
        }
        Json tools = Json::array();
        for (const auto& name : choice.allowed)
            tools.push_back(named(name));
        body_["tool_choice"] = Json{{"type", "allowed_tools"},
                                    {"allowed_tools", Json{{"mode", mode}, {"tools", tools}}}};
    }

    // Everything else.

    template <typename Value>
    void put(std::string_view name, const std::optional<Value>& value) {
        if (value)
            body_[name] = *value;
    }
    void put(std::string_view name, const std::string& text) {
        if (!text.empty())
            body_[name] = text;
    }
    void put_json(std::string_view name, const JsonText& text) {
        if (!text.empty())
            body_[name] = embedded(text);
    }

    void write_sampling() {
        const auto& sampling = request_.sampling;
        put("temperature", sampling.temperature);
        put("top_p", sampling.top_p);
        if (dialect_.top_k || losses_.same_wire())
            put("top_k", sampling.top_k);
        else if (sampling.top_k)
            losses_.add(Term::top_k, "the provider does not have it");
        put("frequency_penalty", sampling.frequency_penalty);
        put("presence_penalty", sampling.presence_penalty);
        if (dialect_.seed)
            put("seed", sampling.seed);
        else if (sampling.seed)
            losses_.add(Term::seed, "the provider does not have it");
        write_stop();
        put("logprobs", sampling.logprobs);
        put("top_logprobs", sampling.top_logprobs);
        put_json("logit_bias", sampling.logit_bias);
    }

    void write_stop() {
        const auto& sampling = request_.sampling;
        if (sampling.stop.size() == 1)
            body_["stop"] = sampling.stop[0];
        else if (!sampling.stop.empty())
            body_["stop"] = sampling.stop;
    }

    void write_parallel_calls() {
        if (dialect_.parallel_tool_calls)
            put("parallel_tool_calls", request_.parallel_tool_calls);
    }

    void write_reasoning() {
        // Models that do not think refuse the word for not thinking, and most need none.
        if (request_.reasoning.enabled == false && request_.reasoning.effort.empty())
            return;
        put("reasoning_effort", std::string(effort_of(request_.reasoning)));
    }

    void write_format() {
        const auto& format = request_.response_format;
        switch (format.kind) {
        case ResponseFormat::Kind::unset:
            return;
        case ResponseFormat::Kind::text:
            body_["response_format"] = Json{{"type", "text"}};
            return;
        case ResponseFormat::Kind::json_object:
            body_["response_format"] = Json{{"type", "json_object"}};
            return;
        case ResponseFormat::Kind::json_schema:
            break;
        }
        if (!dialect_.json_schema)
            return losses_.add(Term::response_format, "the provider takes no schema for a reply");
        Json schema{{"name", format.name.empty() ? std::string("reply") : format.name}};
        if (!format.description.empty())
            schema["description"] = format.description;
        if (!format.schema.empty())
            schema["schema"] = embedded(format.schema);
        if (format.strict)
            schema["strict"] = *format.strict;
        body_["response_format"] =
            Json{{"type", "json_schema"}, {"json_schema", std::move(schema)}};
    }

    void write_stream() {
        if (!request_.stream)
            return;
        body_["stream"] = true;
        if (!dialect_.stream_options)
            return;
        Json options = Json::object();
        if (losses_.same_wire())
            for (const auto& extra : request_.extras)
                if (extra.name == "stream_options")
                    options = embedded(extra.value);
        if (request_.usage_in_stream)
            options["include_usage"] = true;
        if (!options.empty())
            body_["stream_options"] = std::move(options);
    }

    void write_limits() {
        if (request_.output_tokens_max)
            body_[dialect_.output_limit_field] = *request_.output_tokens_max;
        if (request_.choices > 1)
            body_["n"] = request_.choices;
    }

    void write_rest() {
        if (!request_.modalities.empty())
            body_["modalities"] = request_.modalities;
        put_json("audio", request_.audio);
        put("user", request_.user);
        if (losses_.same_wire() || !is_usual_tier(request_.service_tier))
            put("service_tier", request_.service_tier);
        put("verbosity", request_.verbosity);
        if (!dialect_.hints)
            return;
        put_json("metadata", request_.metadata);
        put("prompt_cache_key", request_.prompt_cache_key);
        put("safety_identifier", request_.safety_identifier);
        put("store", request_.store);
    }

    const ChatRequest& request_;
    const Dialect& dialect_;
    Losses losses_;
    Json body_ = Json::object();
};

}  // namespace

Result<WrittenRequest> openai_parts::write_request(const llm::ChatRequest& request,
                                                   const Dialect& dialect) {
    return Writer(request, dialect).write();
}

}  // namespace obliv::wire
