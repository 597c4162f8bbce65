#include "core/wire/anthropic_parts.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/losses.hpp"

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

constexpr std::array<string_view, 8> own_reasons{
    "end_turn", "stop_sequence", "max_tokens", "model_context_window_exceeded",
    "tool_use", "pause_turn",    "refusal",    "compaction"};

string stop_reason(const Finished& finished) {
    auto own = std::find(own_reasons.begin(), own_reasons.end(), finished.raw);
    if (own != own_reasons.end())
        return finished.raw;
    switch (finished.reason) {
    case Finish::length:
        return "max_tokens";
    case Finish::tool_calls:
        return "tool_use";
    case Finish::paused:
        return "pause_turn";
    case Finish::filtered:
    case Finish::refused:
        return "refusal";
    case Finish::stop:
    case Finish::fault:
    case Finish::other:
        break;
    }
    return finished.stop_sequence.empty() ? "end_turn" : "stop_sequence";
}

/// `stop_reason` and what goes with it.
void put_stop(const Finished& finished, bool refused, Json& out) {
    out["stop_reason"] = refused ? "refusal" : stop_reason(finished);
    out["stop_sequence"] = finished.stop_sequence.empty() ? Json() : Json(finished.stop_sequence);
    for (const auto& extra : finished.extras)
        if (extra.name == "stop_details" || extra.name == "container")
            out[extra.name] = embedded(extra.value);
}

/// What a client of this format can read of a medium: there is no block for any in a reply.
string media_as_text(const Media& media, const string& transcript) {
    if (media.kind != Media::Kind::image)
        return transcript;
    if (media.source == Media::Source::url)
        return "![](" + media.data + ")";
    return "![](data:" + (media.media_type.empty() ? "image/png" : media.media_type) + ";base64," +
           media.data + ")";
}

Json usage_json(const UsageReport& report) {
    auto out = anthropic_usage_json(report.usage);
    const auto raw = embedded(report.raw);
    for (const auto* name : {"server_tool_use", "iterations"})
        if (const auto* value = member(raw, name))
            out[name] = *value;
    return out;
}

/// What both forms of a reply begin with.
Json message_head(const WriteOptions& options, const Begun& begun) {
    return {{"id", begun.id.empty() ? "msg_" + options.request_id : begun.id},
            {"type", "message"},
            {"role", "assistant"},
            {"model", options.model},
            {"content", Json::array()}};
}

class PlainWriter final : public ReplyWriter {
public:
    explicit PlainWriter(const WriteOptions& options) : options_(options) {}

    string_view content_type() const noexcept override { return "application/json"; }
    void write(const ReplyEvent& event, string&) override { add_event(reply_, event); }

    void finish(string& out) override {
        auto message = message_head(options_, reply_.begun);
        auto& choice = reply_.choices[0];
        for (auto& [number, block] : choice.blocks)
            add(block, message["content"]);
        bool refused = std::any_of(choice.blocks.begin(), choice.blocks.end(), [](const auto& at) {
            return std::holds_alternative<Refusal>(at.second.part.what);
        });
        put_stop(choice.finished.value_or(Finished{}), refused, message);
        message["usage"] = usage_json(reply_.usage.value_or(UsageReport{}));
        out += json_text(message);
    }

    void fail(const Error& error, string& out) override {
        out += error_body(ErrorShape::anthropic, error, options_.request_id);
    }

private:
    static void add(const WholeReply::Block& block, Json& content) {
        const auto& what = block.part.what;
        if (const auto* thinking = std::get_if<Thinking>(&what))
            return content.push_back(thought(*thinking));
        if (const auto* media = std::get_if<Media>(&what)) {
            if (auto text = media_as_text(*media, block.transcript); !text.empty())
                content.push_back({{"type", "text"}, {"text", std::move(text)}});
            return;
        }
        // As a request would carry it back: nothing of a reply has more.
        ChatRequest own;
        own.wire = anthropic_name;
        Losses none(own, anthropic_name);
        if (auto json = anthropic_block(block.part, none); json.is_object())
            content.push_back(std::move(json));
    }

    static Json thought(const Thinking& thinking) {
        if (thinking.redacted)
            return {{"type", "redacted_thinking"}, {"data", proof_as_signature(thinking.proof)}};
        return {{"type", "thinking"},
                {"thinking", thinking.text},
                {"signature", proof_as_signature(thinking.proof)}};
    }

    WriteOptions options_;
    WholeReply reply_;
};

/// Blocks of a stream follow each other here, and one that has ended cannot be opened again. Where
/// a provider brings the pieces of several calls interleaved, those of the later ones wait.
class StreamWriter final : public ReplyWriter {
public:
    explicit StreamWriter(const WriteOptions& options) : options_(options) {}

    string_view content_type() const noexcept override {
        return "text/event-stream; charset=utf-8";
    }

    void write(const ReplyEvent& event, string& out) override {
        out_ = &out;
        if (event.choice != 0)
            return;
        std::visit([&](const auto& what) { take(what, event); }, event.what);
    }

    void finish(string& out) override {
        out_ = &out;
        start();
        release_all();
        close();
        Json delta;
        put_stop(finished_, refused_, delta);
        Json event{{"type", "message_delta"}, {"delta", std::move(delta)}};
        event["usage"] = usage_json(usage_);
        for (const auto& extra : finished_.extras)
            if (extra.name == "context_management")
                event[extra.name] = embedded(extra.value);
        send(event);
        send({{"type", "message_stop"}});
    }

    void fail(const Error& error, string& out) override {
        out += "event: error\ndata: ";
        out += error_body(ErrorShape::anthropic, error, options_.request_id);
        out += "\n\n";
    }

private:
    // What concerns the whole reply.
    void take(const Begun& begun, const ReplyEvent&) { begun_ = begun; }
    void take(const UsageReport& usage, const ReplyEvent&) { usage_ = usage; }
    void take(const Finished& finished, const ReplyEvent&) { finished_ = finished; }
    void take(const Failed&, const ReplyEvent&) {}    // the relay calls fail()
    void take(const LogProbs&, const ReplyEvent&) {}  // cannot be asked for in this format
    void take(const Alive&, const ReplyEvent&) {
        if (started_)
            send({{"type", "ping"}});
    }

    // What belongs to a block.
    template <typename T>
    void take(const T& piece, const ReplyEvent& event) {
        if (holds_ && event.block != block_) {
            waiting_.push_back(event);
            return;
        }
        put(piece, event.block);
    }

    void take(const BlockEnded&, const ReplyEvent& event) {
        if (!open_ || event.block != block_) {
            if (holds_)
                waiting_.push_back(event);
            return;
        }
        close();
        release();
    }

    void put(const TextPiece& piece, std::int32_t block) { text(piece.text, block); }
    void put(const RefusalPiece& piece, std::int32_t block) {
        refused_ = true;
        text(piece.text, block);
    }
    void put(const ThinkingPiece& piece, std::int32_t block) {
        open(block, "thinking");
        delta({{"type", "thinking_delta"}, {"thinking", piece.text}});
    }
    void put(const ProofPiece& piece, std::int32_t block) {
        auto signature = proof_as_signature(piece.proof);
        if (piece.redacted)
            return whole({{"type", "redacted_thinking"}, {"data", signature}}, block);
        // A signed call has no place for its proof here.
        if (open_ && block == block_ && kind_ != "thinking")
            return;
        open(block, "thinking");
        delta({{"type", "signature_delta"}, {"signature", signature}});
    }
    void put(const ToolCallBegun& call, std::int32_t block) {
        Json begun{{"type", "tool_use"}, {"id", anthropic_tool_id(call.id)}, {"name", call.name}};
        begun["input"] = Json::object();
        write_extras(call.extras, begun);
        open(block, "tool_use", begun);
        holds_ = true;
    }
    void put(const ArgumentsPiece& piece, std::int32_t block) {
        // Nothing at all stands for no arguments, as in `{}`.
        if (open_ && block == block_ && !piece.text.empty())
            delta({{"type", "input_json_delta"}, {"partial_json", piece.text}});
    }
    void put(const CitationPiece& piece, std::int32_t block) {
        open(block, "text");
        delta({{"type", "citations_delta"}, {"citation", anthropic_citation(piece.citation)}});
    }
    void put(const MediaPiece& piece, std::int32_t block) {
        if (auto said = media_as_text(piece.media, piece.transcript); !said.empty())
            text(said, block);
    }
    void put(const Opaque& opaque, std::int32_t block) {
        if (opaque.wire == anthropic_name)
            whole(embedded(opaque.json), block);
    }

    void text(const string& piece, std::int32_t block) {
        if (piece.empty())
            return;
        open(block, "text");
        delta({{"type", "text_delta"}, {"text", piece}});
    }

    void start() {
        if (std::exchange(started_, true))
            return;
        auto message = message_head(options_, begun_);
        message["stop_reason"] = nullptr;
        message["stop_sequence"] = nullptr;
        message["usage"] = usage_json(usage_);
        send({{"type", "message_start"}, {"message", std::move(message)}});
    }

    /// Has `block` open, as a block of this kind: goes on with the one that is, or begins one.
    void open(std::int32_t block, string_view kind, const Json& content = nullptr) {
        if (open_ && block == block_ && kind_ == kind)
            return;
        start();
        close();
        open_ = true;
        block_ = block;
        kind_ = kind;
        Json begun = content;
        if (begun.is_null())
            begun = {{"type", kind}, {kind == "text" ? "text" : "thinking", ""}};
        if (kind == "thinking")
            begun["signature"] = "";
        send({{"type", "content_block_start"}, {"index", index_}, {"content_block", begun}});
    }

    void whole(const Json& content, std::int32_t block) {
        if (!content.is_object())
            return;
        open(block, "whole", content);
        close();
    }

    void delta(const Json& delta) {
        send({{"type", "content_block_delta"}, {"index", index_}, {"delta", delta}});
    }

    void close() {
        if (!std::exchange(open_, false))
            return;
        holds_ = false;
        send({{"type", "content_block_stop"}, {"index", index_++}});
    }

    /// What waited for the block that has ended: the block of the first in line comes next.
    void release() {
        auto waiting = std::exchange(waiting_, {});
        for (const auto& event : waiting)
            std::visit([&](const auto& what) { take(what, event); }, event.what);
    }

    void release_all() {
        while (!waiting_.empty()) {
            close();
            release();
        }
    }

    void send(const Json& event) {
        out_->append("event: ").append(event["type"].get_ref<const string&>());
        out_->append("\ndata: ").append(json_text(event)).append("\n\n");
    }

    WriteOptions options_;
    string* out_ = nullptr;  ///< of the call under way
    Begun begun_;
    UsageReport usage_;
    Finished finished_;
    bool started_ = false;
    bool refused_ = false;

    bool open_ = false;
    bool holds_ = false;  ///< the open block is a call: others wait until it ends
    std::int32_t block_ = 0;
    string kind_;
    std::int64_t index_ = 0;
    std::deque<ReplyEvent> waiting_;
};

}  // namespace

std::unique_ptr<ReplyWriter> new_anthropic_writer(const WriteOptions& options) {
    if (options.stream)
        return std::make_unique<StreamWriter>(options);
    return std::make_unique<PlainWriter>(options);
}

}  // namespace obliv::wire
