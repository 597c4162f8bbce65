#include "core/wire/responses_wire.hpp"

#include "core/llm/wire_error.hpp"
#include "core/wire/collect.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

/// A block that is open: which part of which item it is.
struct Open {
    std::size_t item = 0;
    std::string_view array{};  ///< of the item: `content` or `summary`; empty: the item itself
    std::size_t index = 0;     ///< in that array
    std::string text{};
    std::string transcript{};
    llm::JsonText logprobs{};
};

/// The part of the response object that repeats the request.
Json echo_of(const llm::ChatRequest* request) {
    Json out = {{"error", nullptr},
                {"incomplete_details", nullptr},
                {"instructions", nullptr},
                {"max_output_tokens", nullptr},
                {"metadata", Json::object()},
                {"parallel_tool_calls", true},
                {"previous_response_id", nullptr},
                {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
                {"service_tier", nullptr},
                {"store", true},
                {"temperature", nullptr},
                {"text", {{"format", {{"type", "text"}}}}},
                {"tool_choice", "auto"},
                {"tools", Json::array()},
                {"top_p", nullptr},
                {"truncation", "disabled"},
                {"user", nullptr}};
    if (request == nullptr)
        return out;
    auto written = write_responses_request(*request, Dialect{});
    auto json = written ? embedded(written->body) : Json();
    for (const auto& [name, value] : json.items())
        if (name != "input" && name != "stream" && name != "include" && name != "stream_options")
            out[name] = value;
    return out;
}

/// Builds the response's items as events come and, of a stream, tells each change.
class Writer final : public ReplyWriter {
public:
    explicit Writer(const WriteOptions& options)
        : stream_(options.stream), request_id_(options.request_id),
          echo_(echo_of(options.request)) {
        model_ = options.model;
        created_ = options.now;
    }

    std::string_view content_type() const noexcept override {
        return stream_ ? "text/event-stream; charset=utf-8" : "application/json";
    }

    void write(const llm::ReplyEvent& event, std::string& out) override {
        out_ = &out;
        if (event.choice != 0)
            return;  // this API knows one
        block_ = event.block;
        std::visit([this](const auto& what) { take(what); }, event.what);
    }

    void finish(std::string& out) override {
        out_ = &out;
        open_response();
        while (!blocks_.empty())
            end_block(blocks_.begin()->first);
        end_turn();
        auto status = failed_ ? "failed" : incomplete() ? "incomplete" : "completed";
        end_response(status);
    }

    void fail(const Error& error, std::string& out) override {
        out_ = &out;
        if (!stream_) {
            out += llm::error_body(llm::ErrorShape::openai, error, request_id_);
            return;
        }
        auto body = embedded(llm::error_body(llm::ErrorShape::openai, error, request_id_));
        // Both shapes in use at once: SDKs read the one or the other.
        Json event = Json::object();
        const auto* inner = member(body, "error");
        if (inner != nullptr) {
            event = *inner;
            event["error"] = *inner;
        }
        send("error", std::move(event));
    }

private:
    // The stream.

    void send(std::string_view type, Json event) {
        if (!stream_)
            return;
        Json framed = {{"type", type}, {"sequence_number", sequence_++}};
        for (const auto& [name, value] : event.items())
            if (name != "type")
                framed[name] = value;
        out_->append("event: ").append(type).append("\ndata: ").append(json_text(framed));
        out_->append("\n\n");
    }

    /// The same without building a document, for what comes hundreds of times.
    void send_delta(std::string_view type, const Open& open, std::string_view index_name,
                    std::string_view delta) {
        if (!stream_)
            return;
        auto& out = *out_;
        out.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type);
        out.append("\",\"sequence_number\":").append(std::to_string(sequence_++));
        out.append(",\"item_id\":");
        append_quoted(out, id_of(open.item));
        out.append(",\"output_index\":").append(std::to_string(open.item));
        if (!index_name.empty())
            out.append(",\"").append(index_name).append("\":").append(std::to_string(open.index));
        out.append(",\"delta\":");
        append_quoted(out, delta);
        if (type == "response.output_text.delta")
            out.append(",\"logprobs\":[]");
        out.append("}\n\n");
    }

    Json place(const Open& open, const char* index_name) const {
        Json out = {{"item_id", id_of(open.item)}, {"output_index", open.item}};
        if (index_name != nullptr)
            out[index_name] = open.index;
        return out;
    }

    std::string id_of(std::size_t item) const { return string_in(items_[item], "id"); }

    // The response.

    Json response(std::string_view status) const {
        Json out = {{"id", "resp_" + (request_id_.empty() ? begun_id_ : request_id_)},
                    {"object", "response"},
                    {"created_at", created_},
                    {"status", status},
                    {"background", false}};
        for (const auto& [name, value] : echo_.items())
            out[name] = value;
        out["model"] = model_;
        out["output"] = Json::array();
        out["usage"] = nullptr;
        if (!service_tier_.empty())
            out["service_tier"] = service_tier_;
        return out;
    }

    void open_response() {
        if (std::exchange(opened_, true))
            return;
        send("response.created", {{"response", response("in_progress")}});
        send("response.in_progress", {{"response", response("in_progress")}});
    }

    bool incomplete() const {
        return finished_.reason == llm::Finish::length || finished_.reason == llm::Finish::filtered;
    }

    void end_response(const std::string& status) {
        auto out = response(status);
        out["output"] = items_;
        if (usage_)
            out["usage"] = responses_usage(*usage_);
        if (status == "incomplete")
            out["incomplete_details"] = {{"reason", finished_.reason == llm::Finish::length
                                                        ? "max_output_tokens"
                                                        : "content_filter"}};
        if (failed_)
            out["error"] = {{"code", "server_error"}, {"message", failed_->message}};
        if (stream_)
            send("response." + status, {{"response", std::move(out)}});
        else
            out_->append(json_text(out));
    }

    // Items.

    std::size_t add_item(std::string_view prefix, Json item) {
        open_response();
        end_turn();
        auto index = items_.size();
        Json whole = {
            {"id", std::string(prefix) + "_" + request_id_ + "_" + std::to_string(index)}};
        for (const auto& [name, value] : item.items())
            whole[name] = value;
        items_.push_back(std::move(whole));
        send("response.output_item.added", {{"output_index", index}, {"item", items_.back()}});
        return index;
    }

    /// Ends the message or thought that further blocks might have joined. Calls go on: several
    /// may be under way side by side.
    void end_turn() {
        if (!turn_)
            return;
        auto at = *std::exchange(turn_, std::nullopt);
        std::vector<std::int32_t> open;
        for (const auto& [block, state] : blocks_)
            if (state.item == at)
                open.push_back(block);
        for (auto block : open)
            end_block(block);
        end_item(at);
    }

    void end_item(std::size_t at) {
        auto& item = items_[at];
        if (item.contains("status"))
            item["status"] = incomplete() ? "incomplete" : "completed";
        send("response.output_item.done", {{"output_index", at}, {"item", item}});
    }

    /// The block's part in `array` of an item of this type: of the last one if that goes on.
    Open& part(const char* type, const char* prefix, Json item, const char* array) {
        auto found = blocks_.find(block_);
        if (found != blocks_.end() && found->second.array == array)
            return found->second;
        end_block(block_);
        bool goes_on = turn_ && string_in(items_[*turn_], "type") == type &&
                       !items_[*turn_].contains("encrypted_content");
        if (!goes_on)
            turn_ = add_item(prefix, std::move(item));
        Open open;
        open.item = *turn_;
        open.array = array;
        open.index = items_[open.item][array].size();
        items_[open.item][array].push_back(Json::object());  // its place
        return blocks_[block_] = std::move(open);
    }

    Open& content_part(std::string_view type) {
        auto& open = part("message", "msg",
                          {{"type", "message"},
                           {"status", "in_progress"},
                           {"role", "assistant"},
                           {"content", Json::array()}},
                          "content");
        auto& slot = items_[open.item]["content"][open.index];
        if (slot.empty()) {
            slot = empty_part(type);
            auto event = place(open, "content_index");
            event["part"] = slot;
            send("response.content_part.added", std::move(event));
        }
        return open;
    }

    static Json empty_part(std::string_view type) {
        if (type == "refusal")
            return {{"type", "refusal"}, {"refusal", ""}};
        if (type == "output_audio")
            return {{"type", "output_audio"}, {"data", ""}, {"transcript", ""}};
        return {{"type", "output_text"},
                {"annotations", Json::array()},
                {"logprobs", Json::array()},
                {"text", ""}};
    }

    Open& thought_part(bool summary) {
        const char* array = summary ? "summary" : "content";
        auto& open =
            part("reasoning", "rs", {{"type", "reasoning"}, {"summary", Json::array()}}, array);
        auto& slot = items_[open.item][array][open.index];
        if (slot.empty()) {
            slot = {{"type", summary ? "summary_text" : "reasoning_text"}, {"text", ""}};
            auto event = place(open, summary ? "summary_index" : "content_index");
            event["part"] = slot;
            send(summary ? "response.reasoning_summary_part.added" : "response.content_part.added",
                 std::move(event));
        }
        return open;
    }

    // Events.

    void take(const llm::Alive&) {}

    void take(const llm::Begun& begun) {
        begun_id_ = begun.id;
        if (model_.empty())
            model_ = begun.model;
        if (begun.created > 0)
            created_ = begun.created;
        service_tier_ = begun.service_tier;
        open_response();
    }

    void take(const llm::TextPiece& piece) {
        auto& open = content_part("output_text");
        open.text += piece.text;
        send_delta("response.output_text.delta", open, "content_index", piece.text);
    }

    void take(const llm::RefusalPiece& piece) {
        auto& open = content_part("refusal");
        open.text += piece.text;
        send_delta("response.refusal.delta", open, "content_index", piece.text);
    }

    void take(const llm::ThinkingPiece& piece) {
        auto& open = thought_part(piece.summary);
        open.text += piece.text;
        send_delta(piece.summary ? "response.reasoning_summary_text.delta"
                                 : "response.reasoning_text.delta",
                   open, piece.summary ? "summary_index" : "content_index", piece.text);
    }

    void take(const llm::ProofPiece& piece) {
        if (piece.proof.data.empty())
            return;
        auto found = blocks_.find(block_);
        bool of_call = found != blocks_.end() && found->second.array.empty();
        if (of_call) {
            // A call has no place for it: an item of its own follows, and finds the call again.
            auto call_id = string_in(items_[found->second.item], "call_id");
            sealed_calls_.push_back(sealed_proof(piece.proof, call_id));
            return;
        }
        if (found == blocks_.end()) {
            turn_ = add_item("rs", {{"type", "reasoning"}, {"summary", Json::array()}});
            blocks_[block_].item = *turn_;
            blocks_[block_].array = "none";
        }
        items_[blocks_[block_].item]["encrypted_content"] = sealed_proof(piece.proof, "");
    }

    void take(const llm::ToolCallBegun& call) {
        end_block(block_);
        Json item = {{"type", call.custom ? "custom_tool_call" : "function_call"},
                     {"status", "in_progress"},
                     {"call_id", call.id},
                     {"name", call.name},
                     {call.custom ? "input" : "arguments", ""}};
        Open open;
        open.item = add_item(call.custom ? "ctc" : "fc", std::move(item));
        blocks_[block_] = std::move(open);
    }

    void take(const llm::ArgumentsPiece& piece) {
        auto found = blocks_.find(block_);
        if (found == blocks_.end() || !found->second.array.empty())
            return;
        found->second.text += piece.text;
        bool custom = string_in(items_[found->second.item], "type") == "custom_tool_call";
        send_delta(custom ? "response.custom_tool_call_input.delta"
                          : "response.function_call_arguments.delta",
                   found->second, "", piece.text);
    }

    void take(const llm::CitationPiece& piece) {
        auto& open = content_part("output_text");
        auto raw = embedded(piece.citation.raw);
        auto type = string_in(raw, "type");
        bool ours = type.ends_with("_citation") || type == "file_path";
        auto annotation = ours ? std::move(raw) : annotation_of(piece.citation);
        auto& list = items_[open.item]["content"][open.index]["annotations"];
        auto event = place(open, "content_index");
        event["annotation_index"] = list.size();
        event["annotation"] = annotation;
        list.push_back(std::move(annotation));
        send("response.output_text.annotation.added", std::move(event));
    }

    void take(const llm::MediaPiece& piece) {
        if (piece.media.kind == llm::Media::Kind::audio) {
            auto& open = content_part("output_audio");
            open.text += piece.media.data;
            open.transcript += piece.transcript;
            return;
        }
        auto at = add_item("ig", {{"type", "image_generation_call"}, {"status", "in_progress"}});
        auto slash = piece.media.media_type.find('/');
        if (slash != std::string::npos)
            items_[at]["output_format"] = piece.media.media_type.substr(slash + 1);
        items_[at]["result"] = piece.media.data;
        end_item(at);
    }

    void take(const llm::LogProbs& logprobs) {
        append_array(content_part("output_text").logprobs, logprobs.content);
    }

    void take(const llm::Opaque& opaque) {
        if (opaque.wire != responses_name)
            return;  // nobody here could make anything of it
        open_response();
        end_turn();
        items_.push_back(embedded(opaque.json));
        Json event = {{"output_index", items_.size() - 1}, {"item", items_.back()}};
        send("response.output_item.added", event);
        send("response.output_item.done", std::move(event));
    }

    void take(const llm::BlockEnded&) { end_block(block_); }
    void take(const llm::Finished& finished) { finished_ = finished; }
    void take(const llm::UsageReport& report) { usage_ = report.usage; }
    void take(const llm::Failed& failed) { failed_ = failed.error; }

    // The end of a block.

    void end_block(std::int32_t block) {
        auto found = blocks_.find(block);
        if (found == blocks_.end())
            return;
        auto open = std::move(found->second);
        blocks_.erase(found);
        if (open.array.empty())
            end_call(open);
        else if (open.array != "none")
            end_part(open);
    }

    void end_call(Open& open) {
        auto& item = items_[open.item];
        bool custom = string_in(item, "type") == "custom_tool_call";
        const char* name = custom ? "input" : "arguments";
        if (!custom && open.text.empty())
            open.text = "{}";
        item[name] = open.text;
        auto event = place(open, nullptr);
        event[name] = std::move(open.text);
        send(custom ? "response.custom_tool_call_input.done"
                    : "response.function_call_arguments.done",
             std::move(event));
        end_item(open.item);
        for (auto& sealed : std::exchange(sealed_calls_, {})) {
            auto at = add_item("rs", {{"type", "reasoning"}, {"summary", Json::array()}});
            items_[at]["encrypted_content"] = std::move(sealed);
            end_item(at);
        }
    }

    void end_part(Open& open) {
        auto& slot = items_[open.item][std::string(open.array)][open.index];
        auto type = string_in(slot, "type");
        bool summary = type == "summary_text";
        auto event = place(open, summary ? "summary_index" : "content_index");
        if (type == "output_audio") {
            slot["data"] = std::move(open.text);
            slot["transcript"] = std::move(open.transcript);
        } else {
            const char* name = type == "refusal" ? "refusal" : "text";
            slot[name] = std::move(open.text);
            event[name] = slot[name];
            if (type == "output_text") {
                slot["logprobs"] = open.logprobs.empty() ? Json::array() : embedded(open.logprobs);
                event["logprobs"] = slot["logprobs"];
            }
            auto stem = type == "summary_text" ? std::string("reasoning_summary_text") : type;
            send("response." + stem + ".done", event);
            event.erase(name);
            event.erase("logprobs");
        }
        event["part"] = slot;
        send(summary ? "response.reasoning_summary_part.done" : "response.content_part.done",
             std::move(event));
    }

    const bool stream_;
    const std::string request_id_;
    const Json echo_;
    std::string* out_ = nullptr;
    std::string model_;
    std::string begun_id_;
    std::string service_tier_;
    std::int64_t created_ = 0;
    std::int64_t sequence_ = 0;
    bool opened_ = false;
    std::int32_t block_ = 0;
    Json items_ = Json::array();
    std::optional<std::size_t> turn_;      ///< the message or thought that is open
    std::map<std::int32_t, Open> blocks_;  ///< those that are open
    std::vector<std::string> sealed_calls_;
    llm::Finished finished_;
    std::optional<llm::Usage> usage_;
    std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<ReplyWriter> new_responses_writer(const WriteOptions& options) {
    return std::make_unique<Writer>(options);
}

}  // namespace obliv::wire
