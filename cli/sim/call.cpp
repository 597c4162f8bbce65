#include "cli/sim/call.hpp"

#include "cli/sim/words.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <algorithm>
#include <array>
#include <simdjson.h>

namespace obliv::sim {
namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view mark_open = "[[sim:";
constexpr std::string_view mark_close = "]]";
constexpr std::int64_t tokens_wished_max = 1'000'000;

Error bad_mark(std::string_view mark) {
    return fail(Code::invalid_request,
                "the simulator does not know the mark '" + visible(mark) + "'");
}

Result<void> take_duration(std::string_view value, std::optional<milliseconds>& out) {
    auto span = parse_duration(value);
    if (!span)
        return span.error();
    out = *span;
    return ok();
}

bool take_fault(std::string_view value, Wishes& wishes) {
    auto fault = parse_fault(value);
    if (fault)
        wishes.fault = *fault;
    return fault.has_value();
}

bool take_tokens(std::string_view value, Wishes& wishes) {
    wishes.tokens = parse_int(value);
    return wishes.tokens && *wishes.tokens >= 0 && *wishes.tokens <= tokens_wished_max;
}

bool take_echo(std::string_view value, Wishes& wishes) {
    wishes.echo.emplace();
    return value.empty();
}

bool take_stamp(std::string_view value, Wishes& wishes) {
    wishes.stamp = true;
    return value.empty();
}

bool take_think(std::string_view value, Wishes& wishes) {
    wishes.think = parse_int(value);
    return wishes.think && *wishes.think >= 0 && *wishes.think <= tokens_wished_max;
}

bool take_tool(std::string_view value, Wishes& wishes) {
    wishes.tool = std::string(value);
    return true;
}

struct Mark {
    std::string_view name;
    bool (*take)(std::string_view value, Wishes& wishes);  ///< false: not a value of this mark
};
constexpr std::array marks{Mark{"fault", take_fault}, Mark{"tokens", take_tokens},
                           Mark{"echo", take_echo},   Mark{"stamp", take_stamp},
                           Mark{"tool", take_tool},   Mark{"think", take_think}};

Result<void> take_mark(std::string_view mark, Wishes& wishes) {
    auto equals = std::min(mark.find('='), mark.size());
    auto name = mark.substr(0, equals);
    auto value = mark.substr(std::min(equals + 1, mark.size()));
    if (name == "ttft")
        return take_duration(value, wishes.ttft);
    if (name == "itl")
        return take_duration(value, wishes.itl);
    for (const auto& known : marks)
        if (known.name == name && known.take(value, wishes))
            return ok();
    return bad_mark(mark);
}

/// What a call says of its tools.
struct Tools {
    std::string first;
    std::string named;  ///< the one that has to be called
    bool forced = false;
};

Result<void> take_wishes(Call& call, std::string_view last_user, const Tools& tools) {
    auto wishes = parse_wishes(last_user);
    if (!wishes)
        return wishes.error();
    call.wishes = std::move(*wishes);
    auto& tool = call.wishes.tool;
    if (tools.forced && !tool)
        tool = tools.named;
    if (tool && tool->empty())
        tool = tools.first.empty() ? "lookup" : tools.first;
    return ok();
}

Tools tools_of(const llm::ChatRequest& request) {
    using Kind = llm::ToolChoice::Kind;
    Tools out;
    out.named = request.tool_choice.name;
    out.forced =
        request.tool_choice.kind == Kind::required || request.tool_choice.kind == Kind::named;
    for (const auto& tool : request.tools)
        if (out.first.empty() && tool.kind == llm::Tool::Kind::function)
            out.first = tool.name;
    return out;
}

std::string texts_of(const std::vector<llm::Part>& parts) {
    std::string out;
    for (const auto& part : parts) {
        std::string text;
        if (const auto* said = std::get_if<llm::Text>(&part.what))
            text = said->text;
        else if (const auto* result = std::get_if<llm::ToolResult>(&part.what))
            text = texts_of(result->content);
        if (!out.empty() && !text.empty())
            out += ' ';
        out += text;
    }
    return out;
}

/// Walks one body. The document has been checked by parse_chat_call; what is left to refuse are
/// wrong types in the messages.
class Reader {
public:
    explicit Reader(Call& call) : call_(call) {}

    Result<void> read(std::string_view body) {
        thread_local od::parser parser;
        od::document document;
        od::object object;
        if (parser.iterate(body.data(), body.size(), body.size() + llm::json_padding)
                .get(document) ||
            document.get_object().get(object))
            return fail(Code::invalid_request, "the body must be a JSON object");
        for (auto entry : object) {
            std::string_view key;
            od::value value;
            if (entry.unescaped_key().get(key) || entry.value().get(value))
                return fail(Code::invalid_request, "the body is not valid JSON");
            if (auto taken = take(key, value); !taken)
                return taken;
        }
        return finish();
    }

private:
    Result<void> take(std::string_view key, od::value& value) {
        if (key == "messages")
            return take_messages(value);
        if (key == "tools")
            tools_.first = tool_name(value);
        if (key == "tool_choice")
            take_tool_choice(value);
        return ok();
    }

    Result<void> take_messages(od::value& value) {
        od::array messages;
        if (value.get_array().get(messages))
            return wrong_message();
        for (auto entry : messages) {
            od::object message;
            if (entry.get_object().get(message))
                return wrong_message();
            if (auto taken = take_message(message); !taken)
                return taken;
        }
        return ok();
    }

    Result<void> take_message(od::object& message) {
        std::string_view role;
        text_.clear();
        for (auto field : message) {
            std::string_view key;
            od::value value;
            if (field.unescaped_key().get(key) || field.value().get(value))
                return wrong_message();
            if (key == "role" && value.get_string().get(role))
                return wrong_message();
            if (key == "content" && !take_content(value))
                return wrong_message();
        }
        call_.prompt_tokens += count_words(text_) + tokens_per_message;
        if (role == "user")
            last_user_.swap(text_);
        return ok();
    }

    /// A text, or parts of which some are text; null is what a message of tool calls has.
    bool take_content(od::value& value) {
        std::string_view text;
        if (!value.get_string().get(text)) {
            text_ = text;
            return true;
        }
        bool null = false;
        if (!value.is_null().get(null) && null)
            return true;
        od::array parts;
        if (value.get_array().get(parts))
            return false;
        for (auto entry : parts) {
            od::object part;
            if (entry.get_object().get(part))
                return false;
            if (part.find_field_unordered("text").get_string().get(text))
                continue;
            if (!text_.empty())
                text_ += ' ';
            text_ += text;
        }
        return true;
    }

    static std::string tool_name(od::value& tools) {
        od::array list;
        if (tools.get_array().get(list))
            return {};
        for (auto entry : list) {
            std::string_view name;
            if (!entry["function"]["name"].get_string().get(name))
                return std::string(name);
        }
        return {};
    }

    void take_tool_choice(od::value& value) {
        std::string_view text;
        if (!value.get_string().get(text)) {
            tools_.forced = text == "required";
            return;
        }
        od::object object;
        if (!value.get_object().get(object) && !object["function"]["name"].get_string().get(text)) {
            tools_.forced = true;
            tools_.named = text;
        }
    }

    Result<void> finish() { return take_wishes(call_, last_user_, tools_); }

    static Error wrong_message() {
        auto error = fail(Code::invalid_request,
                          "'messages' must be objects with a role and content of text or parts");
        error.param = "messages";
        return error;
    }

    Call& call_;
    std::string text_;  ///< of the message being read
    std::string last_user_;
    Tools tools_;
};

}  // namespace

Result<Wishes> parse_wishes(std::string_view message) {
    Wishes wishes;
    std::string rest;
    std::size_t from = 0;
    for (;;) {
        auto open = message.find(mark_open, from);
        auto close = open == std::string_view::npos ? open : message.find(mark_close, open);
        if (close == std::string_view::npos)
            break;
        auto start = open + mark_open.size();
        if (auto taken = take_mark(message.substr(start, close - start), wishes); !taken)
            return taken.error();
        rest += message.substr(from, open - from);
        from = close + mark_close.size();
    }
    if (wishes.echo) {
        rest += message.substr(from);
        wishes.echo = std::move(rest);
    }
    return wishes;
}

Result<Call> read_call(std::string_view body) {
    auto chat = llm::parse_chat_call(body);
    if (!chat)
        return chat.error();
    Call call;
    call.chat = std::move(*chat);
    if (auto read = Reader(call).read(body); !read)
        return read.error();
    return call;
}

Result<Call> read_call(const Asked& asked, std::string_view body, std::string_view content_type) {
    if (asked.form != nullptr)
        return asked.form(body, content_type);
    if (asked.document != nullptr) {
        auto call = asked.document(body);
        if (call && !asked.model.empty())
            call->chat.model = asked.model;
        return call;
    }
    if (asked.format == nullptr)
        return read_call(body);
    auto request = asked.format->read({.body = body, .model = asked.model, .stream = asked.stream});
    if (!request)
        return request.error();
    Call call;
    call.chat.model = request->model;
    call.chat.stream = request->stream;
    // Where the figures of a stream are a choice, it is that of OpenAI's formats.
    call.chat.usage_asked =
        request->usage_in_stream || asked.format->errors != llm::ErrorShape::openai;
    call.chat.output_tokens_max = request->output_tokens_max;
    std::string last_user;
    for (const auto& message : request->messages) {
        auto text = texts_of(message.content);
        call.prompt_tokens += count_words(text) + tokens_per_message;
        if (message.role == llm::Role::user)
            last_user = std::move(text);
    }
    if (auto taken = take_wishes(call, last_user, tools_of(*request)); !taken)
        return taken.error();
    return call;
}

Result<Call> read_request(const Options& options, const Asked& asked, const http::RequestHead& head,
                          std::string_view body) {
    auto call = read_call(asked, body, head.headers.find("content-type").value_or(""));
    if (!call)
        return call;
    const auto& models = options.models;
    if (!models.empty() &&
        std::find(models.begin(), models.end(), call->chat.model) == models.end())
        return fail(Code::model_not_found,
                    "the simulator has no model '" + visible(call->chat.model) + "'");
    if (call->chat.stream && head.minor_version < 1)
        return fail(Code::invalid_request, "a stream needs HTTP/1.1");
    auto wished = head.headers.find("x-sim-fault");
    if (!wished || call->wishes.fault)
        return call;
    auto fault = parse_fault(*wished);
    if (!fault)
        return fail(Code::invalid_request, "x-sim-fault: " + fault.error().message);
    call->wishes.fault = *fault;
    return call;
}

}  // namespace obliv::sim
