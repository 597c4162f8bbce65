#include "core/wire/cohere.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/json.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

constexpr std::array<string_view, 6> own_reasons{"COMPLETE",  "STOP_SEQUENCE", "MAX_TOKENS",
                                                 "TOOL_CALL", "ERROR",         "TIMEOUT"};

string finish_reason(const Finished& finished) {
    if (std::find(own_reasons.begin(), own_reasons.end(), finished.raw) != own_reasons.end())
        return finished.raw;
    switch (finished.reason) {
    case Finish::length:
        return "MAX_TOKENS";
    case Finish::tool_calls:
        return "TOOL_CALL";
    case Finish::filtered:
    case Finish::fault:
        return "ERROR";
    default:
        return finished.stop_sequence.empty() ? "COMPLETE" : "STOP_SEQUENCE";
    }
}

Json usage_json(const Usage& usage) {
    Json tokens{{"input_tokens", usage.input_all()}, {"output_tokens", usage.output_all()}};
    if (usage.reasoning > 0)
        tokens["reasoning_tokens"] = usage.reasoning;
    if (usage.image_in > 0)
        tokens["image_tokens"] = usage.image_in;
    return Json{{"billed_units",
                 Json{{"input_tokens", usage.input_all()}, {"output_tokens", usage.output_all()}}},
                {"tokens", std::move(tokens)},
                {"cached_tokens", usage.cache_read}};
}

Json call_json(const string& id, const string& name, const string& arguments) {
    return Json{{"id", id},
                {"type", "function"},
                {"function", Json{{"name", name}, {"arguments", arguments}}}};
}

/// OpenAI's list of tokens, each with one figure.
Json logprobs_json(const LogProbs& given) {
    Json out = Json::array();
    const auto list = embedded(given.content);
    if (!list.is_array())
        return out;
    for (const auto& token : list) {
        const auto* figure = member(token, "logprob");
        out.push_back(Json{{"token_ids", Json::array()},
                           {"text", string_in(token, "token")},
                           {"logprobs", Json::array({figure != nullptr ? *figure : Json(0)})}});
    }
    return out;
}

/// The names of the request's documents: what a reply cites is told by them.
std::vector<string> document_ids(const ChatRequest* request) {
    std::vector<string> ids;
    if (request == nullptr)
        return ids;
    for (const auto& message : request->messages)
        for (const auto& part : message.content) {
            const auto* media = std::get_if<Media>(&part.what);
            if (media == nullptr || !document_text(*media))
                continue;
            string id = "doc:" + std::to_string(ids.size());
            for (const auto& extra : part.extras)
                if (const auto given = embedded(extra.value);
                    extra.name == "id" && given.is_string())
                    id = given.get<string>();
            ids.push_back(std::move(id));
        }
    return ids;
}

string error_text(const Error& error, const WriteOptions& options) {
    return json_text(Json{{"id", options.request_id}, {"message", error.message}});
}

/// Characters, of which a code point is one.
std::int64_t characters(string_view text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

class Sources {
public:
    explicit Sources(const ChatRequest* request) : ids_(document_ids(request)) {}

    /// `before`: characters of the block before the citation; it stands for the place that is not
    /// told.
    Json citation(const Citation& citation, std::int64_t before) const {
        auto at = static_cast<std::size_t>(citation.document);
        string id = citation.document >= 0 && at < ids_.size() ? ids_[at] : citation.url;
        Json document{{"id", id}, {"title", citation.title}, {"text", citation.cited_text}};
        if (!citation.url.empty())
            document["url"] = citation.url;
        Json source{{"type", "document"}, {"id", id}, {"document", std::move(document)}};
        return Json{{"start", citation.text_from < 0 ? 0 : citation.text_from},
                    {"end", citation.text_to < 0 ? before : citation.text_to},
                    {"text", ""},
                    {"sources", Json::array({std::move(source)})},
                    {"type", "TEXT_CONTENT"}};
    }

private:
    std::vector<string> ids_;
};

class PlainWriter final : public ReplyWriter {
public:
    explicit PlainWriter(const WriteOptions& options)
        : options_(options), sources_(options.request) {}

    string_view content_type() const noexcept override { return "application/json"; }
    void write(const ReplyEvent& event, string&) override { add_event(reply_, event); }

    void finish(string& out) override {
        auto& choice = reply_.choices[0];
        Json message{{"role", "assistant"}};
        Json content = Json::array();
        for (const auto& [number, block] : choice.blocks)
            add(block, message, content);
        if (!content.empty())
            message["content"] = std::move(content);
        const auto& id = reply_.begun.id;
        Json body{{"id", id.empty() ? options_.request_id : id},
                  {"finish_reason", finish_reason(choice.finished.value_or(Finished{}))},
                  {"message", std::move(message)}};
        if (!choice.logprobs.empty())
            body["logprobs"] = logprobs_json({choice.logprobs});
        body["usage"] = usage_json(reply_.usage.value_or(UsageReport{}).usage);
        out += json_text(body);
    }

    void fail(const Error& error, string& out) override { out += error_text(error, options_); }

private:
    void add(const WholeReply::Block& block, Json& message, Json& content) const {
        const auto& what = block.part.what;
        if (const auto* text = std::get_if<Text>(&what)) {
            add_text(text->text, content);
            add_citations(*text, message);
        } else if (const auto* refusal = std::get_if<Refusal>(&what)) {
            add_text(refusal->text, content);
        } else if (const auto* thought = std::get_if<Thinking>(&what)) {
            if (!thought->text.empty())
                content.push_back(Json{{"type", "thinking"}, {"thinking", thought->text}});
        } else if (const auto* call = std::get_if<ToolCall>(&what)) {
            message["tool_calls"].push_back(
                call_json(call->id, call->name, call->arguments.empty() ? "{}" : call->arguments));
        } else if (std::holds_alternative<Media>(what)) {
            add_text(block.transcript, content);
        }
    }

    static void add_text(const string& text, Json& content) {
        if (!text.empty())
            content.push_back(Json{{"type", "text"}, {"text", text}});
    }

    void add_citations(const Text& text, Json& message) const {
        auto length = characters(text.text);
        for (const auto& citation : text.citations)
            message["citations"].push_back(sources_.citation(citation, length));
    }

    WriteOptions options_;
    WholeReply reply_;
    Sources sources_;
};

/// Clients take one call at a time: where a provider brings the pieces of several in turns, those
/// of the later ones wait.
class StreamWriter final : public ReplyWriter {
public:
    explicit StreamWriter(const WriteOptions& options)
        : options_(options), sources_(options.request) {}

    string_view content_type() const noexcept override {
        return "text/event-stream; charset=utf-8";
    }

    void write(const ReplyEvent& event, string& out) override {
        out_ = &out;
        if (event.choice == 0)
            std::visit([&](const auto& what) { take(what, event.block); }, event.what);
    }

    void finish(string& out) override {
        out_ = &out;
        close_content();
        while (!calls_.empty())
            end_call();
        start();
        send({{"type", "message-end"},
              {"delta", Json{{"finish_reason", finish_reason(finished_)},
                             {"usage", usage_json(usage_.usage)}}}});
        out += "data: [DONE]\n\n";
    }

    void fail(const Error& error, string& out) override {
        out += "data: " + error_text(error, options_) + "\n\n";
    }

private:
    struct Call {
        std::int32_t block;
        string id;
        string name;
        string waiting{};  ///< arguments that have not been sent
        bool ended = false;
    };

    void take(const Begun& begun, std::int32_t) { begun_ = begun; }
    void take(const UsageReport& usage, std::int32_t) { usage_ = usage; }
    void take(const Finished& finished, std::int32_t) { finished_ = finished; }
    void take(const Failed&, std::int32_t) {}  // the relay calls fail()
    void take(const Alive&, std::int32_t) {}
    void take(const ProofPiece&, std::int32_t) {}  // it has no place here
    void take(const Opaque&, std::int32_t) {}

    void take(const TextPiece& piece, std::int32_t block) { content("text", piece.text, block); }
    void take(const RefusalPiece& piece, std::int32_t block) { content("text", piece.text, block); }
    void take(const ThinkingPiece& piece, std::int32_t block) {
        content("thinking", piece.text, block);
    }
    void take(const MediaPiece& piece, std::int32_t block) {
        content("text", piece.transcript, block);
    }

    void take(const LogProbs& given, std::int32_t) {
        for (auto& token : logprobs_json(given))
            send({{"type", "content-delta"},
                  {"index", index_},
                  {"delta", {{"message", {{"content", {{"text", ""}}}}}}},
                  {"logprobs", std::move(token)}});
    }

    void take(const CitationPiece& piece, std::int32_t) {
        auto index = citations_++;
        send({{"type", "citation-start"},
              {"index", index},
              {"delta", {{"message", {{"citations", sources_.citation(piece.citation, said_)}}}}}});
        send({{"type", "citation-end"}, {"index", index}});
    }

    void take(const ToolCallBegun& begun, std::int32_t block) {
        close_content();
        calls_.push_back({block, begun.id, begun.name});
        if (calls_.size() == 1)
            begin_call();
    }

    void take(const ArgumentsPiece& piece, std::int32_t block) {
        for (auto& call : calls_)
            if (call.block == block)
                call.waiting += piece.text;
        if (!calls_.empty() && calls_.front().block == block)
            send_arguments();
    }

    void take(const BlockEnded&, std::int32_t block) {
        if (open_ && block == block_)
            return close_content();
        for (auto& call : calls_)
            if (call.block == block)
                call.ended = true;
        while (!calls_.empty() && calls_.front().ended)
            end_call();
    }

    void start() {
        if (std::exchange(started_, true))
            return;
        Json message{{"role", "assistant"},
                     {"content", Json::array()},
                     {"tool_plan", ""},
                     {"tool_calls", Json::array()},
                     {"citations", Json::array()}};
        send_as_is({{"id", begun_.id.empty() ? options_.request_id : begun_.id},
                    {"type", "message-start"},
                    {"delta", Json{{"message", std::move(message)}}}});
    }

    void content(const char* kind, const string& piece, std::int32_t block) {
        if (piece.empty())
            return;
        if (!open_ || block != block_ || kind_ != kind) {
            close_content();
            open_ = true;
            block_ = block;
            kind_ = kind;
            said_ = 0;
            send_content("content-start", Json{{"type", kind}, {kind, ""}});
        }
        said_ += characters(piece);
        send_content("content-delta", Json{{kind, piece}});
    }

    void send_content(string_view type, Json content) {
        send({{"type", type},
              {"index", index_},
              {"delta", Json{{"message", Json{{"content", std::move(content)}}}}}});
    }

    void close_content() {
        if (std::exchange(open_, false))
            send({{"type", "content-end"}, {"index", index_++}});
    }

    void begin_call() {
        const auto& call = calls_.front();
        send_call("tool-call-start", call_json(call.id, call.name, ""));
        send_arguments();
    }

    void send_arguments() {
        auto& waiting = calls_.front().waiting;
        if (!waiting.empty())
            send_call("tool-call-delta", Json{{"function", Json{{"arguments", waiting}}}});
        waiting.clear();
    }

    void end_call() {
        send({{"type", "tool-call-end"}, {"index", call_index_++}});
        calls_.pop_front();
        if (!calls_.empty())
            begin_call();
    }

    void send_call(string_view type, Json call) {
        send({{"type", type},
              {"index", call_index_},
              {"delta", Json{{"message", Json{{"tool_calls", std::move(call)}}}}}});
    }

    void send(const Json& event) {
        start();
        send_as_is(event);
    }

    void send_as_is(const Json& event) {
        out_->append("event: ").append(event["type"].get_ref<const string&>());
        out_->append("\ndata: ").append(json_text(event)).append("\n\n");
    }

    WriteOptions options_;
    Sources sources_;
    string* out_ = nullptr;  ///< of the call under way
    Begun begun_;
    UsageReport usage_;
    Finished finished_;
    bool started_ = false;

    bool open_ = false;  ///< a content block is
    std::int32_t block_ = 0;
    string kind_;
    std::int64_t said_ = 0;  ///< characters of the block
    std::int64_t index_ = 0;
    std::int64_t call_index_ = 0;
    std::int64_t citations_ = 0;
    std::deque<Call> calls_;  ///< the first is being told
};

}  // namespace

std::unique_ptr<ReplyWriter> new_cohere_writer(const WriteOptions& options) {
    if (options.stream)
        return std::make_unique<StreamWriter>(options);
    return std::make_unique<PlainWriter>(options);
}

}  // namespace obliv::wire
