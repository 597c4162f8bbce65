#include "core/wire/dashscope.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/effort.hpp"
#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/parts.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

/// What DashScope calls a medium that it takes by URL or inline; empty: it takes none of the kind.
std::string_view member_of(llm::Media::Kind kind) {
    switch (kind) {
    case llm::Media::Kind::image:
        return "image";
    case llm::Media::Kind::audio:
        return "audio";
    case llm::Media::Kind::video:
        return "video";
    case llm::Media::Kind::document:
        break;
    }
    return {};
}

std::string_view role_of(llm::Role role) {
    if (role == llm::Role::assistant)
        return "assistant";
    return role == llm::Role::system || role == llm::Role::developer ? "system" : "user";
}

class Writer {
public:
    explicit Writer(const llm::ChatRequest& request)
        : request_(request), losses_(request, "dashscope"),
          multimodal_(is_multimodal_qwen(request.model)) {}

    WrittenRequest write() {
        parameters_["result_format"] = "message";
        // Else each event repeats all of the text.
        if (request_.stream)
            parameters_["incremental_output"] = true;
        for (const auto& message : request_.messages)
            write_message(message);
        write_tools();
        write_sampling();
        write_reasoning();
        write_format();
        losses_.add_beyond_text("DashScope");
        losses_.add_citations("DashScope");
        losses_.add_foreign();
        Json body{{"model", request_.model},
                  {"input", Json{{"messages", std::move(messages_)}}},
                  {"parameters", std::move(parameters_)}};
        WrittenRequest out{json_text(body), {}, std::move(losses_).take()};
        if (request_.stream)
            out.headers.emplace_back("x-dashscope-sse", "enable");
        return out;
    }

private:
    void write_message(const llm::Message& message) {
        if (!message.name.empty())
            losses_.add(Term::message_name, "DashScope does not name speakers");
        for (const auto& part : message.content)
            if (const auto* result = std::get_if<llm::ToolResult>(&part.what))
                write_result(*result);
        auto content = content_of(message.content);
        bool said = !content.empty() && content != "";
        Json out{{"role", role_of(message.role)}, {"content", std::move(content)}};
        bool assistant = message.role == llm::Role::assistant;
        said = (assistant && write_calls(message, out)) || said;
        if (said)
            messages_.push_back(std::move(out));
    }

    Json content_of(const std::vector<llm::Part>& parts) {
        if (multimodal_)
            return parts_of(parts);
        for (const auto& part : parts)
            if (const auto* media = std::get_if<llm::Media>(&part.what);
                media && !document_text(*media))
                losses_.add(media_field(*media), "the model takes text only");
        return joined_texts(parts);
    }

    Json parts_of(const std::vector<llm::Part>& parts) {
        Json out = Json::array();
        for (const auto& part : parts) {
            if (const auto* text = std::get_if<llm::Text>(&part.what))
                out.push_back(Json{{"text", text->text}});
            else if (const auto* refusal = std::get_if<llm::Refusal>(&part.what))
                out.push_back(Json{{"text", refusal->text}});
            else if (const auto* media = std::get_if<llm::Media>(&part.what))
                write_media(*media, out);
        }
        return out;
    }

    void write_media(const llm::Media& media, Json& parts) {
        using Source = llm::Media::Source;
        auto name = member_of(media.kind);
        if (auto text = document_as_text(media))
            parts.push_back(Json{{"text", std::move(*text)}});
        else if (name.empty() || (media.source != Source::url && media.source != Source::base64))
            losses_.add(media_field(media), "DashScope takes images, sound and videos");
        else
            parts.push_back(
                Json{{name, media.source == Source::url ? media.data
                                                        : data_uri(media.media_type, media.data)}});
    }

    bool write_calls(const llm::Message& message, Json& out) {
        Json calls = Json::array();
        for (const auto& part : message.content) {
            const auto* call = std::get_if<llm::ToolCall>(&part.what);
            if (call == nullptr)
                continue;
            if (call->custom)
                losses_.add("a call of a custom tool", "DashScope has functions only");
            calls.push_back(
                Json{{"id", call->id},
                     {"type", "function"},
                     {"index", calls.size()},
                     {"function",
                      Json{{"name", call->name},
                           {"arguments", call->arguments.empty() ? "{}" : call->arguments}}}});
        }
        if (calls.empty())
            return false;
        out["tool_calls"] = std::move(calls);
        return true;
    }

    void write_result(const llm::ToolResult& result) {
        auto content = content_of(result.content);
        if (result.is_error && content.is_array())
            content.insert(content.begin(), Json{{"text", "The tool failed."}});
        else if (result.is_error)
            content = "The tool failed.\n" + content.get<std::string>();
        if (content.empty())
            content = "";
        messages_.push_back(Json{
            {"role", "tool"}, {"tool_call_id", result.call_id}, {"content", std::move(content)}});
    }

    void write_tools() {
        Json tools = Json::array();
        for (const auto& tool : request_.tools) {
            if (tool.kind == llm::Tool::Kind::custom)
                losses_.add("the tool '" + tool.name + "'", "DashScope has functions only");
            if (tool.kind != llm::Tool::Kind::function ||
                !may_be_called({.kind = {}, .name = {}, .allowed = request_.tool_choice.allowed},
                               tool))
                continue;
            if (tool.strict == true)
                losses_.add(Term::tool_strict, "DashScope cannot be held to a schema of arguments");
            tools.push_back(tool_json(tool));
        }
        if (tools.empty())
            return;
        parameters_["tools"] = std::move(tools);
        write_tool_choice();
        if (request_.parallel_tool_calls)
            parameters_["parallel_tool_calls"] = *request_.parallel_tool_calls;
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

    void write_tool_choice() {
        using Kind = llm::ToolChoice::Kind;
        const auto& choice = request_.tool_choice;
        if (choice.kind == Kind::automatic)
            parameters_["tool_choice"] = "auto";
        else if (choice.kind == Kind::none)
            parameters_["tool_choice"] = "none";
        else if (choice.kind == Kind::named)
            parameters_["tool_choice"] =
                Json{{"type", "function"}, {"function", Json{{"name", choice.name}}}};
        else if (choice.kind == Kind::required)
            losses_.add(Term::tool_choice, "DashScope's models decide whether to call a tool");
    }

    template <typename Value>
    void put(std::string_view name, const std::optional<Value>& value) {
        if (value)
            parameters_[std::string(name)] = *value;
    }

    void write_sampling() {
        const auto& sampling = request_.sampling;
        put("max_tokens", request_.output_tokens_max);
        put("temperature", sampling.temperature);
        put("top_p", sampling.top_p);
        put("top_k", sampling.top_k);
        put("seed", sampling.seed);
        put("presence_penalty", sampling.presence_penalty);
        if (sampling.frequency_penalty.value_or(0) != 0)
            losses_.add(Term::frequency_penalty, "DashScope has another measure of repetition");
        if (!sampling.stop.empty())
            parameters_["stop"] = sampling.stop;
        put("logprobs", sampling.logprobs);
        put("top_logprobs", sampling.top_logprobs);
        if (!sampling.logit_bias.empty())
            losses_.add(Term::logit_bias, "DashScope has no such setting");
        if (request_.choices > 1)
            parameters_["n"] = request_.choices;
    }

    /// Effort is said as the tokens that stand for it.
    void write_reasoning() {
        const auto& reasoning = request_.reasoning;
        auto on = thinks(reasoning);
        put("enable_thinking", on);
        if (!on.value_or(false))
            return;
        put("thinking_budget",
            reasoning.budget_tokens ? reasoning.budget_tokens : budget_of_effort(reasoning.effort));
    }

    void write_format() {
        const auto& format = request_.response_format;
        using Kind = llm::ResponseFormat::Kind;
        if (format.kind == Kind::text)
            parameters_["response_format"] = Json{{"type", "text"}};
        if (format.kind == Kind::json_object)
            parameters_["response_format"] = Json{{"type", "json_object"}};
        if (format.kind != Kind::json_schema)
            return;
        Json schema{{"name", format.name.empty() ? std::string("reply") : format.name}};
        if (!format.description.empty())
            schema["description"] = format.description;
        if (!format.schema.empty())
            schema["schema"] = embedded(format.schema);
        if (format.strict)
            schema["strict"] = *format.strict;
        parameters_["response_format"] =
            Json{{"type", "json_schema"}, {"json_schema", std::move(schema)}};
    }

    const llm::ChatRequest& request_;
    Losses losses_;
    bool multimodal_;
    Json messages_ = Json::array();
    Json parameters_ = Json::object();
};

}  // namespace

Result<WrittenRequest> write_dashscope_request(const llm::ChatRequest& request, const Dialect&) {
    return Writer(request).write();
}

}  // namespace obliv::wire
