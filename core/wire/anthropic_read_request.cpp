#include "core/wire/anthropic_lists.hpp"
#include "core/wire/anthropic_parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

bool is_result(const Part& part) {
    return std::holds_alternative<ToolResult>(part.what);
}

/// The results of tools in a user's turn are messages of their own in the neutral form.
void add_turn(std::vector<Part> parts, std::vector<Message>& out) {
    if (parts.empty())
        out.push_back({Role::user, {}});
    for (std::size_t at = 0; at < parts.size();) {
        auto end = at;
        while (end < parts.size() && is_result(parts[end]) == is_result(parts[at]))
            ++end;
        Message message{is_result(parts[at]) ? Role::tool : Role::user, {}};
        for (; at < end; ++at)
            message.content.push_back(std::move(parts[at]));
        out.push_back(std::move(message));
    }
}

class RequestReader {
public:
    RequestReader(const Json& body, bool counting)
        : fields_(body, "", complaint_), counting_(counting) {}

    Result<ChatRequest> read(const RequestSource& source) {
        out_.wire = anthropic_name;
        read_basics(source);
        read_system();
        read_messages();
        read_tools();
        read_tool_choice();
        read_thinking();
        read_output_config();
        read_metadata();
        read_headers(source);
        read_hints();
        fields_.rest(out_.extras);
        if (complaint_)
            return *complaint_.first();
        return std::move(out_);
    }

private:
    void read_basics(const RequestSource& source) {
        out_.model = source.model;
        if (out_.model.empty())
            fields_.require("model", "the model's name");
        fields_.read("model", out_.model);
        if (!counting_)
            fields_.require("max_tokens", "how long the reply may be");
        fields_.read("max_tokens", out_.output_tokens_max);
        if (out_.output_tokens_max && *out_.output_tokens_max < 0)
            complaint_.expected("max_tokens", "at least 0");
        out_.stream = source.stream;
        fields_.read("stream", out_.stream);
        out_.usage_in_stream = true;
        fields_.read_strings("stop_sequences", out_.sampling.stop);
        fields_.read("temperature", out_.sampling.temperature);
        fields_.read("top_p", out_.sampling.top_p);
        fields_.read("top_k", out_.sampling.top_k);
        fields_.read("service_tier", out_.service_tier);
        // The neutral words are OpenAI's.
        if (out_.service_tier == "standard_only")
            out_.service_tier = "default";
    }

    void read_system() {
        const auto* system = fields_.take("system");
        if (system == nullptr)
            return;
        Message message{Role::system, {}};
        read_anthropic_content(*system, "system", complaint_, message.content);
        if (!message.content.empty())
            out_.messages.push_back(std::move(message));
    }

    void read_messages() {
        fields_.require("messages", "what was said");
        const auto* messages = fields_.take_array("messages");
        if (messages == nullptr)
            return;
        if (messages->empty())
            complaint_.expected("messages", "given: at least one message");
        for (std::size_t i = 0; i < messages->size(); ++i)
            read_message(messages->at(i), element_path("messages", i));
    }

    void read_message(const Json& value, const string& path) {
        Fields fields(value, path, complaint_);
        fields.require("role", "who speaks");
        fields.require("content", "what is said");
        string role;
        fields.read("role", role);
        std::vector<Part> parts;
        if (const auto* content = fields.take("content"))
            read_anthropic_content(*content, fields.path_of("content"), complaint_, parts);
        if (role == "user")
            add_turn(std::move(parts), out_.messages);
        else if (role == "assistant")
            out_.messages.push_back({Role::assistant, std::move(parts)});
        else if (role == "system")
            out_.messages.push_back({Role::system, std::move(parts)});
        else
            complaint_.expected(fields.path_of("role"), "user or assistant");
    }

    void read_tools() {
        const auto* tools = fields_.take_array("tools");
        if (tools == nullptr)
            return;
        for (std::size_t i = 0; i < tools->size(); ++i)
            read_tool(tools->at(i), element_path("tools", i));
    }

    void read_tool(const Json& value, const string& path) {
        Fields fields(value, path, complaint_);
        string type = "custom";
        fields.read("type", type);
        Tool tool;
        fields.read("name", tool.name);
        if (type != "custom") {
            tool.kind = Tool::Kind::built_in;
            tool.wire = anthropic_name;
            tool.definition = json_text(value);
            if (tool.name.empty())
                tool.name = type;
            out_.tools.push_back(std::move(tool));
            return;
        }
        fields.require("name", "the tool's name");
        fields.read("description", tool.description);
        if (const auto* schema = fields.take_object("input_schema"))
            tool.parameters = json_text(*schema);
        fields.read("strict", tool.strict);
        read_cache_control(fields, tool.cache_ttl, tool.extras);
        fields.rest(tool.extras);
        for (auto& extra : tool.extras)
            extra.hint = extra.hint || tool_hint(extra);
        out_.tools.push_back(std::move(tool));
    }

    /// How a tool is loaded and its arguments are streamed does not change what it is.
    static bool tool_hint(const Extra& extra) {
        return extra.name == "defer_loading" || extra.name == "eager_input_streaming" ||
               (extra.name == "allowed_callers" && extra.value == R"(["direct"])");
    }

    void read_tool_choice() {
        const auto* choice = fields_.take_object("tool_choice");
        if (choice == nullptr)
            return;
        Fields fields(*choice, "tool_choice", complaint_);
        fields.require("type", "auto, any, tool or none");
        string type;
        fields.read("type", type);
        fields.read("name", out_.tool_choice.name);
        std::optional<bool> disabled;
        fields.read("disable_parallel_tool_use", disabled);
        if (disabled)
            out_.parallel_tool_calls = !*disabled;
        if (type == "auto")
            out_.tool_choice.kind = ToolChoice::Kind::automatic;
        else if (type == "any")
            out_.tool_choice.kind = ToolChoice::Kind::required;
        else if (type == "none")
            out_.tool_choice.kind = ToolChoice::Kind::none;
        else if (type == "tool" && !out_.tool_choice.name.empty())
            out_.tool_choice.kind = ToolChoice::Kind::named;
        else
            complaint_.expected("tool_choice.type", "auto, any, none, or tool with a name");
    }

    void read_thinking() {
        const auto* thinking = fields_.take_object("thinking");
        if (thinking == nullptr)
            return;
        Fields fields(*thinking, "thinking", complaint_);
        string type;
        string display;
        auto& reasoning = out_.reasoning;
        fields.read("type", type);
        fields.read("budget_tokens", reasoning.budget_tokens);
        fields.read("display", display);
        if (display == "summarized" || display == "omitted")
            reasoning.shown = display == "summarized";
        if (type == "enabled" || type == "disabled")
            reasoning.enabled = type == "enabled";
        else if (type == "adaptive")
            reasoning.adaptive = true;
        else
            complaint_.expected("thinking.type", "enabled, adaptive or disabled");
        std::vector<Extra> rest;
        fields.rest(rest);
        if (!rest.empty() || (!display.empty() && !reasoning.shown))
            out_.extras.push_back({"thinking", json_text(*thinking), true});
    }

    void read_output_config() {
        if (const auto* format = fields_.take_object("output_format"))
            read_format(*format, "output_format");
        const auto* config = fields_.take_object("output_config");
        if (config == nullptr)
            return;
        Fields fields(*config, "output_config", complaint_);
        fields.read("effort", out_.reasoning.effort);
        if (const auto* format = fields.take_object("format"))
            read_format(*format, "output_config.format");
        if (auto rest = fields.rest_text(); !rest.empty())
            out_.extras.push_back({"output_config", std::move(rest)});
    }

    void read_format(const Json& value, const string& path) {
        Fields fields(value, path, complaint_);
        string type;
        fields.read("type", type);
        if (type != "json_schema")
            complaint_.expected(fields.path_of("type"), "json_schema");
        fields.require("schema", "a JSON schema");
        if (const auto* schema = fields.take_object("schema"))
            out_.response_format.schema = json_text(*schema);
        out_.response_format.kind = ResponseFormat::Kind::json_schema;
    }

    void read_metadata() {
        const auto* metadata = fields_.take_object("metadata");
        if (metadata == nullptr)
            return;
        Fields fields(*metadata, "metadata", complaint_);
        fields.read("user_id", out_.user);
        out_.metadata = fields.rest_text();
    }

    /// Betas change what the body may hold; they go where it goes.
    void read_headers(const RequestSource& source) {
        for (const auto& [name, value] : source.headers)
            if (name == "anthropic-beta")
                out_.extras.push_back({name, json_text(Json(value)), true});
    }

    /// Where a prompt is cached and how fast the reply comes does not change what it says, nor does
    /// forgetting thoughts that no other provider would have been sent.
    void read_hints() {
        for (const auto* name : {"cache_control", "speed"})
            if (const auto* value = fields_.take(name))
                out_.extras.push_back({name, json_text(*value), true});
        const auto* management = fields_.take_object("context_management");
        if (management == nullptr)
            return;
        const auto* edits = member(*management, "edits");
        bool thoughts_only = edits != nullptr && edits->is_array() &&
                             std::all_of(edits->begin(), edits->end(), [](const Json& edit) {
                                 return string_in(edit, "type").starts_with("clear_thinking");
                             });
        out_.extras.push_back({"context_management", json_text(*management), thoughts_only});
    }

    Complaint complaint_;
    Fields fields_;
    bool counting_;
    ChatRequest out_;
};

Result<ChatRequest> read_body(const RequestSource& source, bool counting) {
    auto body = parse_json(source.body);
    if (!body)
        return body.error();
    return RequestReader(*body, counting).read(source);
}

}  // namespace

Result<ChatRequest> read_anthropic_request(const RequestSource& source) {
    return read_body(source, false);
}

Result<ChatRequest> read_anthropic_count(const RequestSource& source) {
    return read_body(source, true);
}

}  // namespace obliv::wire
