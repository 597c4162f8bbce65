#include "core/wire/responses_input.hpp"
#include "core/wire/responses_wire.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::string_view logprobs_included = "message.output_text.logprobs";
constexpr std::string_view proofs_included = "reasoning.encrypted_content";

void add_extra(llm::ChatRequest& out, std::string name, const Json& value, bool hint) {
    out.extras.push_back({std::move(name), json_text(value), hint});
}

/// What an object has left goes to the extras as `object.member`.
void add_rest(llm::ChatRequest& out, const Fields& fields, std::string_view object) {
    std::vector<llm::Extra> rest;
    fields.rest(rest);
    for (auto& extra : rest) {
        extra.name = std::string(object) + "." + extra.name;
        out.extras.push_back(std::move(extra));
    }
}

void read_text(Fields& body, llm::ChatRequest& out) {
    const auto* text = body.take_object("text");
    if (text == nullptr)
        return;
    Fields fields(*text, "text", body.complaint());
    fields.read("verbosity", out.verbosity);
    if (const auto* json = fields.take_object("format")) {
        Fields format(*json, "text.format", body.complaint());
        std::string type;
        format.read("type", type);
        auto& target = out.response_format;
        using Kind = llm::ResponseFormat::Kind;
        if (type == "json_schema") {
            target.kind = Kind::json_schema;
            format.read("name", target.name);
            format.read("description", target.description);
            format.read_json("schema", target.schema);
            format.read("strict", target.strict);
        } else if (type == "text" || type == "json_object") {
            target.kind = type == "text" ? Kind::text : Kind::json_object;
        } else if (type == "grammar" || type == "python") {
            add_extra(out, "text.format", *json, false);
        } else {
            body.complaint().expected("text.format.type", "`text`, `json_object` or `json_schema`");
        }
    }
    add_rest(out, fields, "text");
}

void read_reasoning(Fields& body, llm::ChatRequest& out) {
    const auto* reasoning = body.take_object("reasoning");
    if (reasoning == nullptr)
        return;
    Fields fields(*reasoning, "reasoning", body.complaint());
    fields.read("effort", out.reasoning.effort);
    fields.read("summary", out.reasoning.summary);
    std::string old;
    fields.read("generate_summary", old);
    if (out.reasoning.summary.empty())
        out.reasoning.summary = old;
    add_rest(out, fields, "reasoning");
}

/// Log probabilities have a place of their own; a client that wants to send proofs back gets them
/// in any case.
void read_include(Fields& body, llm::ChatRequest& out) {
    std::vector<std::string> names;
    body.read_strings("include", names);
    auto gone = std::remove(names.begin(), names.end(), logprobs_included);
    if (gone != names.end())
        out.sampling.logprobs = true;
    names.erase(gone, names.end());
    if (names.empty())
        return;
    bool hint = std::all_of(names.begin(), names.end(),
                            [](const std::string& name) { return name == proofs_included; });
    add_extra(out, "include", Json(names), hint);
}

/// The format of a custom tool as chat completions say it, which is how it is kept: a grammar has
/// an object of its own there.
Json chat_form(const Json& format) {
    if (string_in(format, "type") != "grammar" || format.contains("grammar"))
        return format;
    Json out = {{"type", "grammar"}, {"grammar", Json::object()}};
    for (const auto& [name, value] : format.items())
        if (name != "type")
            out["grammar"][name] = value;
    return out;
}

llm::Tool read_tool(Fields& fields) {
    llm::Tool tool;
    std::string type;
    fields.read("type", type);
    if (type == "function" || type == "custom") {
        fields.require("name", "the tool's");
        fields.read("name", tool.name);
        fields.read("description", tool.description);
    }
    if (type == "function") {
        fields.read_json("parameters", tool.parameters);
        fields.read("strict", tool.strict);
    } else if (type == "custom") {
        tool.kind = llm::Tool::Kind::custom;
        if (const auto* format = fields.take_object("format"))
            tool.definition = json_text(chat_form(*format));
    } else {
        tool.kind = llm::Tool::Kind::built_in;
        tool.name = type;
        tool.wire = responses_name;
        tool.definition = json_text(fields.object());
    }
    return tool;
}

void read_tools(Fields& body, llm::ChatRequest& out) {
    const auto* tools = body.take_array("tools");
    if (tools == nullptr)
        return;
    for (std::size_t at = 0; at < tools->size(); ++at) {
        Fields fields((*tools)[at], element_path("tools", at), body.complaint());
        fields.require("type", "what the tool is");
        out.tools.push_back(read_tool(fields));
    }
}

bool is_client_tool(const Json& tool) {
    auto type = string_in(tool, "type");
    return type == "function" || type == "custom";
}

bool read_choice_word(const Json& value, llm::ToolChoice& out) {
    using Kind = llm::ToolChoice::Kind;
    static const std::array<std::pair<std::string_view, Kind>, 3> words{
        {{"auto", Kind::automatic}, {"none", Kind::none}, {"required", Kind::required}}};
    for (const auto& [word, kind] : words)
        if (value == word) {
            out.kind = kind;
            return true;
        }
    return false;
}

/// False: only this API can say it.
bool read_choice(const Json& value, llm::ToolChoice& out) {
    if (value.is_string())
        return read_choice_word(value, out);
    if (is_client_tool(value)) {
        out.kind = llm::ToolChoice::Kind::named;
        out.name = string_in(value, "name");
        return !out.name.empty();
    }
    const auto* tools = member(value, "tools");
    if (string_in(value, "type") != "allowed_tools" || tools == nullptr || !tools->is_array() ||
        !std::all_of(tools->begin(), tools->end(), is_client_tool))
        return false;
    for (const auto& tool : *tools)
        out.allowed.push_back(string_in(tool, "name"));
    const auto* mode = member(value, "mode");
    return mode == nullptr ? read_choice_word(Json("auto"), out) : read_choice_word(*mode, out);
}

void read_tool_choice(Fields& body, llm::ChatRequest& out) {
    const auto* value = body.take("tool_choice");
    if (value == nullptr)
        return;
    if (value->is_string() && !read_choice(*value, out.tool_choice))
        return body.complaint().expected("tool_choice", "`auto`, `none`, `required` or an object");
    if (value->is_object() && !read_choice(*value, out.tool_choice)) {
        out.tool_choice = {};
        add_extra(out, "tool_choice", *value, false);
    }
}

/// Fields that say where and how long something is kept, and defaults that say nothing.
void read_hints(Fields& body, llm::ChatRequest& out) {
    body.read("store", out.store);
    body.read("prompt_cache_key", out.prompt_cache_key);
    body.read("safety_identifier", out.safety_identifier);
    for (std::string_view name : {"prompt_cache_retention", "stream_options"})
        if (const auto* value = body.take(name))
            add_extra(out, std::string(name), *value, true);
    if (const auto* value = body.take("truncation"))
        add_extra(out, "truncation", *value, *value == "disabled");
    std::optional<bool> background;
    body.read("background", background);
    if (background.value_or(false))
        body.complaint().say([] {
            auto error = fail(Code::unsupported, "'background' responses are not served here: "
                                                 "leave it out, and stream what takes long");
            error.param = "background";
            return error;
        }());
    if (background && !*background)
        add_extra(out, "background", Json(false), true);
}

void read_sampling(Fields& body, llm::ChatRequest& out) {
    body.read("temperature", out.sampling.temperature);
    body.read("top_p", out.sampling.top_p);
    body.read("top_logprobs", out.sampling.top_logprobs);
    body.read("max_output_tokens", out.output_tokens_max);
    body.read("parallel_tool_calls", out.parallel_tool_calls);
}

}  // namespace

Result<llm::ChatRequest> read_responses_request(const RequestSource& source) {
    auto json = parse_json(source.body);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    llm::ChatRequest out;
    out.wire = responses_name;
    body.read("model", out.model);
    body.require("model", "the model to ask");
    body.read("stream", out.stream);
    out.usage_in_stream = true;
    std::string instructions;
    body.read("instructions", instructions);
    if (!instructions.empty())
        out.messages.push_back({llm::Role::system, {{llm::Text{std::move(instructions)}}}});
    if (const auto* input = body.take("input"))
        read_responses_input(*input, out, complaint);
    read_text(body, out);
    read_reasoning(body, out);
    read_include(body, out);
    read_tools(body, out);
    read_tool_choice(body, out);
    read_sampling(body, out);
    read_hints(body, out);
    body.read("user", out.user);
    body.read("service_tier", out.service_tier);
    body.read_json("metadata", out.metadata);
    body.rest(out.extras);
    if (complaint)
        return *complaint.first();
    return out;
}

}  // namespace obliv::wire
