#include "core/wire/cohere.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/fields.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;

/// Reads one body; what is wrong with it ends up in the complaint.
class Reader {
public:
    explicit Reader(const Json& body) : body_(body, "", complaint_) {}

    Result<ChatRequest> read() {
        request_.wire = "cohere";
        body_.require("model", "which model is asked?");
        body_.require("messages", "an array of messages");
        body_.read("model", request_.model);
        read_messages();
        read_documents();
        read_tools();
        read_sampling();
        read_thinking();
        read_format();
        read_rest();
        if (complaint_)
            return *complaint_.first();
        return std::move(request_);
    }

private:
    void read_messages() {
        const auto* messages = body_.take_array("messages");
        if (messages != nullptr && messages->empty())
            complaint_.expected("messages", "an array of at least one message");
        for (std::size_t i = 0; messages != nullptr && i < messages->size() && !complaint_; ++i)
            read_message((*messages)[i], element_path("messages", i));
    }

    void read_message(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        Message message;
        std::string role;
        in.require("role", "who speaks?");
        in.read("role", role);
        if (role == "tool") {
            message.role = Role::tool;
            message.content.push_back(tool_result(in));
        } else if (role == "assistant") {
            message.role = Role::assistant;
            read_assistant(in, message);
        } else {
            message.role = role == "system" ? Role::system : Role::user;
            if (role != "user" && role != "system" && !complaint_)
                complaint_.expected(in.path_of("role"), "system, user, assistant or tool");
            read_content(in, message.content);
        }
        add_unknown(in);
        request_.messages.push_back(std::move(message));
    }

    void read_assistant(Fields& in, Message& message) {
        std::string plan;
        in.read("tool_plan", plan);
        if (!plan.empty())
            message.content.push_back({Thinking{std::move(plan)}});
        read_content(in, message.content);
        in.take_array("citations");  // of its reply, which no model reads again
        const auto* calls = in.take_array("tool_calls");
        for (std::size_t i = 0; calls != nullptr && i < calls->size() && !complaint_; ++i)
            message.content.push_back(
                {tool_call((*calls)[i], element_path(in.path_of("tool_calls"), i))});
    }

    ToolCall tool_call(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        ToolCall call;
        in.require("id", "the call's id");
        in.read("id", call.id);
        in.take_string("type");
        in.require("function", "what is called");
        if (const auto* inner = in.take_object("function")) {
            Fields function(*inner, in.path_of("function"), complaint_);
            function.require("name", "the name of what is called");
            function.read("name", call.name);
            function.read("arguments", call.arguments);
        }
        return call;
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
            out.push_back(part((*content)[i], element_path(in.path_of("content"), i)));
    }

    Part part(const Json& value, const std::string& path) {
        Fields in(value, path, complaint_);
        std::string type;
        in.require("type", "the kind of part");
        in.read("type", type);
        if (type == "text")
            return {Text{text_in(in, "text")}};
        if (type == "thinking")
            return {Thinking{text_in(in, "thinking")}};
        if (type == "image_url")
            return {image(in)};
        if (type == "document") {
            const auto* given = in.take("document");
            if (given != nullptr)
                return document(*given);
            in.require("document", "the document");
        }
        return {Opaque{request_.wire, json_text(value)}};
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
        const auto* given = in.take_object("image_url");
        if (given == nullptr)
            return media;
        Fields image(*given, in.path_of("image_url"), complaint_);
        std::string url;
        image.require("url", "a URL or a data URL");
        image.read("url", url);
        image.read("detail", media.detail);
        if (auto uri = parse_data_uri(url)) {
            media.media_type = std::move(uri->media_type);
            media.data = std::move(uri->base64);
        } else {
            media.source = Media::Source::url;
            media.data = std::move(url);
        }
        return media;
    }

    /// A string, or `{id, data}` with a string or an object as data. The reference leaves the
    /// members of that object to the caller; `text` and `title` are what the models know best.
    static Part document(const Json& value) {
        Media media;
        media.kind = Media::Kind::document;
        media.source = Media::Source::text;
        media.media_type = "text/plain";
        Part part;
        const auto* data = value.is_object() ? member(value, "data") : &value;
        if (data == nullptr)
            data = &value;
        if (data->is_string())
            media.data = data->get<std::string>();
        else
            take_data(*data, media);
        // Its name in citations; by another provider's they are found by their places.
        if (auto id = string_in(value, "id"); !id.empty())
            part.extras.push_back({"id", json_text(id), true});
        part.what = std::move(media);
        return part;
    }

    static void take_data(const Json& data, Media& media) {
        if (member(data, "text") == nullptr) {
            media.data = json_text(data);
            return;
        }
        media.data = string_in(data, "text");
        media.name = string_in(data, "title");
        Json rest = data;
        rest.erase("text");
        rest.erase("title");
        if (rest.size() == 1 && member(rest, "context") != nullptr)
            media.context = string_in(rest, "context");
        else if (!rest.empty())
            media.context = json_text(rest);
    }

    /// Documents stand beside the messages here; the question that they are for is the last one.
    void read_documents() {
        const auto* documents = body_.take_array("documents");
        std::string mode;
        if (const auto* options = body_.take_object("citation_options"))
            mode = string_in(*options, "mode");
        if (documents == nullptr || documents->empty())
            return;
        Message* last = nullptr;
        for (auto& message : request_.messages)
            if (message.role == Role::user)
                last = &message;
        if (last == nullptr)
            last = &request_.messages.emplace_back();
        std::vector<Part> parts;
        for (const auto& given : *documents) {
            parts.push_back(document(given));
            std::get<Media>(parts.back().what).citations = !mode.empty() && mode != "OFF";
        }
        last->content.insert(last->content.begin(), std::make_move_iterator(parts.begin()),
                             std::make_move_iterator(parts.end()));
    }

    void read_tools() {
        std::optional<bool> strict;
        body_.read("strict_tools", strict);
        const auto* tools = body_.take_array("tools");
        for (std::size_t i = 0; tools != nullptr && i < tools->size() && !complaint_; ++i)
            read_tool((*tools)[i], element_path("tools", i), strict);
        std::string choice;
        body_.read("tool_choice", choice);
        if (choice == "NONE")
            request_.tool_choice.kind = ToolChoice::Kind::none;
        else if (choice == "REQUIRED")
            request_.tool_choice.kind = ToolChoice::Kind::required;
        else if (!choice.empty())
            complaint_.expected("tool_choice", "NONE or REQUIRED");
    }

    void read_tool(const Json& value, const std::string& path, std::optional<bool> strict) {
        Fields in(value, path, complaint_);
        Tool tool;
        tool.strict = strict;
        in.take_string("type");
        in.require("function", "what can be called");
        if (const auto* given = in.take_object("function")) {
            Fields function(*given, in.path_of("function"), complaint_);
            function.require("name", "the function's name");
            function.read("name", tool.name);
            function.read("description", tool.description);
            if (const auto* parameters = function.take_object("parameters"))
                tool.parameters = json_text(*parameters);
            function.rest(tool.extras);
        }
        in.rest(tool.extras);
        request_.tools.push_back(std::move(tool));
    }

    void read_sampling() {
        auto& sampling = request_.sampling;
        body_.read("max_tokens", request_.output_tokens_max);
        body_.read("temperature", sampling.temperature);
        body_.read("p", sampling.top_p);
        body_.read("k", sampling.top_k);
        if (sampling.top_k == 0)
            sampling.top_k.reset();  // Cohere's default: all tokens
        body_.read("seed", sampling.seed);
        body_.read("frequency_penalty", sampling.frequency_penalty);
        body_.read("presence_penalty", sampling.presence_penalty);
        body_.read_strings("stop_sequences", sampling.stop);
        body_.read("logprobs", sampling.logprobs);
        if (request_.output_tokens_max.value_or(1) < 1)
            complaint_.expected("max_tokens", "a positive whole number");
    }

    void read_thinking() {
        const auto* given = body_.take_object("thinking");
        if (given == nullptr)
            return;
        Fields in(*given, "thinking", complaint_);
        std::string type;
        in.read("type", type);
        in.read("token_budget", request_.reasoning.budget_tokens);
        if (type == "enabled" || type == "disabled")
            request_.reasoning.enabled = type == "enabled";
        else if (!complaint_)
            complaint_.expected("thinking.type", "enabled or disabled");
    }

    void read_format() {
        const auto* given = body_.take_object("response_format");
        if (given == nullptr)
            return;
        Fields in(*given, "response_format", complaint_);
        auto& format = request_.response_format;
        std::string type;
        in.read("type", type);
        if (type == "json_object")
            format.kind = ResponseFormat::Kind::json_object;
        else if (type == "text")
            format.kind = ResponseFormat::Kind::text;
        else if (!complaint_)
            complaint_.expected("response_format.type", "text or json_object");
        for (auto name : {"json_schema", "schema"})
            if (const auto* schema = in.take_object(name)) {
                format.kind = ResponseFormat::Kind::json_schema;
                format.schema = json_text(*schema);
            }
    }

    void read_rest() {
        body_.read("stream", request_.stream);
        request_.usage_in_stream = request_.stream;
        body_.rest(request_.extras);
        for (auto& extra : request_.extras)
            extra.hint = extra.name == "priority" ||
                         (extra.name == "safety_mode" && extra.value == "\"CONTEXTUAL\"");
    }

    void add_unknown(const Fields& in) { in.rest(request_.extras); }

    Complaint complaint_;
    Fields body_;
    ChatRequest request_;
};

}  // namespace

Result<ChatRequest> read_cohere_request(const RequestSource& source) {
    auto body = parse_json(source.body);
    if (!body)
        return body.error();
    return Reader(*body).read();
}

}  // namespace obliv::wire
