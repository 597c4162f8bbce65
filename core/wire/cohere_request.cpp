#include "core/wire/cohere.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::Part;

// "Up to five", says the reference.
constexpr std::size_t stops_max = 5;

Json text_part(std::string_view text) {
    return Json{{"type", "text"}, {"text", text}};
}

Json image_part(const llm::Media& media) {
    Json image{{"url", media.source == llm::Media::Source::url
                           ? media.data
                           : data_uri(media.media_type, media.data)}};
    if (!media.detail.empty())
        image["detail"] = media.detail;
    return Json{{"type", "image_url"}, {"image_url", std::move(image)}};
}

/// One text stands as a string, which every model takes; anything else as a list.
Json content_of(Json parts) {
    if (parts.size() == 1 && parts[0]["type"] == "text")
        return parts[0]["text"];
    return parts;
}

class Writer {
public:
    explicit Writer(const llm::ChatRequest& request)
        : request_(request), losses_(request, "cohere") {}

    WrittenRequest write() {
        body_["model"] = request_.model;
        body_["stream"] = request_.stream;
        body_["messages"] = Json::array();
        for (const auto& message : request_.messages)
            write_message(message);
        // Nobody said anything: the provider takes no chat without a message.
        if (body_["messages"].empty())
            body_["messages"].push_back(Json{{"role", "user"}, {"content", ""}});
        if (!documents_.empty())
            body_["documents"] = std::move(documents_);
        write_tools();
        write_sampling();
        write_reasoning();
        write_format();
        write_unsaid();
        losses_.add_foreign();
        if (losses_.same_wire())
            for (const auto& extra : request_.extras)
                body_[extra.name] = embedded(extra.value);
        return {json_text(body_), {}, std::move(losses_).take()};
    }

private:
    void write_message(const llm::Message& message) {
        if (!message.name.empty())
            losses_.add(Term::message_name, "Cohere does not name speakers");
        switch (message.role) {
        case llm::Role::system:
        case llm::Role::developer:
            return add_message("system", plain_parts(message));
        case llm::Role::user:
            return add_message("user", plain_parts(message));
        case llm::Role::assistant:
            return write_assistant(message);
        case llm::Role::tool:
            break;
        }
        for (const auto& part : message.content)
            if (const auto* result = std::get_if<llm::ToolResult>(&part.what))
                write_result(*result);
        add_message("user", plain_parts(message));
    }

    void add_message(std::string_view role, Json parts) {
        if (!parts.empty())
            body_["messages"].push_back(
                Json{{"role", role}, {"content", content_of(std::move(parts))}});
    }

    /// What a person says, or the system: texts, images, and documents, which go elsewhere.
    Json plain_parts(const llm::Message& message) {
        Json parts = Json::array();
        for (const auto& part : message.content) {
            if (const auto* text = std::get_if<llm::Text>(&part.what))
                parts.push_back(text_part(text->text));
            else if (const auto* media = std::get_if<llm::Media>(&part.what))
                write_media(*media, parts);
            else if (const auto* refusal = std::get_if<llm::Refusal>(&part.what))
                parts.push_back(text_part(refusal->text));
        }
        return parts;
    }

    static Json document_data(const llm::Media& media, std::string text) {
        Json data = Json::object();
        if (!media.name.empty())
            data["title"] = media.name;
        data["text"] = std::move(text);
        if (!media.context.empty())
            data["context"] = media.context;
        return data;
    }

    void write_media(const llm::Media& media, Json& parts) {
        if (media.kind == llm::Media::Kind::image && media.source != llm::Media::Source::file_id) {
            parts.push_back(image_part(media));
        } else if (auto text = document_text(media)) {
            documents_.push_back(Json{{"id", "doc:" + std::to_string(documents_.size())},
                                      {"data", document_data(media, std::move(*text))}});
        } else {
            losses_.add(media_field(media), "Cohere takes images, and documents as text");
        }
    }

    /// The plan stands by itself where tools are called; elsewhere thought is a part of the
    /// content.
    void write_assistant(const llm::Message& message) {
        Json out{{"role", "assistant"}};
        Json parts = Json::array();
        Json calls = Json::array();
        std::string plan;
        bool plans = calls_tools(message);
        for (const auto& part : message.content) {
            if (const auto* call = std::get_if<llm::ToolCall>(&part.what))
                calls.push_back(call_json(*call));
            else if (const auto* text = std::get_if<llm::Text>(&part.what))
                parts.push_back(text_part(text->text));
            else if (const auto* refusal = std::get_if<llm::Refusal>(&part.what))
                parts.push_back(text_part(refusal->text));
            else if (const auto* media = std::get_if<llm::Media>(&part.what))
                losses_.add(media_field(*media), "Cohere takes media from the user only");
            else if (const auto* thought = std::get_if<llm::Thinking>(&part.what))
                write_thought(*thought, plans, plan, parts);
        }
        if (!plan.empty())
            out["tool_plan"] = std::move(plan);
        if (!parts.empty())
            out["content"] = content_of(std::move(parts));
        if (!calls.empty())
            out["tool_calls"] = std::move(calls);
        if (out.size() > 1)
            body_["messages"].push_back(std::move(out));
    }

    static void write_thought(const llm::Thinking& thought, bool plans, std::string& plan,
                              Json& parts) {
        if (thought.text.empty())
            return;
        if (plans)
            plan += thought.text;
        else
            parts.push_back(Json{{"type", "thinking"}, {"thinking", thought.text}});
    }

    Json call_json(const llm::ToolCall& call) {
        if (call.custom)
            losses_.add("a call of a custom tool", "Cohere has functions only");
        return Json{
            {"id", call.id},
            {"type", "function"},
            {"function", Json{{"name", call.name},
                              {"arguments", call.arguments.empty() ? "{}" : call.arguments}}}};
    }

    void write_result(const llm::ToolResult& result) {
        Json parts = Json::array();
        for (const auto& part : result.content) {
            if (const auto* text = std::get_if<llm::Text>(&part.what))
                parts.push_back(text_part(text->text));
            else if (const auto* media = std::get_if<llm::Media>(&part.what))
                write_result_media(*media, parts);
        }
        if (result.is_error)
            parts.insert(parts.begin(), text_part("The tool failed."));
        if (parts.empty())
            parts.push_back(text_part(""));
        body_["messages"].push_back(Json{{"role", "tool"},
                                         {"tool_call_id", result.call_id},
                                         {"content", content_of(std::move(parts))}});
    }

    void write_result_media(const llm::Media& media, Json& parts) {
        auto text = document_text(media);
        if (!text)
            return losses_.add(media_field(media) + " in a tool result", "Cohere takes text only");
        Json document{{"data", document_data(media, std::move(*text))}};
        parts.push_back(Json{{"type", "document"}, {"document", std::move(document)}});
    }

    void write_tools() {
        Json tools = Json::array();
        bool strict = false;
        for (const auto& tool : request_.tools) {
            if (tool.kind == llm::Tool::Kind::built_in && tool.wire == "cohere")
                tools.push_back(embedded(tool.definition));
            if (tool.kind == llm::Tool::Kind::custom)
                losses_.add("the tool '" + tool.name + "'", "Cohere has functions only");
            if (tool.kind != llm::Tool::Kind::function ||
                !may_be_called(request_.tool_choice, tool))
                continue;
            strict = strict || tool.strict.value_or(false);
            tools.push_back(tool_json(tool));
        }
        if (tools.empty())
            return;
        body_["tools"] = std::move(tools);
        if (strict)
            body_["strict_tools"] = true;
        using Kind = llm::ToolChoice::Kind;
        auto kind = request_.tool_choice.kind;
        if (kind == Kind::none)
            body_["tool_choice"] = "NONE";
        else if (kind == Kind::required || kind == Kind::named)
            body_["tool_choice"] = "REQUIRED";
    }

    static Json tool_json(const llm::Tool& tool) {
        Json function{{"name", tool.name}};
        if (!tool.description.empty())
            function["description"] = tool.description;
        function["parameters"] = tool.parameters.empty()
                                     ? Json{{"type", "object"}, {"properties", Json::object()}}
                                     : embedded(tool.parameters);
        return Json{{"type", "function"}, {"function", std::move(function)}};
    }

    template <typename Value>
    void put(std::string_view name, const std::optional<Value>& value) {
        if (value)
            body_[std::string(name)] = *value;
    }

    void put_penalty(std::string_view name, const std::optional<double>& value, Term term) {
        if (value && (*value < 0 || *value > 1))
            losses_.add(term, "Cohere takes penalties from 0 to 1");
        else
            put(name, value);
    }

    void write_sampling() {
        const auto& sampling = request_.sampling;
        put("max_tokens", request_.output_tokens_max);
        put("temperature", sampling.temperature);
        put("p", sampling.top_p);
        put("k", sampling.top_k);
        put("seed", sampling.seed);
        put_penalty("frequency_penalty", sampling.frequency_penalty, Term::frequency_penalty);
        put_penalty("presence_penalty", sampling.presence_penalty, Term::presence_penalty);
        if (sampling.stop.size() > stops_max)
            losses_.add(Term::stop, "Cohere takes five stop sequences at most");
        else if (!sampling.stop.empty())
            body_["stop_sequences"] = sampling.stop;
        put("logprobs", sampling.logprobs);
        if (sampling.top_logprobs.value_or(0) > 0)
            losses_.add(Term::top_logprobs, "Cohere tells the chosen token's only");
        if (!sampling.logit_bias.empty())
            losses_.add(Term::logit_bias, "Cohere has no such setting");
    }

    /// Effort has no degrees at Cohere: any but `none` turns thinking on.
    void write_reasoning() {
        const auto& reasoning = request_.reasoning;
        bool off = reasoning.enabled == false || reasoning.effort == "none";
        bool on = reasoning.enabled == true || reasoning.adaptive == true ||
                  !reasoning.effort.empty() || reasoning.budget_tokens;
        if (off)
            body_["thinking"] = Json{{"type", "disabled"}};
        else if (on)
            body_["thinking"] = Json{{"type", "enabled"}};
        if (!off && reasoning.budget_tokens)
            body_["thinking"]["token_budget"] = *reasoning.budget_tokens;
    }

    void write_format() {
        const auto& format = request_.response_format;
        using Kind = llm::ResponseFormat::Kind;
        if (format.kind == Kind::text)
            body_["response_format"] = Json{{"type", "text"}};
        if (format.kind == Kind::json_object || format.kind == Kind::json_schema)
            body_["response_format"] = Json{{"type", "json_object"}};
        if (format.kind == Kind::json_schema && !format.schema.empty())
            body_["response_format"]["json_schema"] = embedded(format.schema);
    }

    void write_unsaid() {
        if (request_.choices > 1)
            losses_.add(Term::choices, "Cohere gives one reply to a request");
        losses_.add_beyond_text("Cohere");
    }

    const llm::ChatRequest& request_;
    Losses losses_;
    Json body_ = Json::object();
    Json documents_ = Json::array();
};

}  // namespace

Result<WrittenRequest> write_cohere_request(const llm::ChatRequest& request, const Dialect&) {
    return Writer(request).write();
}

}  // namespace obliv::wire
