#include "core/wire/anthropic_parts.hpp"
#include "core/wire/claude_model.hpp"
#include "core/wire/claude_thinking.hpp"
#include "core/wire/losses.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

// Enough for an answer and within what every model since 2024 takes; a dialect knows better.
constexpr std::int64_t output_tokens_default = 8'192;

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const Dialect& dialect)
        : request_(request), dialect_(dialect), losses_(request, anthropic_name) {}

    WrittenRequest write(bool vertex) {
        if (vertex)
            body_["anthropic_version"] = "vertex-2023-10-16";
        else
            body_["model"] = request_.model;
        write_limit();
        write_turns();
        write_tools();
        write_tool_choice();
        write_sampling();
        write_thinking();
        write_format();
        write_rest();
        if (request_.stream)
            body_["stream"] = true;
        losses_.add_foreign();
        return finish();
    }

private:
    bool same_wire() const noexcept { return losses_.same_wire(); }

    /// The limit is required here; other formats leave it to the provider.
    void write_limit() {
        auto fallback = dialect_.output_tokens_default > 0 ? dialect_.output_tokens_default
                                                           : output_tokens_default;
        body_["max_tokens"] = request_.output_tokens_max.value_or(fallback);
    }

    void write_turns() {
        for (const auto& message : request_.messages)
            add_message(message);
        // Nothing but instructions: a client of this format put them among the turns, and those of
        // others are told as what the user says, because somebody has to say something.
        if (turns_.empty() && !system_.empty())
            turns_.push_back({{"role", same_wire() ? "system" : "user"},
                              {"content", std::exchange(system_, {})}});
        if (turns_.empty() && !same_wire())
            losses_.add("messages", nobody_speaks);
        if (!system_.empty())
            body_["system"] = content_of(std::move(system_));
        for (auto& turn : turns_)
            turn["content"] = content_of(std::move(turn["content"]));
        body_["messages"] = std::move(turns_);
    }

    void add_message(const Message& message) {
        if (!message.name.empty())
            losses_.add(Term::message_name, "speakers have no names here");
        bool instruction = message.role == Role::system || message.role == Role::developer;
        auto blocks = anthropic_blocks(message.content, losses_);
        // Instructions stand in front. Only a client of this format may have put one among the
        // turns, where its newest models take it.
        if (!instruction)
            add_turn(message.role == Role::assistant ? "assistant" : "user", std::move(blocks));
        else if (turns_.empty() || !same_wire())
            append(system_, std::move(blocks));
        else
            add_turn("system", std::move(blocks));
    }

    static void append(Json& to, Json blocks) {
        for (auto& block : blocks)
            to.push_back(std::move(block));
    }

    /// Roles alternate: what one side says in a row is one turn, as are all results of its calls.
    void add_turn(const char* role, Json blocks) {
        if (!turns_.empty() && turns_.back()["role"] == role)
            return append(turns_.back()["content"], std::move(blocks));
        // A turn without content is refused; other formats have them as a matter of course.
        if (blocks.empty() && !same_wire())
            return;
        turns_.push_back({{"role", role}, {"content", std::move(blocks)}});
    }

    /// One plain text is sent as a string, which every host that speaks this format knows.
    static Json content_of(Json blocks) {
        bool plain = blocks.size() == 1 && blocks[0]["type"] == "text" && blocks[0].size() == 2;
        return plain ? Json(blocks[0]["text"]) : std::move(blocks);
    }

    bool allowed(const Tool& tool) const {
        const auto& names = request_.tool_choice.allowed;
        return names.empty() || std::find(names.begin(), names.end(), tool.name) != names.end();
    }

    void write_tools() {
        for (const auto& tool : request_.tools) {
            if (tool.kind == Tool::Kind::built_in && tool.wire == anthropic_name)
                body_["tools"].push_back(embedded(tool.definition));
            else if (tool.kind == Tool::Kind::custom)
                losses_.add("the custom tool '" + tool.name + "'",
                            "tools take JSON here, not free text");
            else if (tool.kind == Tool::Kind::function && allowed(tool))
                body_["tools"].push_back(function(tool));
        }
    }

    /// Of an object, said outright.
    Json schema_of(const Tool& tool) const {
        auto schema = tool.parameters.empty() ? Json::object() : embedded(tool.parameters);
        if (same_wire() || !schema.is_object() || schema.contains("type"))
            return schema;
        schema["type"] = "object";
        if (!schema.contains("properties"))
            schema["properties"] = Json::object();
        return schema;
    }

    Json function(const Tool& tool) const {
        Json out{{"name", tool.name}};
        if (!tool.description.empty() || same_wire())
            out["description"] = tool.description;
        out["input_schema"] = schema_of(tool);
        if (tool.strict && (*tool.strict || same_wire()))
            out["strict"] = *tool.strict;
        write_cache_control(tool.cache_ttl, out);
        if (same_wire())
            write_extras(tool.extras, out);
        return out;
    }

    static const char* choice_type(ToolChoice::Kind kind) noexcept {
        switch (kind) {
        case ToolChoice::Kind::none:
            return "none";
        case ToolChoice::Kind::required:
            return "any";
        case ToolChoice::Kind::named:
            return "tool";
        case ToolChoice::Kind::unset:
        case ToolChoice::Kind::automatic:
            break;
        }
        return "auto";
    }

    void write_tool_choice() {
        using Kind = ToolChoice::Kind;
        const auto& choice = request_.tool_choice;
        bool sequential = request_.parallel_tool_calls == false;
        bool nothing_to_choose = !body_.contains("tools") && !same_wire();
        if (nothing_to_choose || (choice.kind == Kind::unset && !sequential))
            return;
        Json out{{"type", choice_type(choice.kind)}};
        if (choice.kind == Kind::named)
            out["name"] = choice.name;
        bool said = sequential || (same_wire() && request_.parallel_tool_calls);
        if (said && choice.kind != Kind::none)
            out["disable_parallel_tool_use"] = sequential;
        body_["tool_choice"] = std::move(out);
    }

    void write_sampling() {
        const auto& sampling = request_.sampling;
        if (sampling.temperature)
            body_["temperature"] =
                same_wire() ? *sampling.temperature : std::min(*sampling.temperature, 1.0);
        // 1 says nothing, and some models refuse it beside a temperature.
        if (sampling.top_p && (*sampling.top_p != 1.0 || same_wire()))
            body_["top_p"] = *sampling.top_p;
        if (sampling.top_k)
            body_["top_k"] = *sampling.top_k;
        if (!sampling.stop.empty())
            body_["stop_sequences"] = sampling.stop;
        lose_openai_only(request_, "Anthropic's messages have no such thing", losses_);
    }

    void write_thinking() {
        if (same_wire())
            return write_thinking_as_said();
        auto thinking = claude_thinking(request_, calls_without_thought());
        using Form = ClaudeThinking::Form;
        if (thinking.form == Form::disabled)
            body_["thinking"]["type"] = "disabled";
        if (thinking.form == Form::adaptive) {
            body_["thinking"]["type"] = "adaptive";
            if (request_.reasoning.shown == true || !request_.reasoning.summary.empty())
                body_["thinking"]["display"] = "summarized";
            body_["output_config"]["effort"] = thinking.effort;
        }
        if (thinking.form == Form::budget) {
            body_["thinking"] = {{"type", "enabled"}, {"budget_tokens", thinking.budget_tokens}};
            // Without a limit of the caller's own the words keep what they would have had.
            if (!request_.output_tokens_max)
                body_["max_tokens"] =
                    body_["max_tokens"].get<std::int64_t>() + thinking.budget_tokens;
        }
        lose_sampling(thinking.thinks());
    }

    void write_thinking_as_said() {
        const auto& reasoning = request_.reasoning;
        if (!reasoning.effort.empty())
            body_["output_config"]["effort"] = reasoning.effort;
        Json thinking;
        if (reasoning.enabled)
            thinking["type"] = *reasoning.enabled ? "enabled" : "disabled";
        else if (reasoning.adaptive == true)
            thinking["type"] = "adaptive";
        else
            return;
        if (reasoning.budget_tokens)
            thinking["budget_tokens"] = *reasoning.budget_tokens;
        if (reasoning.shown)
            thinking["display"] = *reasoning.shown ? "summarized" : "omitted";
        body_["thinking"] = std::move(thinking);
    }

    /// Whether the last turn that calls tools does not begin with a thought, which it has to when
    /// the model is given a budget. Clients of other formats have nowhere to keep them.
    bool calls_without_thought() const {
        const auto& turns = body_["messages"];
        for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
            const auto& content = (*turn)["content"];
            if ((*turn)["role"] != "assistant" || !content.is_array())
                continue;
            bool calls = std::any_of(content.begin(), content.end(), [](const Json& block) {
                return string_in(block, "type") == "tool_use";
            });
            if (calls)
                return !string_in(content.front(), "type").ends_with("thinking");
        }
        return false;
    }

    /// A model that thinks takes its own sampling, and the newest take no other at all.
    void lose_sampling(bool thinking) {
        constexpr double top_p_min = 0.95;
        bool fixed = thinking || !claude_model(request_.model).takes_sampling();
        auto drop = [&](const char* name, Term term, bool unusual) {
            if (!fixed || !body_.contains(name))
                return;
            if (unusual)
                losses_.add(term, "this model, or one that thinks, takes no other than its own");
            body_.erase(name);
        };
        drop("temperature", Term::temperature, request_.sampling.temperature.value_or(1) != 1);
        drop("top_p", Term::top_p, request_.sampling.top_p.value_or(1) < top_p_min);
        drop("top_k", Term::top_k, true);
    }

    void write_format() {
        const auto& format = request_.response_format;
        if (format.kind == ResponseFormat::Kind::json_object)
            losses_.add(Term::response_format, "it takes a schema, not 'any JSON'");
        if (format.kind != ResponseFormat::Kind::json_schema)
            return;
        if (!dialect_.json_schema)
            return losses_.add(Term::response_format, "this provider takes no schema");
        body_["output_config"]["format"] = {{"type", "json_schema"},
                                            {"schema", embedded(format.schema)}};
    }

    void write_rest() {
        write_tier();
        const auto& user = request_.user.empty() ? request_.safety_identifier : request_.user;
        if (!user.empty())
            body_["metadata"]["user_id"] = user;
        if (!same_wire())
            return;
        if (!request_.metadata.empty())
            for (const auto& metadata = embedded(request_.metadata);
                 const auto& [name, value] : metadata.items())
                body_["metadata"][name] = value;
        for (const auto& extra : request_.extras)
            write_extra(extra);
    }

    void write_extra(const Extra& extra) {
        auto value = embedded(extra.value);
        // The header came as a hint; a member of the body that has its name is none.
        if (extra.name == "anthropic-beta" && extra.hint && value.is_string()) {
            headers_.emplace_back(extra.name, value.get<string>());
        } else if (extra.name == "output_config" && value.is_object()) {
            for (const auto& [name, inner] : value.items())
                body_["output_config"][name] = inner;
        } else {
            body_[extra.name] = std::move(value);
        }
    }

    void write_tier() {
        const auto& tier = request_.service_tier;
        if (tier.empty())
            return;
        if (tier == "default")
            body_["service_tier"] = "standard_only";
        else if (tier == "auto" || tier == "priority" || same_wire())
            body_["service_tier"] = tier == "priority" ? "auto" : tier;
        else
            losses_.add(Term::service_tier, "there is no such tier");
    }

    WrittenRequest finish() {
        WrittenRequest out;
        out.body = json_text(body_);
        out.headers = std::move(headers_);
        out.losses = std::move(losses_).take();
        return out;
    }

    const ChatRequest& request_;
    const Dialect& dialect_;
    Losses losses_;
    Json system_ = Json::array();
    Json turns_ = Json::array();
    Json body_;
    std::vector<std::pair<string, string>> headers_;
};

}  // namespace

Result<WrittenRequest> write_anthropic_request(const ChatRequest& request, const Dialect& dialect) {
    return RequestWriter(request, dialect).write(false);
}

Result<WrittenRequest> write_vertex_request(const ChatRequest& request, const Dialect& dialect) {
    return RequestWriter(request, dialect).write(true);
}

}  // namespace obliv::wire
