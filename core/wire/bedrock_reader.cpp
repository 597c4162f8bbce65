#include "core/wire/aws_events.hpp"
#include "core/wire/bedrock_parts.hpp"
#include "core/wire/reply_error.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace obliv::wire {
namespace {

using namespace llm;
using std::string;
using std::string_view;

Finish finish_of(string_view reason) noexcept {
    if (reason == "end_turn" || reason == "stop_sequence")
        return Finish::stop;
    if (reason == "max_tokens" || reason == "model_context_window_exceeded")
        return Finish::length;
    if (reason == "tool_use")
        return Finish::tool_calls;
    if (reason == "guardrail_intervened" || reason == "content_filtered")
        return Finish::filtered;
    if (reason == "malformed_model_output" || reason == "malformed_tool_use")
        return Finish::fault;
    return Finish::other;
}

enum class Kind : std::uint8_t { none, text, thinking, call, opaque };

/// A block that has begun and not ended.
struct Open {
    Kind kind = Kind::none;
    std::int32_t block = 0;
    bool said = false;  ///< a call's arguments came
    string signature;
    Json opaque;  ///< a server tool's call, or its result
    string pieces;
};

class BedrockReader final : public ReplyReader {
public:
    explicit BedrockReader(const ReadOptions& options)
        : options_(options), events_(options.event_bytes_max) {}

    Result<void> feed(string_view bytes, std::vector<ReplyEvent>& out) override {
        out_ = &out;
        // A message of an event stream begins with its length, whose first byte is zero.
        if (form_ == Form::unknown && !bytes.empty())
            form_ = bytes.front() == '\0' ? Form::stream : Form::document;
        if (form_ == Form::stream) {
            auto fed = events_.feed(bytes, [this](const AwsMessage& message) { take(message); });
            return broken_ ? std::move(*broken_) : fed;
        }
        if (body_.size() + bytes.size() > options_.body_bytes_max)
            return fail(Code::upstream_failed,
                        "the reply is over " + std::to_string(options_.body_bytes_max) + " bytes");
        body_ += bytes;
        return ok();
    }

    Result<void> finish(std::vector<ReplyEvent>& out) override {
        out_ = &out;
        if (form_ == Form::document)
            return take_whole();
        if (auto ended = events_.finish(); !ended)
            return ended;
        if (!ended_)
            return fail(Code::upstream_failed, "the provider broke off: its reply has no end");
        return ok();
    }

private:
    enum class Form : std::uint8_t { unknown, stream, document };

    template <typename T>
    void emit(T event, std::int32_t block = 0) {
        out_->push_back({std::move(event), 0, block});
    }

    void take(const AwsMessage& message) {
        if (broken_ || failed_)
            return;
        if (message.type == "error")
            return take_error(message.name, message.text);
        auto value = parse_json(message.payload);
        if (!value || !value->is_object()) {
            broken_ =
                fail(Code::upstream_failed, "the provider sent an event that is not a JSON object");
            return;
        }
        if (message.type == "exception") {
            auto text = string_in(*value, "message");
            return take_error(message.name,
                              text.empty() ? string_in(*value, "originalMessage") : text);
        }
        take_event(message.name, *value);
    }

    void take_event(string_view name, const Json& value) {
        auto index = int_in(value, "contentBlockIndex").value_or(0);
        if (name == "messageStart")
            begin();
        else if (name == "contentBlockStart")
            start_block(index, member(value, "start"));
        else if (name == "contentBlockDelta")
            take_delta(index, member(value, "delta"));
        else if (name == "contentBlockStop")
            stop_block(index);
        else if (name == "messageStop")
            stop(value);
        else if (name == "metadata")
            report(value);
        else
            emit(Alive{});
    }

    void begin() {
        if (!std::exchange(begun_, true))
            emit(Begun{});
    }

    void take_error(string_view name, string_view text) {
        failed_ = ended_ = true;
        emit(Failed{reply_error(name, "", text)});
    }

    Open& open(std::int64_t index, Kind kind) {
        auto& open = open_[index];
        if (open.kind == kind)
            return open;
        if (open.kind != Kind::none)
            stop_block(index);
        auto& fresh = open_[index];
        fresh.kind = kind;
        fresh.block = blocks_++;
        return fresh;
    }

    void start_block(std::int64_t index, const Json* start) {
        if (start == nullptr)
            return;
        if (const auto* use = member(*start, "toolUse"))
            start_call(index, *use);
        else if (start->is_object() && !start->empty())
            open(index, Kind::opaque).opaque = *start;
    }

    void start_call(std::int64_t index, const Json& use) {
        stop_block(index);
        // A tool that runs at the provider is not the caller's to answer.
        if (string_in(use, "type") == "server_tool_use") {
            open(index, Kind::opaque).opaque["toolUse"] = use;
            return;
        }
        auto& call = open(index, Kind::call);
        emit(ToolCallBegun{string_in(use, "toolUseId"), string_in(use, "name")}, call.block);
    }

    void take_delta(std::int64_t index, const Json* delta) {
        if (delta == nullptr)
            return;
        if (const auto* text = member(*delta, "text"); text != nullptr && text->is_string())
            emit(TextPiece{text->get<string>()}, open(index, Kind::text).block);
        else if (const auto* thought = member(*delta, "reasoningContent"))
            take_thought(index, *thought);
        else if (const auto* use = member(*delta, "toolUse"))
            take_arguments(index, string_in(*use, "input"));
        else if (const auto* citation = member(*delta, "citation"))
            emit(CitationPiece{read_bedrock_citation(*citation)}, open(index, Kind::text).block);
        else if (const auto* result = member(*delta, "toolResult"))
            extend_result(index, *result);
        else
            emit(Alive{});
    }

    void take_thought(std::int64_t index, const Json& thought) {
        auto& at = open(index, Kind::thinking);
        if (auto text = string_in(thought, "text"); !text.empty())
            emit(ThinkingPiece{std::move(text)}, at.block);
        at.signature += string_in(thought, "signature");
        if (auto data = string_in(thought, "redactedContent"); !data.empty())
            emit(ProofPiece{{string(bedrock_name), std::move(data)}, true, {}}, at.block);
    }

    void take_arguments(std::int64_t index, string piece) {
        auto found = open_.find(index);
        if (found == open_.end() || piece.empty())
            return;
        auto& at = found->second;
        if (at.kind == Kind::opaque)
            return add_piece(at, piece);
        if (at.kind != Kind::call)
            return;
        at.said = true;
        emit(ArgumentsPiece{std::move(piece)}, at.block);
    }

    void add_piece(Open& at, string_view piece) {
        at.pieces += piece;
        if (at.pieces.size() > options_.event_bytes_max)
            broken_ = fail(Code::upstream_failed, "a block of the reply is too large");
        emit(Alive{});
    }

    void extend_result(std::int64_t index, const Json& result) {
        auto& at = open(index, Kind::opaque);
        if (!result.is_array())
            return;
        for (const auto& piece : result) {
            at.opaque["toolResult"]["content"].push_back(piece);
            at.pieces += json_text(piece);  // counted, so that it is bounded
        }
        add_piece(at, "");
    }

    void stop_block(std::int64_t index) {
        auto node = open_.extract(index);
        if (node.empty() || node.mapped().kind == Kind::none)
            return;
        auto& at = node.mapped();
        if (at.kind == Kind::thinking && !at.signature.empty())
            emit(ProofPiece{{string(bedrock_name), std::move(at.signature)}, false, {}}, at.block);
        if (at.kind == Kind::call && !at.said)
            emit(ArgumentsPiece{"{}"}, at.block);
        if (at.kind == Kind::opaque) {
            if (at.opaque.contains("toolUse"))
                if (auto input = parse_json(at.pieces))
                    at.opaque["toolUse"]["input"] = std::move(*input);
            emit(Opaque{string(bedrock_name), json_text(at.opaque)}, at.block);
        }
        emit(BlockEnded{}, at.block);
    }

    void stop(const Json& value) {
        while (!open_.empty())
            stop_block(open_.begin()->first);
        Finished finished;
        finished.raw = string_in(value, "stopReason");
        finished.reason = finish_of(finished.raw);
        for (const auto* name : {"additionalModelResponseFields", "trace"})
            if (const auto* extra = member(value, name))
                finished.extras.push_back({name, json_text(*extra)});
        ended_ = true;
        emit(std::move(finished));
    }

    void report(const Json& value) {
        if (const auto* usage = member(value, "usage"))
            emit(UsageReport{bedrock_usage(*usage), json_text(*usage)});
    }

    Result<void> take_whole() {
        auto value = parse_json(body_);
        const auto* output = value ? member(*value, "output") : nullptr;
        const auto* message = output != nullptr ? member(*output, "message") : nullptr;
        if (message == nullptr)
            return fail(Code::upstream_failed, "the provider's reply is no message of Converse");
        begin();
        const auto* content = member(*message, "content");
        if (content != nullptr && content->is_array())
            for (const auto& block : *content)
                add_whole_block(block);
        report(*value);
        stop(*value);
        return ok();
    }

    /// The same steps as in a stream.
    void add_whole_block(const Json& block) {
        constexpr std::int64_t index = -1;
        if (const auto* use = member(block, "toolUse")) {
            start_call(index, *use);
            const auto* input = member(*use, "input");
            take_arguments(index, input != nullptr ? json_text(*input) : "");
        } else if (const auto* thought = member(block, "reasoningContent")) {
            const auto* text = member(*thought, "reasoningText");
            take_thought(index, text != nullptr ? *text : *thought);
        } else if (const auto* cited = member(block, "citationsContent")) {
            add_cited(index, *cited);
        } else if (member(block, "text") != nullptr) {
            take_delta(index, &block);
        } else if (block.is_object()) {
            open(index, Kind::opaque).opaque = block;
        }
        stop_block(index);
    }

    void add_cited(std::int64_t index, const Json& cited) {
        auto block = open(index, Kind::text).block;
        if (const auto* content = member(cited, "content"); content && content->is_array())
            for (const auto& piece : *content)
                emit(TextPiece{string_in(piece, "text")}, block);
        if (const auto* citations = member(cited, "citations"); citations && citations->is_array())
            for (const auto& citation : *citations)
                emit(CitationPiece{read_bedrock_citation(citation)}, block);
    }

    ReadOptions options_;
    AwsEventDecoder events_;
    Form form_ = Form::unknown;
    string body_;
    std::vector<ReplyEvent>* out_ = nullptr;  ///< of the call under way
    std::map<std::int64_t, Open> open_;       ///< by the provider's index
    std::int32_t blocks_ = 0;
    std::optional<Result<void>> broken_;
    bool begun_ = false;
    bool ended_ = false;
    bool failed_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> new_bedrock_reader(const ReadOptions& options) {
    return std::make_unique<BedrockReader>(options);
}

}  // namespace obliv::wire
