#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/ollama.hpp"
#include "core/wire/parts.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

class Writer {
public:
    explicit Writer(const llm::ChatRequest& request)
        : request_(request), losses_(request, "ollama") {}

    WrittenRequest write() {
        body_["model"] = request_.model;
        body_["messages"] = Json::array();
        for (const auto& message : request_.messages)
            write_message(message);
        write_tools();
        // Streaming is Ollama's default, so it is always said.
        body_["stream"] = request_.stream;
        write_format();
        write_think();
        write_options();
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
            losses_.add(Term::message_name, "Ollama does not name speakers");
        for (const auto& part : message.content)
            if (const auto* result = std::get_if<llm::ToolResult>(&part.what))
                write_result(*result);
        bool assistant = message.role == llm::Role::assistant;
        bool system = message.role == llm::Role::system || message.role == llm::Role::developer;
        Json out{{"role", assistant ? "assistant"
                          : system  ? "system"
                                    : "user"},
                 {"content", joined_texts(message.content)}};
        bool said = out["content"] != "";
        said = write_media(message.content, out) || said;
        said = (assistant && write_thoughts_and_calls(message, out)) || said;
        if (said)
            body_["messages"].push_back(std::move(out));
    }

    bool write_media(const std::vector<llm::Part>& parts, Json& out) {
        Json images = Json::array();
        for (const auto& part : parts) {
            const auto* media = std::get_if<llm::Media>(&part.what);
            if (media == nullptr || document_text(*media))
                continue;
            if (media->kind == llm::Media::Kind::image &&
                media->source == llm::Media::Source::base64)
                images.push_back(media->data);
            else
                losses_.add(media_field(*media), "Ollama takes the bytes of images, and text");
        }
        if (images.empty())
            return false;
        out["images"] = std::move(images);
        return true;
    }

    bool write_thoughts_and_calls(const llm::Message& message, Json& out) {
        std::string thoughts;
        Json calls = Json::array();
        for (const auto& part : message.content) {
            if (const auto* thought = std::get_if<llm::Thinking>(&part.what))
                thoughts += thought->text;
            else if (const auto* call = std::get_if<llm::ToolCall>(&part.what))
                calls.push_back(call_json(*call, calls.size()));
        }
        bool any = !thoughts.empty() || !calls.empty();
        if (!thoughts.empty())
            out["thinking"] = std::move(thoughts);
        if (!calls.empty())
            out["tool_calls"] = std::move(calls);
        return any;
    }

    /// Arguments are an object here, so those that are none cannot be said.
    Json call_json(const llm::ToolCall& call, std::size_t index) {
        names_[call.id] = call.name;
        auto arguments = call.arguments.empty() ? Json::object() : embedded(call.arguments);
        if (call.custom || !arguments.is_object()) {
            losses_.add("the arguments of a tool call", "Ollama takes a JSON object");
            arguments = Json::object();
        }
        Json out = Json::object();
        if (!call.id.empty())
            out["id"] = call.id;
        out["function"] =
            Json{{"index", index}, {"name", call.name}, {"arguments", std::move(arguments)}};
        return out;
    }

    void write_result(const llm::ToolResult& result) {
        auto text = joined_texts(result.content);
        if (result.is_error)
            text = text.empty() ? "The tool failed." : "The tool failed.\n" + text;
        Json out{{"role", "tool"}, {"content", std::move(text)}};
        auto known = names_.find(result.call_id);
        auto name = !result.name.empty()    ? result.name
                    : known != names_.end() ? known->second
                                            : std::string();
        if (!name.empty())
            out["tool_name"] = name;
        if (!result.call_id.empty())
            out["tool_call_id"] = result.call_id;
        write_media(result.content, out);
        body_["messages"].push_back(std::move(out));
    }

    void write_tools() {
        using Kind = llm::ToolChoice::Kind;
        auto kind = request_.tool_choice.kind;
        Json tools = Json::array();
        for (const auto& tool : request_.tools) {
            if (tool.kind == llm::Tool::Kind::custom)
                losses_.add("the tool '" + tool.name + "'", "Ollama has functions only");
            if (tool.kind == llm::Tool::Kind::function && may_be_called(request_.tool_choice, tool))
                tools.push_back(tool_json(tool));
            if (tool.strict == true)
                losses_.add(Term::tool_strict, "Ollama cannot be held to a schema of arguments");
        }
        if (tools.empty())
            return;
        if (kind == Kind::required || kind == Kind::named)
            losses_.add(Term::tool_choice,
                        "Ollama's models decide themselves whether to call a tool");
        if (kind != Kind::none)
            body_["tools"] = std::move(tools);
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

    void write_format() {
        const auto& format = request_.response_format;
        using Kind = llm::ResponseFormat::Kind;
        if (format.kind == Kind::json_schema && !format.schema.empty())
            body_["format"] = embedded(format.schema);
        else if (format.kind == Kind::json_schema || format.kind == Kind::json_object)
            body_["format"] = "json";
    }

    /// Three degrees at most: what lies outside them becomes the nearest.
    void write_think() {
        const auto& reasoning = request_.reasoning;
        const auto& effort = reasoning.effort;
        if (reasoning.enabled == false || effort == "none")
            body_["think"] = false;
        else if (effort == "minimal" || effort == "low")
            body_["think"] = "low";
        else if (effort == "medium")
            body_["think"] = "medium";
        else if (!effort.empty())
            body_["think"] = "high";
        else if (reasoning.enabled == true || reasoning.adaptive == true || reasoning.budget_tokens)
            body_["think"] = true;
        if (reasoning.budget_tokens && reasoning.enabled != false)
            losses_.add(Term::reasoning_budget, "Ollama has no limit for thought");
    }

    template <typename Value>
    static void put(Json& to, std::string_view name, const std::optional<Value>& value) {
        if (value)
            to[std::string(name)] = *value;
    }

    void write_options() {
        const auto& sampling = request_.sampling;
        Json options = Json::object();
        put(options, "num_predict", request_.output_tokens_max);
        put(options, "temperature", sampling.temperature);
        put(options, "top_p", sampling.top_p);
        put(options, "top_k", sampling.top_k);
        put(options, "frequency_penalty", sampling.frequency_penalty);
        put(options, "presence_penalty", sampling.presence_penalty);
        put(options, "seed", sampling.seed);
        if (!sampling.stop.empty())
            options["stop"] = sampling.stop;
        if (!options.empty())
            body_["options"] = std::move(options);
        put(body_, "logprobs", sampling.logprobs);
        put(body_, "top_logprobs", sampling.top_logprobs);
        if (!sampling.logit_bias.empty())
            losses_.add(Term::logit_bias, "Ollama has no such setting");
    }

    void write_unsaid() {
        if (request_.choices > 1)
            losses_.add(Term::choices, "Ollama gives one reply to a request");
        losses_.add_beyond_text("Ollama");
        losses_.add_citations("Ollama");
    }

    const llm::ChatRequest& request_;
    Losses losses_;
    Json body_ = Json::object();
    std::map<std::string, std::string> names_;  ///< of the tools, by the ids of their calls
};

}  // namespace

Result<WrittenRequest> write_ollama_request(const llm::ChatRequest& request, const Dialect&) {
    return Writer(request).write();
}

}  // namespace obliv::wire
