#include "core/wire/cohere.hpp"
#include "core/wire/frames.hpp"
#include "core/wire/json.hpp"
#include "core/wire/reply_error.hpp"
#include "core/wire/sequence.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

const Json& null_json() {
    static const Json null;
    return null;
}

const Json& at(const Json& value, std::string_view name) {
    const auto* found = member(value, name);
    return found == nullptr ? null_json() : *found;
}

llm::Finish finish_of(std::string_view word) {
    if (word == "COMPLETE" || word == "STOP_SEQUENCE")
        return llm::Finish::stop;
    if (word == "MAX_TOKENS")
        return llm::Finish::length;
    if (word == "TOOL_CALL")
        return llm::Finish::tool_calls;
    return word.starts_with("ERROR") ? llm::Finish::fault : llm::Finish::other;
}

/// `billed_units` are what Cohere charges; `tokens` and `cached_tokens` count its own template too,
/// which nobody pays for. Images and thought are told among the tokens only.
llm::Usage usage_of(const Json& usage) {
    const auto& tokens = at(usage, "tokens");
    const auto& billed =
        member(usage, "billed_units") != nullptr ? at(usage, "billed_units") : tokens;
    auto count = [](const Json& from, std::string_view name) {
        return std::max<std::int64_t>(0, int_in(from, name).value_or(0));
    };
    llm::Usage out;
    auto input = count(billed, "input_tokens");
    auto output = count(billed, "output_tokens");
    out.image_in =
        std::min(input, std::max(count(tokens, "image_tokens"), count(billed, "image_tokens")));
    out.input = input - out.image_in;
    out.reasoning = std::min(output, count(tokens, "reasoning_tokens"));
    out.output = output - out.reasoning;
    return out;
}

/// The documents of a request are sent as `doc:0`, `doc:1` ...
std::int64_t document_of(std::string_view id) {
    constexpr std::string_view prefix = "doc:";
    if (!id.starts_with(prefix) || id.size() > prefix.size() + 6)
        return -1;
    std::int64_t number = 0;
    for (char c : id.substr(prefix.size())) {
        if (c < '0' || c > '9')
            return -1;
        number = number * 10 + (c - '0');
    }
    return id.size() == prefix.size() ? -1 : number;
}

llm::Citation citation_of(const Json& citation, const Json& source) {
    llm::Citation out;
    out.text_from = int_in(citation, "start").value_or(-1);
    out.text_to = int_in(citation, "end").value_or(-1);
    out.raw = json_text(citation);
    if (string_in(source, "type") == "document") {
        const auto& document = at(source, "document");
        out.kind = llm::Citation::Kind::chars;
        out.document = document_of(string_in(source, "id"));
        out.title = string_in(document, "title");
        out.url = string_in(document, "url");
        out.cited_text = string_in(document, "text");
        if (out.document < 0 && !out.url.empty())
            out.kind = llm::Citation::Kind::url;
    } else {
        out.kind = llm::Citation::Kind::search_result;
        out.title = string_in(source, "id");
        if (const auto* output = member(source, "tool_output"))
            out.cited_text = json_text(*output);
    }
    return out;
}

/// Each element has the text of its tokens and their log-probabilities; OpenAI's form knows one
/// figure for one text, so those of several tokens are added.
void append_logprobs(const Json& from, Json& tokens) {
    double sum = 0;
    if (const auto* values = member(from, "logprobs"); values != nullptr && values->is_array())
        for (const auto& value : *values)
            sum += value.is_number() ? value.get<double>() : 0;
    tokens.push_back(Json{{"token", string_in(from, "text")},
                          {"logprob", sum},
                          {"bytes", nullptr},
                          {"top_logprobs", Json::array()}});
}

class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options)
        : frames_(options.event_bytes_max, options.body_bytes_max) {}

    Result<void> feed(std::string_view bytes, Events& out) override {
        return frames_.feed(bytes, [&](const Frame& frame) { return take(frame, out); });
    }

    Result<void> finish(Events& out) override {
        auto done = frames_.finish([&](const Frame& frame) { return take(frame, out); });
        if (!done || ended_)
            return done;
        return fail(Code::upstream_failed, "the reply ended before its message-end");
    }

private:
    Result<void> take(const Frame& frame, Events& out) {
        if (frame.data == "[DONE]" || ended_)
            return ok();
        auto parsed = parse_json(frame.data);
        if (!parsed)
            return fail(Code::upstream_failed, "an event of the reply: " + parsed.error().message);
        if (frame.whole_body)
            return take_document(*parsed, out);
        take_event(*parsed, out);
        return ok();
    }

    Result<void> take_document(const Json& body, Events& out) {
        const auto& message = at(body, "message");
        if (message.is_string()) {
            failed(message.get<std::string>(), out);
            return ok();
        }
        if (!message.is_object())
            return fail(Code::upstream_failed, "the reply has no message");
        begin(body, out);
        sequence_.thinking(string_in(message, "tool_plan"), out);
        for (const auto& part : at(message, "content"))
            take_content(part, out);
        for (const auto& citation : at(message, "citations"))
            take_citation(citation, out);
        if (const auto* logprobs = member(body, "logprobs");
            logprobs != nullptr && logprobs->is_array())
            take_logprobs(*logprobs, out);
        for (const auto& call : at(message, "tool_calls"))
            take_call(call, out);
        end(body, out);
        return ok();
    }

    void take_event(const Json& event, Events& out) {
        auto type = string_in(event, "type");
        const auto& delta = at(event, "delta");
        const auto& message = at(delta, "message");
        if (type == "message-start") {
            begin(event, out);
        } else if (type == "content-start" || type == "content-delta") {
            take_content(at(message, "content"), out);
            if (const auto* logprobs = member(event, "logprobs"))
                take_logprobs(Json::array({*logprobs}), out);
        } else if (type == "tool-plan-delta") {
            sequence_.thinking(string_in(message, "tool_plan"), out);
        } else if (type == "tool-call-start") {
            take_call(at(message, "tool_calls"), out);
        } else if (type == "tool-call-delta") {
            sequence_.arguments(string_in(at(at(message, "tool_calls"), "function"), "arguments"),
                                out);
        } else if (type == "content-end" || type == "tool-call-end") {
            sequence_.close(out);
        } else if (type == "citation-start") {
            take_citation(at(message, "citations"), out);
        } else if (type == "message-end") {
            end(delta, out);
        } else if (member(event, "type") == nullptr && at(event, "message").is_string()) {
            failed(string_in(event, "message"), out);
        } else {
            out.push_back({llm::Alive{}});
        }
    }

    void begin(const Json& from, Events& out) {
        llm::Begun begun;
        begun.id = string_in(from, "id");
        out.push_back({std::move(begun)});
    }

    void take_content(const Json& content, Events& out) {
        if (content.is_string())
            return sequence_.text(content.get<std::string>(), out);
        sequence_.thinking(string_in(content, "thinking"), out);
        sequence_.text(string_in(content, "text"), out);
    }

    void take_call(const Json& call, Events& out) {
        const auto& function = at(call, "function");
        sequence_.begin_call(string_in(call, "id"), string_in(function, "name"), out);
        sequence_.arguments(string_in(function, "arguments"), out);
    }

    void take_citation(const Json& citation, Events& out) {
        const auto& sources = at(citation, "sources");
        if (!sources.is_array() || sources.empty())
            return sequence_.add(llm::CitationPiece{citation_of(citation, null_json())}, out);
        for (const auto& source : sources)
            sequence_.add(llm::CitationPiece{citation_of(citation, source)}, out);
    }

    void take_logprobs(const Json& list, Events& out) {
        Json tokens = Json::array();
        for (const auto& element : list)
            append_logprobs(element, tokens);
        sequence_.add(llm::LogProbs{json_text(tokens)}, out);
    }

    void end(const Json& from, Events& out) {
        sequence_.close(out);
        if (const auto* usage = member(from, "usage"))
            out.push_back({llm::UsageReport{usage_of(*usage), json_text(*usage)}});
        auto word = string_in(from, "finish_reason");
        if (auto error = string_in(from, "error"); !error.empty())
            return failed(error, out);
        out.push_back({llm::Finished{finish_of(word), word}});
        ended_ = true;
    }

    void failed(const std::string& words, Events& out) {
        sequence_.close(out);
        out.push_back({llm::Failed{reply_error({}, {}, words)}});
        ended_ = true;
    }

    Frames frames_;
    Sequence sequence_;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> new_cohere_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

}  // namespace obliv::wire
