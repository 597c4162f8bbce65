#include "core/wire/json.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/parts.hpp"
#include "core/wire/spark.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

// `uid`, says the reference, has up to 32 characters.
constexpr std::size_t uid_bytes_max = 32;

class Writer {
public:
    explicit Writer(const llm::ChatRequest& request)
        : request_(request), losses_(request, "spark") {}

    WrittenRequest write() {
        for (const auto& message : request_.messages)
            write_message(message);
        write_chat();
        write_unsaid();
        losses_.add_foreign();
        Json header = Json::object();
        if (!request_.user.empty() && request_.user.size() <= uid_bytes_max)
            header["uid"] = request_.user;
        Json payload{{"message", Json{{"text", std::move(texts_)}}}};
        if (auto functions = functions_json(); !functions.empty())
            payload["functions"]["text"] = std::move(functions);
        Json body{{"header", std::move(header)},
                  {"parameter", Json{{"chat", std::move(chat_)}}},
                  {"payload", std::move(payload)}};
        return {json_text(body), {}, std::move(losses_).take()};
    }

private:
    void say(std::string_view role, std::string text) {
        if (!text.empty())
            texts_.push_back(Json{{"role", role}, {"content", std::move(text)}});
    }

    void write_message(const llm::Message& message) {
        if (!message.name.empty())
            losses_.add(Term::message_name, "Spark does not name speakers");
        bool assistant = message.role == llm::Role::assistant;
        bool system = message.role == llm::Role::system || message.role == llm::Role::developer;
        for (const auto& part : message.content)
            if (const auto* result = std::get_if<llm::ToolResult>(&part.what))
                write_result(*result);
        note_media(message.content);
        say(assistant ? "assistant" : system ? "system" : "user", joined_texts(message.content));
        for (const auto& part : message.content)
            if (const auto* call = std::get_if<llm::ToolCall>(&part.what))
                write_call(*call);
    }

    void note_media(const std::vector<llm::Part>& parts) {
        for (const auto& part : parts)
            if (const auto* media = std::get_if<llm::Media>(&part.what);
                media && !document_text(*media))
                losses_.add(media_field(*media), "Spark's models take text only here");
    }

    // The format has no place for calls and results that were made before: they are told in the
    // words in which the model would have said them.

    void write_call(const llm::ToolCall& call) {
        names_[call.id] = call.name;
        if (call.custom)
            losses_.add("a call of a custom tool", "Spark has functions only");
        Json said{{"name", call.name},
                  {"arguments", call.arguments.empty() ? "{}" : call.arguments}};
        say("assistant", Json{{"function_call", std::move(said)}}.dump(
                             -1, ' ', false, Json::error_handler_t::replace));
    }

    void write_result(const llm::ToolResult& result) {
        note_media(result.content);
        auto known = names_.find(result.call_id);
        auto name = !result.name.empty() || known == names_.end() ? result.name : known->second;
        std::string said = result.is_error ? "The function failed" : "The result of the function";
        if (!name.empty())
            said += " " + name;
        say("user", said + ":\n" + joined_texts(result.content));
    }

    Json functions_json() {
        using Kind = llm::ToolChoice::Kind;
        auto kind = request_.tool_choice.kind;
        Json out = Json::array();
        for (const auto& tool : request_.tools) {
            if (tool.kind == llm::Tool::Kind::custom)
                losses_.add("the tool '" + tool.name + "'", "Spark has functions only");
            if (tool.kind == llm::Tool::Kind::function &&
                may_be_called(request_.tool_choice, tool) && kind != Kind::none)
                out.push_back(function_json(tool));
        }
        return out;
    }

    static Json function_json(const llm::Tool& tool) {
        Json function{{"name", tool.name}, {"description", tool.description}};
        function["parameters"] = tool.parameters.empty()
                                     ? Json{{"type", "object"}, {"properties", Json::object()}}
                                     : embedded(tool.parameters);
        return function;
    }

    template <typename Value>
    void put(std::string_view name, const std::optional<Value>& value) {
        if (value)
            chat_[std::string(name)] = *value;
    }

    void write_chat() {
        const auto& sampling = request_.sampling;
        chat_["domain"] = request_.model;
        put("temperature", sampling.temperature);
        put("top_k", sampling.top_k);
        put("max_tokens", request_.output_tokens_max);
    }

    /// Whether anything but the default was asked for.
    void refuse(bool asked, Term term) {
        if (asked)
            losses_.add(term, "Spark's WebSocket has no such setting");
    }

    void write_unsaid() {
        using Choice = llm::ToolChoice::Kind;
        using Format = llm::ResponseFormat::Kind;
        const auto& sampling = request_.sampling;
        const auto& reasoning = request_.reasoning;
        auto choice = request_.tool_choice.kind;
        auto format = request_.response_format.kind;
        refuse(sampling.top_p.value_or(1) != 1, Term::top_p);
        refuse(sampling.frequency_penalty.value_or(0) != 0, Term::frequency_penalty);
        refuse(sampling.presence_penalty.value_or(0) != 0, Term::presence_penalty);
        refuse(sampling.seed.has_value(), Term::seed);
        refuse(!sampling.stop.empty(), Term::stop);
        refuse(sampling.logprobs.value_or(false), Term::logprobs);
        refuse(sampling.top_logprobs.value_or(0) > 0, Term::top_logprobs);
        refuse(!sampling.logit_bias.empty(), Term::logit_bias);
        refuse(!reasoning.effort.empty() && reasoning.effort != "none", Term::reasoning_effort);
        refuse(reasoning.budget_tokens.has_value(), Term::reasoning_budget);
        refuse(choice == Choice::required || choice == Choice::named, Term::tool_choice);
        refuse(format == Format::json_object || format == Format::json_schema,
               Term::response_format);
        refuse(request_.choices > 1, Term::choices);
        refuse(!only_text(request_.modalities), Term::modalities);
        refuse(!request_.audio.empty(), Term::audio);
        refuse(!is_usual_tier(request_.service_tier), Term::service_tier);
        for (const auto& tool : request_.tools)
            refuse(tool.strict == true, Term::tool_strict);
        if (!request_.verbosity.empty())
            losses_.add("verbosity", "Spark's WebSocket has no such setting");
        losses_.add_citations("Spark");
    }

    const llm::ChatRequest& request_;
    Losses losses_;
    Json texts_ = Json::array();
    Json chat_ = Json::object();
    std::map<std::string, std::string> names_;  ///< of the tools, by the ids of their calls
};

}  // namespace

Result<WrittenRequest> write_spark_request(const llm::ChatRequest& request, const Dialect&) {
    return Writer(request).write();
}

}  // namespace obliv::wire
