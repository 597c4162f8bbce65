#include "core/llm/chat_call.hpp"

#include "core/llm/json_reader.hpp"
#include "core/llm/pattern.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <simdjson.h>

namespace obliv::llm {
namespace {

// More than any model can produce; keeps sums and products of money far from overflow.
constexpr std::int64_t tokens_limit = 100'000'000;
constexpr std::int64_t choices_limit = 128;

Error bad_field(std::string_view name, std::string_view expected) {
    auto error =
        fail(Code::invalid_request, "'" + std::string(name) + "' must be " + std::string(expected));
    error.param = std::string(name);
    return error;
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
    auto folds = [](char c) {
        return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) > 127;
    };
    if (key.size() > longest || std::none_of(key.begin(), key.end(), folds))
        return {};
    auto lower = folded(key);
    auto found = std::find(field_names.begin(), field_names.end(), lower);
    return found == field_names.end() ? std::string_view{} : *found;
}

/// Reads the fields of one body; each `take_*` consumes one value.
class Reader {
public:
    explicit Reader(std::string_view body) : body_(body), json_(body) {}
    /// Of a call that is no chat.
    Reader(std::string_view body, std::string_view model_default, bool may_stream)
        : body_(body), json_(body), is_chat_(false), may_stream_(may_stream),
          model_default_(model_default) {}

    Result<ChatCall> read() {
        if (auto first = json_.peek(); first != '{') {
            bool json = first == '[' || json_.skip(0);
            return json ? fail(Code::invalid_request, "the body must be a JSON object")
                        : bad_json();
        }
        call_.object_open = {json_.at(), 1};
        bool more = json_.enter('}');
        for (; more; more = json_.more('}'))
            if (auto taken = take_field(); !taken)
                return taken.error();
        if (json_.failed())
            return bad_json();
        json_.peek();
        if (json_.at() < body_.size())
            return fail(Code::invalid_request, "the body has text after its JSON object");
        if (json_.beyond_ascii() && !simdjson::validate_utf8(body_.data(), body_.size()))
            return fail(Code::invalid_request, "the body is not valid UTF-8");
        return check_whole();
    }

private:
    Error bad_json() const {
        if (json_.failure() == JsonReader::nested_too_deep)
            return fail(Code::invalid_request, "the body is nested more than " +
                                                   std::to_string(JsonReader::depth_max) +
                                                   " levels deep");
        return fail(Code::invalid_request,
                    "the body is not valid JSON: " + std::string(json_.failure()));
    }
    /// The error of a step that was not possible.
    Result<void> step(bool possible) const {
        if (possible)
            return ok();
        return bad_json();
    }

    /// The next name, which may lie in `room`.
    Result<std::string_view> take_key(std::string& room) {
        std::string_view key;
        if (!json_.key(key))
            return bad_json();
        if (!json_.escaped())
            return key;
        auto plain = unescaped(key);
        if (!plain)
            return fail(Code::invalid_request,
                        "the body is not valid JSON: a name has an escape that there is none of");
        room = std::move(*plain);
        return std::string_view(room);
    }

    Result<void> take_field() {
        std::string room;
        auto taken = take_key(room);
        if (!taken)
            return taken.error();
        auto key = *taken;
        auto known = std::find(field_names.begin(), field_names.end(), key);
        if (known == field_names.end()) {
            if (auto like = field_like(key); !like.empty())
                return fail(Code::invalid_request, "'" + std::string(key) + "' must be written '" +
                                                       std::string(like) + "'");
            return step(json_.skip(1));  // it goes upstream as it is
        }
        auto field = static_cast<Field>(known - field_names.begin());
        if (seen_[field])
            return fail(Code::invalid_request, "'" + std::string(*known) + "' is given twice");
        seen_[field] = true;
        return take_value(field);
    }

    Result<void> take_value(Field field) {
        switch (field) {
        case model:
            return take_model();
        case stream:
            return take_flag("stream", call_.stream);
        case stream_options:
            return take_stream_options();
        case messages:
            return take_messages();
        case n:
            return take_number("n", choices_limit, choices_);
        case max_tokens:
            return take_number("max_tokens", tokens_limit, max_tokens_);
        case max_completion_tokens:
            return take_number("max_completion_tokens", tokens_limit, max_completion_tokens_);
        }
        return fail(Code::internal, "a field without a reader");
    }

    Result<void> take_model() {
        if (json_.peek() != '"')
            return bad_field("model", "a string");
        auto begin = json_.at();
        std::string_view text;
        if (!json_.string(text))
            return bad_json();
        call_.model_span = {begin, text.size() + 2};
        auto name = json_.escaped() ? unescaped(text) : std::string(text);
        if (!name)
            return bad_field("model", "a string");
        if (name->empty() || name->size() > model_bytes_max)
            return bad_field("model", "a model's name of 1 to 128 bytes");
        call_.model = std::move(*name);
        return ok();
    }

    /// Null leaves it as it is.
    Result<void> take_flag(std::string_view name, bool& out) {
        auto first = json_.peek();
        if (first == 'n')
            return step(json_.word("null"));
        if (first != 't' && first != 'f')
            return bad_field(name, "true or false");
        out = first == 't';
        return step(json_.word(out ? "true" : "false"));
    }

    Result<void> take_number(std::string_view name, std::int64_t limit,
                             std::optional<std::int64_t>& out) {
        if (json_.peek() == 'n')
            return step(json_.word("null"));
        std::string_view digits;
        std::int64_t number = 0;
        bool read = json_.number(digits) &&
                    std::from_chars(digits.data(), digits.data() + digits.size(), number).ptr ==
                        digits.data() + digits.size();
        if (!read || number < 1 || number > limit)
            return bad_field(name, "a whole number from 1 to " + std::to_string(limit));
        out = number;
        return ok();
    }

    Result<void> take_messages() {
        if (json_.peek() != '[')
            return bad_field("messages", "an array of messages");
        if (!json_.enter(']'))
            return bad_field("messages", "an array of at least one message");
        do {
            if (!json_.skip(2))
                return bad_json();
        } while (json_.more(']'));
        return step(!json_.failed());
    }

    Result<void> take_stream_options() {
        auto first = json_.peek();
        if (first != 'n' && first != '{')
            return bad_field("stream_options", "an object");
        call_.stream_options_empty = true;
        if (first == 'n') {
            call_.stream_options = Span{json_.at(), 4};
            return step(json_.word("null"));
        }
        call_.stream_options = Span{json_.at(), 1};
        bool more = json_.enter('}');
        call_.stream_options_empty = !more;
        for (; more; more = json_.more('}'))
            if (auto taken = take_option(); !taken)
                return taken;
        return step(!json_.failed());
    }

    Result<void> take_option() {
        std::string room;
        auto key = take_key(room);
        if (!key)
            return key.error();
        if (*key != "include_usage")
            return step(json_.skip(2));
        if (call_.include_usage)
            return fail(Code::invalid_request, "'stream_options.include_usage' is given twice");
        json_.peek();
        auto begin = json_.at();
        auto taken = take_flag("stream_options.include_usage", call_.usage_asked);
        call_.include_usage = Span{begin, json_.at() - begin};
        return taken;
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

    std::string_view body_;
    JsonReader json_;
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
