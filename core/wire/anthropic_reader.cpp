#include "core/wire/anthropic_parts.hpp"
#include "core/wire/frames.hpp"
#include "core/wire/reply_error.hpp"

#include <array>
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
    if (reason == "pause_turn")
        return Finish::paused;
    if (reason == "refusal")
        return Finish::refused;
    return Finish::other;
}

/// A block that has begun and not ended.
struct Open {
    std::int32_t block = 0;
    string type;
    string signature;   ///< of a thought: it goes out once, behind the text
    string input;       ///< of a call: as it stood at the beginning
    bool said = false;  ///< a call's arguments came in pieces
    Json opaque;        ///< a block of a kind that is kept whole
    string pieces;      ///< of its JSON input, or of its text
};

class AnthropicReader final : public ReplyReader {
public:
    explicit AnthropicReader(const ReadOptions& options)
        : options_(options), frames_(options.event_bytes_max, options.body_bytes_max) {}

    Result<void> feed(string_view bytes, std::vector<ReplyEvent>& out) override {
        out_ = &out;
        return frames_.feed(bytes, [this](const Frame& frame) { return take(frame); });
    }

    Result<void> finish(std::vector<ReplyEvent>& out) override {
        out_ = &out;
        auto taken = frames_.finish([this](const Frame& frame) { return take(frame); });
        if (!taken)
            return taken;
        if (!ended_)
            return obliv::fail(Code::upstream_failed,
                               "the provider broke off: its reply has no end");
        return ok();
    }

private:
    Result<void> take(const Frame& frame) {
        auto value = parse_json(frame.data);
        if (!value || !value->is_object())
            return obliv::fail(Code::upstream_failed, "the provider sent something that is not "
                                                      "an event of Anthropic's messages");
        auto type = string_in(*value, "type");
        if (frame.whole_body && type == "message")
            return take_whole(*value);
        for (const auto& handler : handlers)
            if (handler.type == type)
                return (this->*handler.take)(*value);
        if (member(*value, "error") != nullptr)
            return take_error(*value);
        if (frame.whole_body)
            return obliv::fail(Code::upstream_failed, "the provider's reply is no message");
        emit(Alive{});  // a ping, or an event that is newer than this
        return ok();
    }

    template <typename T>
    void emit(T event, std::int32_t block = 0) {
        out_->push_back({std::move(event), 0, block});
    }

    static std::int64_t index_of(const Json& value) { return int_in(value, "index").value_or(0); }

    Result<void> take_whole(const Json& message) {
        begin(message);
        const auto* content = member(message, "content");
        if (content != nullptr && content->is_array())
            for (const auto& block : *content)
                add_whole_block(block);
        take_stop(message);
        stop();
        return ok();
    }

    Result<void> start(const Json& value) {
        // A host that tries again in the middle of a stream begins anew: what was open ends.
        close_all();
        ended_ = false;
        const auto* message = member(value, "message");
        if (message == nullptr)
            return ok();
        begin(*message);
        // A call that was put off may stand in here already.
        const auto* content = member(*message, "content");
        if (content != nullptr && content->is_array())
            for (const auto& block : *content)
                add_whole_block(block);
        if (member(*message, "stop_reason") != nullptr)
            take_stop(*message);
        return ok();
    }

    void begin(const Json& message) {
        Begun begun{string_in(message, "id"), string_in(message, "model"), 0, {}};
        const auto* usage = member(message, "usage");
        if (usage != nullptr)
            begun.service_tier = string_in(*usage, "service_tier");
        if (!std::exchange(begun_, true))
            emit(std::move(begun));
        if (usage != nullptr)
            report(*usage);
    }

    void report(const Json& usage) {
        merge_usage(usage_, usage);
        emit(UsageReport{anthropic_usage(usage_), json_text(usage_)});
    }

    void add_whole_block(const Json& block) {
        constexpr std::int64_t index = -1;
        open_block(index, block);
        if (const auto* citations = member(block, "citations"); citations && citations->is_array())
            for (const auto& citation : *citations)
                emit(CitationPiece{read_anthropic_citation(citation)}, open_[index].block);
        stop_block(index);
    }

    Result<void> start_block(const Json& value) {
        const auto* block = member(value, "content_block");
        if (block != nullptr)
            open_block(index_of(value), *block);
        return ok();
    }

    void open_block(std::int64_t index, const Json& block) {
        stop_block(index);
        auto& open = open_[index];
        open.block = blocks_++;
        open.type = string_in(block, "type");
        if (open.type == "text") {
            if (auto text = string_in(block, "text"); !text.empty())
                emit(TextPiece{std::move(text)}, open.block);
        } else if (open.type == "thinking") {
            open.signature = string_in(block, "signature");
            if (auto text = string_in(block, "thinking"); !text.empty())
                emit(ThinkingPiece{std::move(text)}, open.block);
        } else if (open.type == "redacted_thinking") {
            emit(ProofPiece{proof_of_signature(string_in(block, "data")), true, {}}, open.block);
        } else if (open.type == "tool_use") {
            open_call(open, block);
        } else {
            open.opaque = block;
        }
    }

    void open_call(Open& open, const Json& block) {
        ToolCallBegun call{string_in(block, "id"), string_in(block, "name")};
        const auto* caller = member(block, "caller");
        if (caller != nullptr && string_in(*caller, "type") != "direct")
            call.extras.push_back({"caller", json_text(*caller)});
        const auto* input = member(block, "input");
        open.input = input != nullptr && input->is_object() ? json_text(*input) : "{}";
        emit(std::move(call), open.block);
    }

    Result<void> take_delta(const Json& value) {
        auto found = open_.find(index_of(value));
        const auto* delta = member(value, "delta");
        if (found == open_.end() || delta == nullptr)
            return ok();
        auto& open = found->second;
        auto type = string_in(*delta, "type");
        if (!open.opaque.is_null())
            return extend_opaque(open, type, *delta);
        if (type == "text_delta")
            emit(TextPiece{string_in(*delta, "text")}, open.block);
        else if (type == "thinking_delta")
            emit(ThinkingPiece{string_in(*delta, "thinking")}, open.block);
        else if (type == "signature_delta")
            open.signature += string_in(*delta, "signature");
        else if (type == "input_json_delta")
            add_arguments(open, string_in(*delta, "partial_json"));
        else if (const auto* citation = member(*delta, "citation"))
            emit(CitationPiece{read_anthropic_citation(*citation)}, open.block);
        else
            emit(Alive{});
        return ok();
    }

    void add_arguments(Open& open, string piece) {
        if (piece.empty())
            return;
        open.said = true;
        emit(ArgumentsPiece{std::move(piece)}, open.block);
    }

    /// A server tool's input comes in pieces of JSON, a summary's content as text.
    Result<void> extend_opaque(Open& open, string_view type, const Json& delta) {
        if (type == "input_json_delta")
            open.pieces += string_in(delta, "partial_json");
        else if (type == "compaction_delta")
            open.pieces += string_in(delta, "content");
        emit(Alive{});
        if (open.pieces.size() > options_.event_bytes_max)
            return obliv::fail(Code::upstream_failed, "a block of the reply is over " +
                                                          std::to_string(options_.event_bytes_max) +
                                                          " bytes");
        return ok();
    }

    void stop_block(std::int64_t index) {
        auto node = open_.extract(index);
        if (node.empty())
            return;
        auto& open = node.mapped();
        if (open.type == "thinking" && !open.signature.empty()) {
            emit(ProofPiece{proof_of_signature(open.signature), false, {}}, open.block);
        } else if (open.type == "tool_use" && !open.said) {
            emit(ArgumentsPiece{std::move(open.input)}, open.block);
        } else if (!open.opaque.is_null()) {
            complete(open);
            emit(Opaque{string(anthropic_name), json_text(open.opaque)}, open.block);
        }
        emit(BlockEnded{}, open.block);
    }

    static void complete(Open& open) {
        if (open.pieces.empty())
            return;
        if (open.type == "compaction")
            open.opaque["content"] = string_in(open.opaque, "content") + open.pieces;
        else if (auto input = parse_json(open.pieces))
            open.opaque["input"] = std::move(*input);
    }

    void close_all() {
        while (!open_.empty())
            stop_block(open_.begin()->first);
    }

    Result<void> end_message(const Json& value) {
        close_all();
        if (const auto* delta = member(value, "delta"))
            take_stop(*delta, &value);
        if (const auto* usage = member(value, "usage"))
            report(*usage);
        return ok();
    }

    /// `also` is where further words about the end may stand.
    void take_stop(const Json& value, const Json* also = nullptr) {
        Finished finished;
        finished.raw = string_in(value, "stop_reason");
        finished.reason = finish_of(finished.raw);
        finished.stop_sequence = string_in(value, "stop_sequence");
        for (const auto* name : {"stop_details", "container", "context_management"}) {
            const auto* extra = member(value, name);
            if (extra == nullptr && also != nullptr)
                extra = member(*also, name);
            if (extra != nullptr)
                finished.extras.push_back({name, json_text(*extra)});
        }
        emit(std::move(finished));
    }

    Result<void> stop_block(const Json& value) {
        stop_block(index_of(value));
        return ok();
    }

    void stop() {
        close_all();
        ended_ = true;
    }
    Result<void> stop(const Json&) {
        stop();
        return ok();
    }

    Result<void> take_error(const Json& value) {
        ended_ = true;
        const auto* error = member(value, "error");
        const auto& from = error != nullptr && error->is_object() ? *error : value;
        auto type = string_in(from, "type");
        emit(Failed{reply_error(type, "", string_in(from, "message"))});
        return ok();
    }

    struct Handler {
        string_view type;
        Result<void> (AnthropicReader::*take)(const Json&);
    };
    static const std::array<Handler, 7> handlers;

    ReadOptions options_;
    Frames frames_;
    std::vector<ReplyEvent>* out_ = nullptr;  ///< of the call under way
    std::map<std::int64_t, Open> open_;       ///< by the provider's index
    std::int32_t blocks_ = 0;                 ///< begun so far
    Json usage_;
    bool begun_ = false;
    bool ended_ = false;
};

const std::array<AnthropicReader::Handler, 7> AnthropicReader::handlers{{
    {"message_start", &AnthropicReader::start},
    {"content_block_start", &AnthropicReader::start_block},
    {"content_block_delta", &AnthropicReader::take_delta},
    {"content_block_stop", &AnthropicReader::stop_block},
    {"message_delta", &AnthropicReader::end_message},
    {"message_stop", &AnthropicReader::stop},
    {"error", &AnthropicReader::take_error},
}};

}  // namespace

std::unique_ptr<ReplyReader> new_anthropic_reader(const ReadOptions& options) {
    return std::make_unique<AnthropicReader>(options);
}

}  // namespace obliv::wire
