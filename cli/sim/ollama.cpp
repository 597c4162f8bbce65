#include "cli/sim/ollama.hpp"

#include "cli/sim/messages.hpp"
#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/time_format.hpp"
#include "core/wire/json.hpp"

#include <nlohmann/json.hpp>

namespace obliv::sim {
namespace {

using namespace llm;
using wire::Json;
using wire::member;
using wire::string_in;

constexpr std::int64_t token_nanos = 10'000'000;

/// What both paths have in common.
Result<ChatRequest> begin_request(const Json& body) {
    ChatRequest out;
    out.wire = "ollama";
    out.model = string_in(body, "model");
    if (out.model.empty())
        return missing("model");
    const auto* stream = member(body, "stream");
    out.stream = stream == nullptr || wire::true_in(body, "stream");
    out.usage_in_stream = true;
    if (const auto* options = member(body, "options"))
        if (auto most = wire::int_in(*options, "num_predict"); most && *most >= 0)
            out.output_tokens_max = most;
    return out;
}

void read_tools(const Json& body, ChatRequest& out) {
    const auto* tools = member(body, "tools");
    if (tools == nullptr || !tools->is_array())
        return;
    for (const auto& each : *tools)
        if (const auto* function = member(each, "function")) {
            Tool tool;
            tool.name = string_in(*function, "name");
            out.tools.push_back(std::move(tool));
        }
}

std::string reason_of(Finish finish) {
    return finish == Finish::length ? "length" : "stop";
}

/// Writes what `/api/chat` answers, or with `generate` what `/api/generate` does.
class Writer final : public wire::ReplyWriter {
public:
    Writer(const wire::WriteOptions& options, bool generate)
        : generate_(generate), stream_(options.stream), model_(options.model),
          created_(rfc3339(WallTime(std::chrono::seconds(options.now)))) {}

    std::string_view content_type() const noexcept override {
        return stream_ ? "application/x-ndjson" : "application/json; charset=utf-8";
    }

    void write(const ReplyEvent& event, std::string& out) override {
        if (const auto* text = std::get_if<TextPiece>(&event.what))
            say(text->text, {}, out);
        else if (const auto* thought = std::get_if<ThinkingPiece>(&event.what))
            say({}, thought->text, out);
        else if (const auto* call = std::get_if<ToolCallBegun>(&event.what))
            tool_ = call->name;
        else if (const auto* piece = std::get_if<ArgumentsPiece>(&event.what))
            arguments_ += piece->text;
        else if (const auto* report = std::get_if<UsageReport>(&event.what))
            usage_ = report->usage;
        else if (const auto* finished = std::get_if<Finished>(&event.what))
            reason_ = reason_of(finished->reason);
    }

    void finish(std::string& out) override {
        Json calls = Json::array();
        if (!tool_.empty())
            calls.push_back(
                {{"function", {{"name", tool_}, {"arguments", wire::embedded(arguments_)}}}});
        if (stream_ && !calls.empty())
            append(line({}, {}, calls, false), out);
        auto last =
            stream_ ? line({}, {}, Json::array(), true) : line(text_, thoughts_, calls, true);
        auto read = usage_.input_all();
        auto written = usage_.output_all();
        last["done_reason"] = reason_;
        last["total_duration"] = (read + written) * token_nanos;
        last["load_duration"] = 0;
        last["prompt_eval_count"] = read;
        last["prompt_eval_duration"] = read * token_nanos;
        last["eval_count"] = written;
        last["eval_duration"] = written * token_nanos;
        append(last, out);
    }

    void fail(const Error& error, std::string& out) override {
        append(Json{{"error", error.message}}, out);
    }

private:
    void say(std::string_view text, std::string_view thought, std::string& out) {
        if (stream_)
            return append(line(text, thought, Json::array(), false), out);
        text_ += text;
        thoughts_ += thought;
    }

    Json line(std::string_view text, std::string_view thought, const Json& calls, bool done) const {
        Json out{{"model", model_}, {"created_at", created_}};
        auto& said = generate_ ? out : out["message"];
        if (!generate_)
            said["role"] = "assistant";
        said[generate_ ? "response" : "content"] = text;
        if (!thought.empty())
            said["thinking"] = thought;
        if (!calls.empty())
            said["tool_calls"] = calls;
        out["done"] = done;
        return out;
    }

    void append(const Json& object, std::string& out) const {
        out += wire::json_text(object);
        if (stream_)
            out += '\n';
    }

    bool generate_;
    bool stream_;
    std::string model_;
    std::string created_;
    std::string text_;  ///< of a reply that does not stream
    std::string thoughts_;
    std::string tool_;
    std::string arguments_;
    std::string reason_ = "stop";
    Usage usage_;
};

Result<void> add_chat(const Json& body, ChatRequest& out) {
    const auto* messages = member(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty())
        return missing("messages");
    for (const auto& each : *messages)
        add_text(out, role_of(string_in(each, "role")), string_in(each, "content"));
    read_tools(body, out);
    return ok();
}

Result<void> add_prompt(const Json& body, ChatRequest& out) {
    if (auto system = string_in(body, "system"); !system.empty())
        add_text(out, Role::system, std::move(system));
    add_text(out, Role::user, string_in(body, "prompt"));
    return ok();
}

Result<ChatRequest> read(const wire::RequestSource& source,
                         Result<void> (*add_rest)(const Json&, ChatRequest&)) {
    auto body = wire::parse_json(source.body);
    if (!body)
        return body.error();
    auto out = begin_request(*body);
    if (!out)
        return out;
    if (auto added = add_rest(*body, *out); !added)
        return added.error();
    return out;
}

}  // namespace

Result<ChatRequest> read_ollama_chat(const wire::RequestSource& source) {
    return read(source, add_chat);
}

Result<ChatRequest> read_ollama_generate(const wire::RequestSource& source) {
    return read(source, add_prompt);
}

std::unique_ptr<wire::ReplyWriter> new_ollama_chat_writer(const wire::WriteOptions& options) {
    return std::make_unique<Writer>(options, false);
}

std::unique_ptr<wire::ReplyWriter> new_ollama_generate_writer(const wire::WriteOptions& options) {
    return std::make_unique<Writer>(options, true);
}

std::string ollama_models(const Options& options) {
    auto names = options.models;
    if (names.empty())
        names.emplace_back("sim");
    Json models = Json::array();
    for (const auto& name : names)
        models.push_back({{"name", name},
                          {"model", name},
                          {"modified_at", "2023-11-14T22:13:20Z"},
                          {"size", 0},
                          {"digest", to_hex(sha256(name))},
                          {"details", {{"format", "gguf"}, {"family", "sim"}}}});
    return wire::json_text(Json{{"models", std::move(models)}});
}

}  // namespace obliv::sim
