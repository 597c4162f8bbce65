#include "core/llm/chat_call.hpp"

#include "core/base/text.hpp"
#include "core/llm/pattern.hpp"

#include <algorithm>
#include <array>
#include <simdjson.h>

namespace obliv::llm {
namespace {

namespace od = simdjson::ondemand;
using simdjson::error_code;

// More than any model can produce; keeps sums and products of money far from overflow.
constexpr std::int64_t tokens_limit = 100'000'000;
constexpr std::int64_t choices_limit = 128;
constexpr int depth_max = 64;
constexpr std::size_t parser_bytes_kept = 1U << 20;

Error bad_field(std::string_view name, std::string_view expected) {
    auto error =
        fail(Code::invalid_request, "'" + std::string(name) + "' must be " + std::string(expected));
    error.param = std::string(name);
    return error;
}

Error bad_json(error_code code) {
    if (code == simdjson::UTF8_ERROR)
        return fail(Code::invalid_request, "the body is not valid UTF-8");
    return fail(Code::invalid_request,
                "the body is not valid JSON: " + std::string(simdjson::error_message(code)));
}

/// The fields that decide who is asked and what it costs, each at most once.
enum Field : std::uint8_t {
    model,
    stream,
    stream_options,
    max_tokens,
    max_completion_tokens,
    n,
    messages
};
constexpr std::array<std::string_view, 7> field_names{
    "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "messages"};

/// `key` in lower case, with the two letters beyond ASCII that fold into it.
std::string folded(std::string_view key) {
    constexpr std::string_view kelvin_sign = "\xE2\x84\xAA";
    constexpr std::string_view long_s = "\xC5\xBF";
    std::string out;
    while (!key.empty()) {
        bool kelvin = key.starts_with(kelvin_sign);
        bool is_long_s = key.starts_with(long_s);
        char c = kelvin ? 'k' : is_long_s ? 's' : key.front();
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        key.remove_prefix(kelvin ? kelvin_sign.size() : is_long_s ? long_s.size() : 1);
    }
    return out;
}

/// The deciding field that a reader who ignores case, as those in Go do, would take `key` for.
std::string_view field_like(std::string_view key) {
    constexpr std::size_t longest = 64;
    if (key.size() > longest)
        return {};
    auto lower = folded(key);
    auto found = std::find(field_names.begin(), field_names.end(), lower);
    return found == field_names.end() ? std::string_view{} : *found;
}

/// Reads the fields of one body; each `take_*` consumes one value.
class Reader {
public:
    explicit Reader(std::string_view body) : body_(body) {}
    /// Of a call that is no chat.
    Reader(std::string_view body, std::string_view model_default, bool may_stream)
        : body_(body), is_chat_(false), may_stream_(may_stream), model_default_(model_default) {}

    Result<ChatCall> read() {
        // One parser per thread: it keeps its buffers from call to call. Those of a long body would
        // be hundreds of megabytes.
        thread_local od::parser kept;
        std::optional<od::parser> own;
        auto& parser = body_.size() > parser_bytes_kept ? own.emplace() : kept;
        od::document document;
        if (auto code = parser.iterate(body_.data(), body_.size(), body_.size() + json_padding)
                            .get(document))
            return bad_json(code);
        od::object object;
        if (auto code = document.get_object().get(object)) {
            if (code == simdjson::INCORRECT_TYPE)
                return fail(Code::invalid_request, "the body must be a JSON object");
            return bad_json(code);
        }
        call_.object_open = {body_.find('{'), 1};
        for (auto entry : object)
            if (auto taken = take(entry); !taken)
                return taken.error();
        // Past the last token there is no location to give.
        const char* left = nullptr;
        if (document.current_location().get(left) == simdjson::SUCCESS)
            return fail(Code::invalid_request, "the body has text after its JSON object");
        return check_whole();
    }

private:
    Result<void> take(simdjson::simdjson_result<od::field>& entry) {
        std::string_view key;
        if (auto code = entry.unescaped_key().get(key))
            return bad_json(code);
        auto known = std::find(field_names.begin(), field_names.end(), key);
        if (known == field_names.end()) {
            if (auto like = field_like(key); !like.empty())
                return fail(Code::invalid_request, "'" + std::string(key) + "' must be written '" +
                                                       std::string(like) + "'");
            return skip(entry);
        }
        auto field = static_cast<Field>(known - field_names.begin());
        if (seen_[field])
            return fail(Code::invalid_request, "'" + std::string(*known) + "' is given twice");
        seen_[field] = true;
        od::value value;
        if (auto code = entry.value().get(value))
            return bad_json(code);
        return take_value(field, value);
    }

    /// An unknown field goes upstream as it is.
    static Result<void> skip(simdjson::simdjson_result<od::field>& entry) {
        od::value value;
        if (auto code = entry.value().get(value))
            return bad_json(code);
        return check_depth(value, 1);
    }

    /// Steps through a value. Providers parse with recursion; nesting that fells them stops here.
    static Result<void> check_depth(od::value& value, int depth) {
        od::json_type type{};
        if (auto code = value.type().get(type))
            return bad_json(code);
        if (type != od::json_type::object && type != od::json_type::array)
            return ok();
        if (depth >= depth_max)
            return fail(Code::invalid_request, "the body is nested more than " +
                                                   std::to_string(depth_max) + " levels deep");
        return type == od::json_type::object ? check_object(value, depth)
                                             : check_array(value, depth);
    }

    static Result<void> check_object(od::value& value, int depth) {
        od::object object;
        if (auto code = value.get_object().get(object))
            return bad_json(code);
        for (auto entry : object) {
            od::value field;
            if (auto code = entry.value().get(field))
                return bad_json(code);
            if (auto checked = check_depth(field, depth + 1); !checked)
                return checked;
        }
        return ok();
    }

    static Result<void> check_array(od::value& value, int depth) {
        od::array array;
        if (auto code = value.get_array().get(array))
            return bad_json(code);
        for (auto entry : array) {
            od::value element;
            if (auto code = entry.get(element))
                return bad_json(code);
            if (auto checked = check_depth(element, depth + 1); !checked)
                return checked;
        }
        return ok();
    }

    Result<void> take_value(Field field, od::value& value) {
        switch (field) {
        case model:
            return take_model(value);
        case stream:
            return take_stream(value);
        case stream_options:
            return take_stream_options(value);
        case messages:
            return take_messages(value);
        case n:
            return take_number(value, "n", choices_limit, choices_);
        case max_tokens:
            return take_number(value, "max_tokens", tokens_limit, max_tokens_);
        case max_completion_tokens:
            return take_number(value, "max_completion_tokens", tokens_limit,
                               max_completion_tokens_);
        }
        return fail(Code::internal, "a field without a reader");
    }

    Result<void> take_model(od::value& value) {
        auto token = std::string_view(value.raw_json_token());
        std::string_view text;
        if (value.get_string().get(text))
            return bad_field("model", "a string");
        if (text.empty() || text.size() > model_bytes_max)
            return bad_field("model", "a model's name of 1 to 128 bytes");
        call_.model = std::string(text);
        call_.model_span = {offset(token), string_length(token)};
        return ok();
    }

    Result<void> take_stream(od::value& value) {
        if (is_null(value))
            return ok();
        if (value.get_bool().get(call_.stream))
            return bad_field("stream", "true or false");
        return ok();
    }

    Result<void> take_number(od::value& value, std::string_view name, std::int64_t limit,
                             std::optional<std::int64_t>& out) {
        if (is_null(value))
            return ok();
        std::int64_t number = 0;
        if (value.get_int64().get(number) || number < 1 || number > limit)
            return bad_field(name, "a whole number from 1 to " + std::to_string(limit));
        out = number;
        return ok();
    }

    static Result<void> take_messages(od::value& value) {
        od::array array;
        bool empty = true;
        if (value.get_array().get(array) || array.is_empty().get(empty))
            return bad_field("messages", "an array of messages");
        if (empty)
            return bad_field("messages", "an array of at least one message");
        for (auto entry : array) {
            od::value message;
            if (auto code = entry.get(message))
                return bad_json(code);
            if (auto checked = check_depth(message, 2); !checked)
                return checked;
        }
        return ok();
    }

    Result<void> take_stream_options(od::value& value) {
        auto token = std::string_view(value.raw_json_token());
        if (is_null(value)) {
            call_.stream_options = Span{offset(token), 4};
            call_.stream_options_empty = true;
            return ok();
        }
        od::object object;
        if (value.get_object().get(object))
            return bad_field("stream_options", "an object");
        call_.stream_options = Span{offset(token), 1};
        call_.stream_options_empty = true;
        for (auto entry : object) {
            call_.stream_options_empty = false;
            if (auto taken = take_option(entry); !taken)
                return taken;
        }
        return ok();
    }

    Result<void> take_option(simdjson::simdjson_result<od::field>& entry) {
        std::string_view key;
        od::value value;
        if (auto code = entry.unescaped_key().get(key))
            return bad_json(code);
        if (auto code = entry.value().get(value))
            return bad_json(code);
        if (key != "include_usage")
            return ok();
        if (call_.include_usage)
            return fail(Code::invalid_request, "'stream_options.include_usage' is given twice");
        auto token = std::string_view(value.raw_json_token());
        auto length = std::min(token.find_first_of(" \t\r\n"), token.size());
        if (!is_null(value) && value.get_bool().get(call_.usage_asked))
            return bad_field("stream_options.include_usage", "true or false");
        call_.include_usage = Span{offset(token), length};
        return ok();
    }

    Result<ChatCall> check_whole() {
        if (!seen_[model])
            call_.model = model_default_;
        if (call_.model.empty())
            return bad_field("model", "given: which model is asked?");
        if (is_chat_ && !seen_[messages])
            return bad_field("messages", "given: an array of messages");
        call_.stream = call_.stream && may_stream_;
        // Servers differ in which of the two they know: the larger one is what may come.
        call_.output_tokens_max = std::max(max_completion_tokens_, max_tokens_);
        call_.choices = choices_.value_or(1);
        return std::move(call_);
    }

    static bool is_null(od::value& value) {
        bool null = false;
        return !value.is_null().get(null) && null;
    }
    std::size_t offset(std::string_view token) const {
        return static_cast<std::size_t>(token.data() - body_.data());
    }
    /// Length of the JSON string at the start of `token`, quotes included; it is known to be
    /// closed.
    static std::size_t string_length(std::string_view token) {
        std::size_t at = 1;
        while (token[at] != '"')
            at += token[at] == '\\' ? 2 : 1;
        return at + 1;
    }

    std::string_view body_;
    bool is_chat_ = true;
    bool may_stream_ = true;
    std::string_view model_default_;
    ChatCall call_;
    std::array<bool, field_names.size()> seen_{};
    std::optional<std::int64_t> max_tokens_;
    std::optional<std::int64_t> max_completion_tokens_;
    std::optional<std::int64_t> choices_;
};

/// The edit that makes upstream report usage at the end of the stream.
std::optional<Edit> usage_edit(const ChatCall& call) {
    if (!call.stream || call.usage_asked || call.media)
        return std::nullopt;
    if (call.include_usage)
        return Edit{*call.include_usage, "true"};
    if (!call.stream_options)
        return Edit{{call.object_open.at + 1, 0}, "\"stream_options\":{\"include_usage\":true},"};
    if (call.stream_options->length == 4)
        return Edit{*call.stream_options, "{\"include_usage\":true}"};
    std::string text = "\"include_usage\":true";
    if (!call.stream_options_empty)
        text += ',';
    return Edit{{call.stream_options->at + 1, 0}, std::move(text)};
}

/// In a form a name stands as it is.
std::vector<Edit> form_edits(const ChatCall& call, std::string_view upstream_model) {
    std::vector<Edit> edits;
    if (upstream_model == call.model)
        return edits;
    if (call.model_span.length > 0)
        edits.push_back({call.model_span, std::string(upstream_model)});
    else
        edits.push_back(
            {{0, 0}, call.media->model_head + std::string(upstream_model) + std::string("\r\n")});
    return edits;
}

}  // namespace

Result<ChatCall> parse_chat_call(std::string_view body) {
    return Reader(body).read();
}

Result<ChatCall> parse_plain_call(std::string_view body, std::string_view model_default,
                                  bool may_stream) {
    return Reader(body, model_default, may_stream).read();
}

std::vector<Edit> upstream_edits(const ChatCall& call, std::string_view upstream_model,
                                 bool ask_usage) {
    if (call.media && call.media->is_form())
        return form_edits(call, upstream_model);
    std::vector<Edit> edits;
    if (upstream_model != call.model && call.model_span.length > 0)
        edits.push_back({call.model_span, json_quoted(upstream_model)});
    else if (upstream_model != call.model)
        edits.push_back(
            {{call.object_open.at + 1, 0}, "\"model\":" + json_quoted(upstream_model) + ","});
    if (auto edit = ask_usage ? usage_edit(call) : std::nullopt)
        edits.push_back(std::move(*edit));
    std::sort(edits.begin(), edits.end(),
              [](const Edit& a, const Edit& b) { return a.span.at < b.span.at; });
    return edits;
}

std::string json_quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        } else {
            out += c;
        }
    }
    out += '"';
    return out;
}

}  // namespace obliv::llm
