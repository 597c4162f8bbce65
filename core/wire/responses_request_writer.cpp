#include "core/wire/effort.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/responses_input.hpp"
#include "core/wire/responses_wire.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

/// Writes one request; `losses_` gathers what the API has no word for.
class RequestWriter {
public:
    RequestWriter(const llm::ChatRequest& request, const Dialect& dialect)
        : request_(request), dialect_(dialect), losses_(request, responses_name) {}

    WrittenRequest write() && {
        body_["model"] = request_.model;
        messages();
        if (request_.stream)
            body_["stream"] = true;
        sampling();
        text();
        reasoning();
        tools();
        tool_choice();
        rest();
        extras();
        include();
        losses_.add_foreign();
        lose_parts();
        WrittenRequest out;
        out.body = json_text(body_);
        out.losses = std::move(losses_).take();
        return out;
    }

private:
    template <typename T>
    void put(const char* name, const std::optional<T>& value) {
        if (value)
            body_[name] = *value;
    }
    void put(const char* name, const std::string& value) {
        if (!value.empty())
            body_[name] = value;
    }

    /// A system prompt of one text that opens the conversation is what `instructions` are.
    void messages() {
        const auto& messages = request_.messages;
        bool opens = !messages.empty() && messages[0].role == llm::Role::system &&
                     messages[0].content.size() == 1 && messages[0].name.empty();
        const auto* text = opens ? std::get_if<llm::Text>(&messages[0].content[0].what) : nullptr;
        if (text != nullptr)
            body_["instructions"] = text->text;
        body_["input"] = responses_items(request_, text == nullptr ? 0 : 1);
    }

    void sampling() {
        const auto& sampling = request_.sampling;
        put("max_output_tokens", request_.output_tokens_max);
        put("temperature", sampling.temperature);
        put("top_p", sampling.top_p);
        put("top_logprobs", sampling.top_logprobs);
        constexpr std::string_view why = "the Responses API has no such field";
        auto lose = [&](bool given, Term term) {
            if (given)
                losses_.add(term, std::string(why));
        };
        lose(sampling.top_k.has_value(), Term::top_k);
        lose(sampling.frequency_penalty.value_or(0) != 0, Term::frequency_penalty);
        lose(sampling.presence_penalty.value_or(0) != 0, Term::presence_penalty);
        lose(sampling.seed.has_value(), Term::seed);
        lose(!sampling.stop.empty(), Term::stop);
        lose(!sampling.logit_bias.empty() && sampling.logit_bias != "{}", Term::logit_bias);
        lose(request_.choices > 1, Term::choices);
        lose(!request_.audio.empty(), Term::audio);
        bool only_text = std::all_of(request_.modalities.begin(), request_.modalities.end(),
                                     [](const std::string& word) { return word == "text"; });
        lose(!only_text, Term::modalities);
    }

    void text() {
        const auto& format = request_.response_format;
        using Kind = llm::ResponseFormat::Kind;
        if (format.kind == Kind::text || format.kind == Kind::json_object) {
            auto type = format.kind == Kind::text ? "text" : "json_object";
            body_["text"]["format"]["type"] = type;
        } else if (format.kind == Kind::json_schema) {
            auto& out = body_["text"]["format"];
            out["type"] = "json_schema";
            out["name"] = format.name.empty() ? std::string("response") : format.name;
            if (!format.description.empty())
                out["description"] = format.description;
            out["schema"] = embedded(format.schema);
            if (format.strict)
                out["strict"] = *format.strict;
        }
        if (!request_.verbosity.empty())
            body_["text"]["verbosity"] = request_.verbosity;
    }

    void reasoning() {
        const auto& reasoning = request_.reasoning;
        auto effort = effort_of(reasoning);
        if (!effort.empty())
            body_["reasoning"]["effort"] = effort;
        auto summary = reasoning.summary;
        if (summary.empty() && reasoning.shown.value_or(false))
            summary = "auto";
        if (!summary.empty())
            body_["reasoning"]["summary"] = summary;
    }

    void tools() {
        for (const auto& tool : request_.tools)
            if (tool.kind != llm::Tool::Kind::built_in)
                body_["tools"].push_back(client_tool(tool));
            else if (tool.wire == responses_name)
                body_["tools"].push_back(embedded(tool.definition));
    }

    Json client_tool(const llm::Tool& tool) const {
        bool custom = tool.kind == llm::Tool::Kind::custom;
        Json out = {{"type", custom ? "custom" : "function"}, {"name", tool.name}};
        if (!tool.description.empty())
            out["description"] = tool.description;
        if (custom) {
            if (!tool.definition.empty())
                out["format"] = custom_format(embedded(tool.definition));
            return out;
        }
        if (!tool.parameters.empty())
            out["parameters"] = embedded(tool.parameters);
        else if (!losses_.same_wire())
            out["parameters"] = {{"type", "object"}, {"properties", Json::object()}};
        // Unsaid means strict here and the opposite everywhere else.
        if (tool.strict)
            out["strict"] = *tool.strict;
        else if (!losses_.same_wire())
            out["strict"] = false;
        return out;
    }

    /// Chat completions put a grammar into an object of its own.
    static Json custom_format(Json format) {
        if (const auto* grammar = member(format, "grammar"); grammar != nullptr) {
            Json out = {{"type", "grammar"}};
            for (const auto& [name, value] : grammar->items())
                out[name] = value;
            return out;
        }
        return format;
    }

    Json named(const std::string& name) const {
        auto tool = std::find_if(request_.tools.begin(), request_.tools.end(),
                                 [&](const llm::Tool& each) { return each.name == name; });
        bool custom = tool != request_.tools.end() && tool->kind == llm::Tool::Kind::custom;
        return {{"type", custom ? "custom" : "function"}, {"name", name}};
    }

    void tool_choice() {
        const auto& choice = request_.tool_choice;
        using Kind = llm::ToolChoice::Kind;
        if (choice.kind == Kind::named) {
            body_["tool_choice"] = named(choice.name);
            return;
        }
        auto word = choice.kind == Kind::none       ? "none"
                    : choice.kind == Kind::required ? "required"
                                                    : "auto";
        if (!choice.allowed.empty()) {
            Json out = {{"type", "allowed_tools"}, {"mode", word}, {"tools", Json::array()}};
            for (const auto& name : choice.allowed)
                out["tools"].push_back(named(name));
            body_["tool_choice"] = std::move(out);
        } else if (choice.kind != Kind::unset) {
            body_["tool_choice"] = word;
        }
    }

    void rest() {
        if (dialect_.parallel_tool_calls)
            put("parallel_tool_calls", request_.parallel_tool_calls);
        put("user", request_.user);
        put("service_tier", request_.service_tier);
        if (!request_.metadata.empty())
            body_["metadata"] = embedded(request_.metadata);
        put("prompt_cache_key", request_.prompt_cache_key);
        put("safety_identifier", request_.safety_identifier);
        // Kept by default here and nowhere else: who has not asked for it does not get it.
        if (request_.store || !losses_.same_wire())
            body_["store"] = request_.store.value_or(false);
    }

    /// `text.format` goes into the object `text`, `include` is joined with what is asked for
    /// elsewhere.
    void extras() {
        if (!losses_.same_wire())
            return;
        for (const auto& extra : request_.extras) {
            auto dot = extra.name.find('.');
            if (dot == std::string::npos)
                body_[extra.name] = embedded(extra.value);
            else
                body_[extra.name.substr(0, dot)][extra.name.substr(dot + 1)] =
                    embedded(extra.value);
        }
    }

    void include() {
        if (request_.sampling.logprobs.value_or(false))
            body_["include"].push_back("message.output_text.logprobs");
        // The provider keeps nothing, so what it has thought must travel with the conversation.
        bool thinks = body_.contains("reasoning") && body_["reasoning"] != none_;
        if (!losses_.same_wire() && thinks)
            body_["include"].push_back("reasoning.encrypted_content");
    }

    void lose_parts() {
        losses_.add_citations("the Responses API");
        for (const auto& message : request_.messages) {
            if (!message.name.empty())
                losses_.add(Term::message_name, "messages of the Responses API have no names");
            for (const auto& part : message.content)
                lose_part(part);
        }
    }

    void lose_part(const llm::Part& part) {
        if (const auto* media = std::get_if<llm::Media>(&part.what)) {
            if (media->kind == llm::Media::Kind::video)
                losses_.add("a video in a message", "the Responses API takes none");
            if (media->kind == llm::Media::Kind::audio &&
                media->source != llm::Media::Source::base64)
                losses_.add("the address of a sound", "the Responses API takes its bytes only");
        } else if (const auto* result = std::get_if<llm::ToolResult>(&part.what)) {
            for (const auto& inner : result->content)
                lose_part(inner);
        }
    }

    const llm::ChatRequest& request_;
    const Dialect& dialect_;
    Losses losses_;
    Json body_ = Json::object();
    const Json none_ = {{"effort", "none"}};
};

}  // namespace

Result<WrittenRequest> write_responses_request(const llm::ChatRequest& request,
                                               const Dialect& dialect) {
    return RequestWriter(request, dialect).write();
}

}  // namespace obliv::wire
