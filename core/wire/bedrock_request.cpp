#include "core/wire/bedrock_parts.hpp"
#include "core/wire/claude_thinking.hpp"
#include "core/wire/effort.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

constexpr const char* no_such_thing = "Bedrock's Converse has no such thing";

class RequestWriter {
public:
    explicit RequestWriter(const ChatRequest& request)
        : request_(request), losses_(request, bedrock_name),
          family_(bedrock_family(request.model)) {}

    WrittenRequest write(const Dialect& dialect) {
        write_turns();
        write_inference();
        write_tools();
        write_top_k();
        write_thinking();
        write_format(dialect);
        write_rest();
        if (!more_.is_null())
            body_["additionalModelRequestFields"] = std::move(more_);
        losses_.add_foreign();
        WrittenRequest out;
        out.body = json_text(body_);
        out.losses = std::move(losses_).take();
        return out;
    }

private:
    /// The models that cache prompts at marked places; others refuse the marks.
    bool caches() const noexcept {
        return family_ == BedrockFamily::claude || family_ == BedrockFamily::nova;
    }

    void write_turns() {
        auto system = Json::array();
        auto turns = Json::array();
        for (const auto& message : request_.messages) {
            if (!message.name.empty())
                losses_.add(Term::message_name, "speakers have no names here");
            auto blocks = bedrock_blocks(message.content, caches(), losses_);
            if (message.role == Role::system || message.role == Role::developer)
                append(system, std::move(blocks));
            else
                add_turn(turns, message.role == Role::assistant ? "assistant" : "user",
                         std::move(blocks));
        }
        // Nothing but instructions: somebody has to say something.
        if (turns.empty() && !system.empty())
            add_turn(turns, "user", std::exchange(system, Json::array()));
        if (turns.empty())
            losses_.add("messages", nobody_speaks);
        if (!system.empty())
            body_["system"] = std::move(system);
        body_["messages"] = std::move(turns);
    }

    static void append(Json& to, Json blocks) {
        for (auto& block : blocks)
            to.push_back(std::move(block));
    }

    /// Roles have to alternate, and all results of a turn's calls to stand in one turn.
    static void add_turn(Json& turns, const char* role, Json blocks) {
        if (blocks.empty())
            return;
        if (!turns.empty() && turns.back()["role"] == role)
            return append(turns.back()["content"], std::move(blocks));
        turns.push_back({{"role", role}, {"content", std::move(blocks)}});
    }

    void write_inference() {
        const auto& sampling = request_.sampling;
        Json config;
        if (request_.output_tokens_max)
            config["maxTokens"] = *request_.output_tokens_max;
        if (sampling.temperature)
            config["temperature"] = std::min(*sampling.temperature, 1.0);
        if (sampling.top_p)
            config["topP"] = *sampling.top_p;
        if (!sampling.stop.empty())
            config["stopSequences"] = sampling.stop;
        if (!config.is_null())
            body_["inferenceConfig"] = std::move(config);
        lose_openai_only(request_, no_such_thing, losses_);
    }

    static Json specification(const string& name, const string& description,
                              const JsonText& parameters) {
        Json spec{{"name", name}};
        if (!description.empty())
            spec["description"] = description;
        auto schema = parameters.empty() ? Json::object() : embedded(parameters);
        if (schema.is_object() && !schema.contains("type"))
            schema["type"] = "object";
        spec["inputSchema"] = {{"json", std::move(schema)}};
        return spec;
    }

    void write_tools() {
        const auto& choice = request_.tool_choice;
        auto tools = Json::array();
        for (const auto& tool : request_.tools)
            add_tool(tool, tools);
        bool none = choice.kind == ToolChoice::Kind::none;
        // There is no word for "call none": no tools are named then. Those of earlier calls have to
        // be, whatever the choice.
        if (none || tools.empty())
            tools = called_before();
        if (tools.empty())
            return;
        body_["toolConfig"]["tools"] = std::move(tools);
        if (none)
            losses_.add(Term::tool_choice, "calls cannot be forbidden once there have been some");
        write_choice(choice);
    }

    void add_tool(const Tool& tool, Json& tools) {
        const auto& names = request_.tool_choice.allowed;
        if (tool.kind == Tool::Kind::custom)
            losses_.add("the custom tool '" + tool.name + "'",
                        "tools take JSON here, not free text");
        bool allowed =
            names.empty() || std::find(names.begin(), names.end(), tool.name) != names.end();
        if (tool.kind != Tool::Kind::function || !allowed)
            return;
        auto spec = specification(tool.name, tool.description, tool.parameters);
        if (tool.strict == true)
            spec["strict"] = true;
        tools.push_back({{"toolSpec", std::move(spec)}});
        if (!tool.cache_ttl.empty() && caches())
            tools.push_back({{"cachePoint", {{"type", "default"}}}});
    }

    Json called_before() const {
        std::set<string> names;
        for (const auto& message : request_.messages)
            for (const auto& part : message.content)
                if (const auto* call = std::get_if<ToolCall>(&part.what))
                    names.insert(call->name);
        auto tools = Json::array();
        for (const auto& name : names)
            tools.push_back({{"toolSpec", specification(name, "", "")}});
        return tools;
    }

    void write_choice(const ToolChoice& choice) {
        auto& config = body_["toolConfig"];
        if (choice.kind == ToolChoice::Kind::required)
            config["toolChoice"]["any"] = Json::object();
        else if (choice.kind == ToolChoice::Kind::named)
            config["toolChoice"]["tool"]["name"] = choice.name;
        else if (choice.kind == ToolChoice::Kind::automatic)
            config["toolChoice"]["auto"] = Json::object();
    }

    void write_top_k() {
        if (!request_.sampling.top_k)
            return;
        if (family_ == BedrockFamily::claude)
            more_["top_k"] = *request_.sampling.top_k;
        else if (family_ == BedrockFamily::nova)
            more_["inferenceConfig"]["topK"] = *request_.sampling.top_k;
        else
            losses_.add(Term::top_k, "this model is not known to take it");
    }

    /// Each vendor has its own words; the recorded calls show Claude's, Nova's, OpenAI's and
    /// Qwen's.
    void write_thinking() {
        if (family_ == BedrockFamily::claude)
            return write_claude_thinking();
        auto effort = effort_of(request_.reasoning);
        if (thinks(request_.reasoning) != true)
            return;
        string_view level = effort == "minimal"                    ? "low"
                            : effort == "xhigh" || effort == "max" ? "high"
                                                                   : effort;
        switch (family_) {
        case BedrockFamily::nova:
            more_["reasoningConfig"] = {{"type", "enabled"}, {"maxReasoningEffort", level}};
            return;
        case BedrockFamily::gpt_oss:
            more_["reasoning_effort"] = level;
            return;
        case BedrockFamily::qwen:
            more_["reasoning_config"] = level;
            return;
        case BedrockFamily::claude:
        case BedrockFamily::other:
            losses_.add(Term::reasoning_effort, "this model is not known to take it");
        }
    }

    void write_claude_thinking() {
        auto thinking = claude_thinking(request_, calls_without_thought());
        using Form = ClaudeThinking::Form;
        if (thinking.form == Form::disabled)
            more_["thinking"]["type"] = "disabled";
        if (thinking.form == Form::adaptive) {
            more_["thinking"]["type"] = "adaptive";
            more_["output_config"]["effort"] = thinking.effort;
        }
        if (thinking.form == Form::budget)
            more_["thinking"] = {{"type", "enabled"}, {"budget_tokens", thinking.budget_tokens}};
        if (thinking.thinks())
            lose_sampling();
    }

    bool calls_without_thought() const {
        const auto& turns = body_["messages"];
        for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
            const auto& content = (*turn)["content"];
            bool calls = std::any_of(content.begin(), content.end(),
                                     [](const Json& block) { return block.contains("toolUse"); });
            if (calls)
                return !content.front().contains("reasoningContent");
        }
        return false;
    }

    void lose_sampling() {
        if (!body_.contains("inferenceConfig"))
            return;
        auto& config = body_["inferenceConfig"];
        if (config.contains("temperature") && config["temperature"] != 1.0) {
            config.erase("temperature");
            losses_.add(Term::temperature, "it cannot be set while the model thinks");
        }
    }

    void write_format(const Dialect& dialect) {
        const auto& format = request_.response_format;
        if (format.kind == ResponseFormat::Kind::json_object)
            losses_.add(Term::response_format, "it takes a schema, not 'any JSON'");
        if (format.kind != ResponseFormat::Kind::json_schema)
            return;
        if (!dialect.json_schema)
            return losses_.add(Term::response_format, "this provider takes no schema");
        Json schema{{"schema", format.schema}};
        if (!format.name.empty())
            schema["name"] = format.name;
        if (!format.description.empty())
            schema["description"] = format.description;
        Json text{{"type", "json_schema"}};
        text["structure"]["jsonSchema"] = std::move(schema);
        body_["outputConfig"]["textFormat"] = std::move(text);
    }

    void write_rest() {
        const auto& tier = request_.service_tier;
        if (tier == "priority" || tier == "flex")
            body_["serviceTier"]["type"] = tier;
        else if (!is_usual_tier(tier))
            losses_.add(Term::service_tier, "there is no such tier");
    }

    const ChatRequest& request_;
    Losses losses_;
    BedrockFamily family_;
    Json body_;
    Json more_;  ///< what Converse hands to the model as it is
};

}  // namespace

BedrockFamily bedrock_family(string_view model) noexcept {
    auto has = [&](string_view word) { return model.find(word) != string_view::npos; };
    return has("claude")    ? BedrockFamily::claude
           : has("nova")    ? BedrockFamily::nova
           : has("gpt-oss") ? BedrockFamily::gpt_oss
           : has("qwen")    ? BedrockFamily::qwen
                            : BedrockFamily::other;
}

Result<WrittenRequest> write_bedrock_request(const ChatRequest& request, const Dialect& dialect) {
    return RequestWriter(request).write(dialect);
}

}  // namespace obliv::wire
