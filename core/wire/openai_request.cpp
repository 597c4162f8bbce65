#include "core/config/limits.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/openai.hpp"
#include "core/wire/openai_citation.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;

constexpr std::string_view own_name = "openai";
constexpr std::int64_t tokens_max = 100'000'000;
constexpr std::int64_t choices_max = 128;

/// Reads one body; what is wrong with it ends up in the complaint.
class Reader {
public:
    explicit Reader(const Json& body) : fields_(body, "", complaint_) {}

    Result<ChatRequest> read() {
        request_.wire = own_name;
        fields_.require("model", "which model is asked?");
        fields_.require("messages", "an array of messages");
        fields_.read("model", request_.model);
        read_messages();
        read_tools();
        read_tool_choice();
        fields_.read("parallel_tool_calls", request_.parallel_tool_calls);
        read_sampling();
        read_format();
        read_limits();
        read_stream();
        read_rest();
        if (complaint_)
            return *complaint_.first();
        return std::move(request_);
    }

private:
    void read_messages() {
        const auto* messages = fields_.take_array("messages");
        if (messages == nullptr)
            return;
        if (messages->empty())
            complaint_.expected("messages", "an array of at least one message");
        for (std::size_t i = 0; i < messages->size() && !complaint_; ++i)
            read_message((*messages)[i], element_path("messages", i));
    }

    void read_message(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        Message message;
        std::string role;
        in.require("role", "who speaks?");
        in.read("role", role);
        in.read("name", message.name);
        if (complaint_)
            return;
        if (role == "tool") {
            message.role = Role::tool;
            message.content.push_back(tool_result(in));
        } else {
            message.role = role_of(role, in);
            if (message.role == Role::assistant)
                read_thoughts(in, message);
            read_content(in, message.content);
            if (message.role == Role::assistant)
                read_assistant(in, message);
        }
        add_opaque(in, message);
        request_.messages.push_back(std::move(message));
    }

    Role role_of(std::string_view role, const Fields& in) {
        if (role == "system")
            return Role::system;
        if (role == "developer")
            return Role::developer;
        if (role == "assistant")
            return Role::assistant;
        if (role != "user")
            complaint_.expected(in.path_of("role"),
                                "developer, system, user, assistant or tool; results of the old "
                                "'functions' are sent as 'tool'");
        return Role::user;
    }

    Part tool_result(Fields& in) {
        ToolResult result;
        in.require("tool_call_id", "which call is this the result of?");
        in.read("tool_call_id", result.call_id);
        read_content(in, result.content);
        return Part{std::move(result)};
    }

    void read_content(Fields& in, std::vector<Part>& out) {
        const auto* content = in.take("content");
        if (content == nullptr)
            return;
        if (content->is_string()) {
            out.push_back({Text{content->get<std::string>()}});
            return;
        }
        if (!content->is_array())
            return complaint_.expected(in.path_of("content"), "a string or an array of parts");
        for (std::size_t i = 0; i < content->size() && !complaint_; ++i)
            out.push_back(read_part((*content)[i], element_path(in.path_of("content"), i)));
    }

    Part read_part(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        Part part;
        std::string type;
        in.require("type", "the kind of part");
        in.read("type", type);
        if (type == "text") {
            part.what = Text{text_in(in, "text")};
        } else if (type == "refusal") {
            part.what = Refusal{text_in(in, "refusal")};
        } else if (type == "image_url") {
            part.what = image(in);
        } else if (type == "input_audio") {
            part.what = audio(in);
        } else if (type == "file") {
            part.what = file(in);
        } else {
            part.what = Opaque{std::string(own_name), json_text(value)};
            return part;
        }
        if (const auto* cache = in.take_object("cache_control")) {
            // Not OpenAI's own: hosts that pass Claude or Qwen on take it.
            part.cache_ttl = string_in(*cache, "ttl");
            if (part.cache_ttl.empty())
                part.cache_ttl = "5m";
        }
        in.rest(part.extras);
        return part;
    }

    static std::string text_in(Fields& in, std::string_view name) {
        std::string text;
        in.require(name, "a text");
        in.read(name, text);
        return text;
    }

    Media image(Fields& in) {
        Media media;
        in.require("image_url", "where the image is");
        const auto* given = in.take("image_url");
        std::string url;
        if (given != nullptr && given->is_string()) {
            url = given->get<std::string>();
        } else if (given != nullptr) {
            Fields image(*given, in.path_of("image_url"), complaint_);
            image.require("url", "a URL or a data URL");
            image.read("url", url);
            image.read("detail", media.detail);
        }
        take_url(url, media);
        return media;
    }

    static void take_url(std::string& url, Media& media) {
        if (auto uri = parse_data_uri(url)) {
            media.media_type = std::move(uri->media_type);
            media.data = std::move(uri->base64);
        } else {
            media.source = Media::Source::url;
            media.data = std::move(url);
        }
    }

    Media audio(Fields& in) {
        Media media;
        media.kind = Media::Kind::audio;
        in.require("input_audio", "the sound");
        if (const auto* given = in.take_object("input_audio")) {
            Fields sound(*given, in.path_of("input_audio"), complaint_);
            std::string format;
            sound.require("data", "base64");
            sound.read("data", media.data);
            sound.read("format", format);
            media.media_type = "audio/" + (format.empty() ? std::string("wav") : format);
        }
        return media;
    }

    Media file(Fields& in) {
        Media media;
        media.kind = Media::Kind::document;
        in.require("file", "the file");
        const auto* given = in.take_object("file");
        if (given == nullptr)
            return media;
        Fields document(*given, in.path_of("file"), complaint_);
        document.read("filename", media.name);
        if (document.has("file_id")) {
            media.source = Media::Source::file_id;
            document.read("file_id", media.data);
            return media;
        }
        std::string data;
        document.require("file_data", "a data URL, or a file_id");
        document.read("file_data", data);
        if (auto uri = parse_data_uri(data)) {
            media.media_type = std::move(uri->media_type);
            media.data = std::move(uri->base64);
        } else {
            media.data = std::move(data);  // some clients send bare base64
        }
        return media;
    }

    /// Hosts that show a thought want it back with the turn it belongs to; each has its own name
    /// for it, and some servers send two.
    static void read_thoughts(Fields& in, Message& message) {
        Thinking thought;
        for (auto name : {"reasoning_content", "reasoning"}) {
            std::string text;
            if (in.object().contains(name) && in.object()[name].is_string())
                in.read(name, text);
            if (thought.text.empty())
                thought.text = std::move(text);
        }
        if (!thought.text.empty())
            message.content.push_back({std::move(thought)});
    }

    /// Clients send a reply back as it came, its citations included.
    static void read_annotations(Fields& in, Message& message) {
        const auto* annotations = in.take_array("annotations");
        if (annotations == nullptr || annotations->empty())
            return;
        Text* last = nullptr;
        for (auto& part : message.content)
            if (auto* text = std::get_if<Text>(&part.what))
                last = text;
        if (last == nullptr)
            last = &std::get<Text>(message.content.emplace_back(Part{Text{}}).what);
        for (const auto& annotation : *annotations)
            last->citations.push_back(url_citation(annotation));
    }

    void read_assistant(Fields& in, Message& message) {
        read_annotations(in, message);
        std::string refusal;
        in.read("refusal", refusal);
        if (!refusal.empty())
            message.content.push_back({Refusal{std::move(refusal)}});
        const auto* calls = in.take_array("tool_calls");
        for (std::size_t i = 0; calls != nullptr && i < calls->size() && !complaint_; ++i)
            message.content.push_back(
                {tool_call((*calls)[i], element_path(in.path_of("tool_calls"), i))});
    }

    ToolCall tool_call(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        ToolCall call;
        std::string type = "function";
        in.require("id", "the call's id");
        in.read("id", call.id);
        in.read("type", type);
        call.custom = type == "custom";
        in.require(call.custom ? "custom" : "function", "what is called");
        if (const auto* inner = in.take_object(call.custom ? "custom" : "function")) {
            Fields function(*inner, in.path_of(call.custom ? "custom" : "function"), complaint_);
            function.require("name", "the name of what is called");
            function.read("name", call.name);
            function.read(call.custom ? "input" : "arguments", call.arguments);
        }
        if (const auto* extra = in.take_object("extra_content"))
            if (const auto* google = member(*extra, "google"))
                if (auto signature = string_in(*google, "thought_signature"); !signature.empty())
                    call.proof = {"gemini", std::move(signature)};
        return call;
    }

    /// What else a message carries (`audio`, `reasoning_details`) goes along as members of it.
    static void add_opaque(const Fields& in, Message& message) {
        if (auto rest = in.rest_text(); !rest.empty())
            message.content.push_back({Opaque{std::string(own_name), std::move(rest)}});
    }

    void read_tools() {
        const auto* tools = fields_.take_array("tools");
        for (std::size_t i = 0; tools != nullptr && i < tools->size() && !complaint_; ++i)
            read_tool((*tools)[i], element_path("tools", i));
    }

    void read_tool(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        Tool tool;
        std::string type = "function";
        in.read("type", type);
        if (type == "function") {
            in.require("function", "what can be called");
            read_function(in, tool);
        } else if (type == "custom") {
            tool.kind = Tool::Kind::custom;
            in.require("custom", "what can be called");
            if (const auto* given = in.take_object("custom")) {
                Fields custom(*given, in.path_of("custom"), complaint_);
                custom.read("name", tool.name);
                custom.read("description", tool.description);
                custom.read_json("format", tool.definition);
                custom.rest(tool.extras);
            }
        } else {
            tool.kind = Tool::Kind::built_in;
            tool.name = type;
            tool.wire = own_name;
            tool.definition = json_text(value);
        }
        request_.tools.push_back(std::move(tool));
    }

    void read_function(Fields& in, Tool& tool) {
        const auto* given = in.take_object("function");
        if (given == nullptr)
            return;
        Fields function(*given, in.path_of("function"), complaint_);
        function.require("name", "the function's name");
        function.read("name", tool.name);
        function.read("description", tool.description);
        if (const auto* parameters = function.take_object("parameters"))
            tool.parameters = json_text(*parameters);
        function.read("strict", tool.strict);
        std::vector<Extra> rest;
        function.rest(rest);
        for (auto& extra : rest)
            tool.extras.push_back({"function." + extra.name, std::move(extra.value)});
        in.rest(tool.extras);
    }

    void read_tool_choice() {
        const auto* given = fields_.take("tool_choice");
        if (given == nullptr)
            return;
        auto& choice = request_.tool_choice;
        if (given->is_string()) {
            choice.kind = choice_kind(given->get<std::string>());
            return;
        }
        Fields in(*given, "tool_choice", complaint_);
        std::string type;
        in.read("type", type);
        if (type == "allowed_tools") {
            read_allowed(in, choice);
        } else if (type == "function" || type == "custom") {
            choice.kind = ToolChoice::Kind::named;
            if (const auto* named = in.take_object(type))
                choice.name = string_in(*named, "name");
            if (choice.name.empty())
                complaint_.expected("tool_choice." + type + ".name", "the name of a tool");
        } else {
            complaint_.expected("tool_choice.type", "function, custom or allowed_tools");
        }
    }

    ToolChoice::Kind choice_kind(std::string_view word) {
        if (word == "auto")
            return ToolChoice::Kind::automatic;
        if (word == "none")
            return ToolChoice::Kind::none;
        // Mistral's word for it is `any`.
        if (word != "required" && word != "any")
            complaint_.expected("tool_choice", "none, auto, required or an object");
        return ToolChoice::Kind::required;
    }

    void read_allowed(Fields& in, ToolChoice& choice) {
        const auto* given = in.take_object("allowed_tools");
        if (given == nullptr)
            return complaint_.expected("tool_choice.allowed_tools", "an object");
        choice.kind = string_in(*given, "mode") == "required" ? ToolChoice::Kind::required
                                                              : ToolChoice::Kind::automatic;
        const auto* tools = member(*given, "tools");
        if (tools == nullptr || !tools->is_array())
            return complaint_.expected("tool_choice.allowed_tools.tools", "an array of tools");
        for (const auto& tool : *tools) {
            const auto* function = member(tool, "function");
            const auto* custom = member(tool, "custom");
            const auto* named = function != nullptr ? function : custom;
            if (named != nullptr)
                choice.allowed.push_back(string_in(*named, "name"));
        }
    }

    void read_sampling() {
        auto& sampling = request_.sampling;
        fields_.read("temperature", sampling.temperature);
        fields_.read("top_p", sampling.top_p);
        fields_.read("top_k", sampling.top_k);  // not OpenAI's own; most open servers take it
        fields_.read("frequency_penalty", sampling.frequency_penalty);
        fields_.read("presence_penalty", sampling.presence_penalty);
        fields_.read("seed", sampling.seed);
        fields_.read_strings("stop", sampling.stop);
        fields_.read("logprobs", sampling.logprobs);
        fields_.read("top_logprobs", sampling.top_logprobs);
        fields_.read_json("logit_bias", sampling.logit_bias);
        fields_.read("reasoning_effort", request_.reasoning.effort);
    }

    void read_format() {
        const auto* given = fields_.take_object("response_format");
        if (given == nullptr)
            return;
        Fields in(*given, "response_format", complaint_);
        auto& format = request_.response_format;
        std::string type;
        in.read("type", type);
        if (type == "text") {
            format.kind = ResponseFormat::Kind::text;
        } else if (type == "json_object") {
            format.kind = ResponseFormat::Kind::json_object;
        } else if (type == "json_schema") {
            format.kind = ResponseFormat::Kind::json_schema;
            in.require("json_schema", "an object with a name and a schema");
            if (const auto* inner = in.take_object("json_schema")) {
                Fields schema(*inner, "response_format.json_schema", complaint_);
                schema.read("name", format.name);
                schema.read("description", format.description);
                schema.read_json("schema", format.schema);
                schema.read("strict", format.strict);
            }
        } else {
            complaint_.expected("response_format.type", "text, json_object or json_schema");
        }
    }

    void read_limits() {
        std::optional<std::int64_t> completion;
        std::optional<std::int64_t> tokens;
        std::optional<std::int64_t> choices;
        fields_.read("max_completion_tokens", completion);
        fields_.read("max_tokens", tokens);
        fields_.read("n", choices);
        check_range("max_completion_tokens", completion, tokens_max);
        check_range("max_tokens", tokens, tokens_max);
        check_range("n", choices, choices_max);
        // Servers differ in which of the two they know: the larger one is what may come.
        request_.output_tokens_max = std::max(completion, tokens);
        request_.choices = choices.value_or(1);
    }

    void check_range(std::string_view name, std::optional<std::int64_t> number, std::int64_t most) {
        if (number && (*number < 1 || *number > most))
            complaint_.expected(name, "a whole number from 1 to " + std::to_string(most));
    }

    void read_stream() {
        fields_.read("stream", request_.stream);
        const auto* given = fields_.take_object("stream_options");
        if (given == nullptr)
            return;
        Fields options(*given, "stream_options", complaint_);
        options.read("include_usage", request_.usage_in_stream);
        if (auto rest = options.rest_text(); !rest.empty())
            request_.extras.push_back({"stream_options", std::move(rest), true});
    }

    void read_rest() {
        fields_.read_strings("modalities", request_.modalities);
        fields_.read_json("audio", request_.audio);
        fields_.read("user", request_.user);
        fields_.read("service_tier", request_.service_tier);
        fields_.read_json("metadata", request_.metadata);
        fields_.read("verbosity", request_.verbosity);
        fields_.read("prompt_cache_key", request_.prompt_cache_key);
        fields_.read("safety_identifier", request_.safety_identifier);
        fields_.read("store", request_.store);
        for (const auto* hint : {"prediction", "prompt_cache_retention"}) {
            JsonText value;
            fields_.read_json(hint, value);
            if (!value.empty())
                request_.extras.push_back({hint, std::move(value), true});
        }
        fields_.rest(request_.extras);
    }

    Complaint complaint_;
    Fields fields_;
    ChatRequest request_;
};

}  // namespace

Result<ChatRequest> openai_parts::read_request(const RequestSource& source) {
    auto body = parse_json(source.body);
    if (!body)
        return body.error();
    return Reader(*body).read();
}

}  // namespace obliv::wire
