#include "cli/sim/bedrock.hpp"

#include "core/base/time_format.hpp"
#include "core/providers/sigv4.hpp"
#include "core/wire/aws_events.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/fields.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace obliv::sim {
namespace {

using wire::Json;
using namespace llm;

/// Texts at any depth: of a turn, or of a tool's result.
void add_texts(const Json& blocks, std::vector<Part>& out) {
    if (!blocks.is_array())
        return;
    for (const auto& block : blocks) {
        if (auto text = wire::string_in(block, "text"); !text.empty())
            out.push_back({Text{std::move(text)}});
        if (const auto* result = wire::member(block, "toolResult"))
            if (const auto* content = wire::member(*result, "content"))
                add_texts(*content, out);
    }
}

void read_tools(const Json& config, ChatRequest& out) {
    if (const auto* tools = wire::member(config, "tools"); tools && tools->is_array())
        for (const auto& tool : *tools)
            if (const auto* spec = wire::member(tool, "toolSpec"))
                out.tools.push_back({Tool::Kind::function,
                                     wire::string_in(*spec, "name"),
                                     "",
                                     "",
                                     {},
                                     "",
                                     "",
                                     "",
                                     {}});
    const auto* choice = wire::member(config, "toolChoice");
    if (choice == nullptr)
        return;
    if (const auto* named = wire::member(*choice, "tool"))
        out.tool_choice = {ToolChoice::Kind::named, wire::string_in(*named, "name"), {}};
    else if (wire::member(*choice, "any") != nullptr)
        out.tool_choice.kind = ToolChoice::Kind::required;
}

std::string_view stop_reason(const Finished& finished) noexcept {
    switch (finished.reason) {
    case Finish::length:
        return "max_tokens";
    case Finish::tool_calls:
        return "tool_use";
    case Finish::filtered:
        return "content_filtered";
    default:
        return "end_turn";
    }
}

Json usage_json(const Usage& usage) {
    Json out{{"inputTokens", usage.input}, {"outputTokens", usage.output_all()}};
    out["totalTokens"] = usage.input + usage.output_all();
    out["cacheReadInputTokens"] = usage.cache_read;
    out["cacheWriteInputTokens"] = usage.cache_write_5m + usage.cache_write_1h;
    return out;
}

Json block_of(const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.what))
        return {{"text", text->text}};
    if (const auto* call = std::get_if<ToolCall>(&part.what)) {
        Json use{{"toolUseId", call->id}, {"name", call->name}};
        use["input"] = wire::embedded(call->arguments);
        return {{"toolUse", std::move(use)}};
    }
    if (const auto* thinking = std::get_if<Thinking>(&part.what)) {
        Json thought{{"text", thinking->text}, {"signature", thinking->proof.data}};
        return {{"reasoningContent", {{"reasoningText", std::move(thought)}}}};
    }
    return nullptr;
}

class PlainWriter final : public wire::ReplyWriter {
public:
    std::string_view content_type() const noexcept override { return "application/json"; }
    void write(const ReplyEvent& event, std::string&) override { add_event(reply_, event); }
    void finish(std::string& out) override {
        Json content = Json::array();
        auto& choice = reply_.choices[0];
        for (const auto& [number, block] : choice.blocks)
            if (auto json = block_of(block.part); !json.is_null())
                content.push_back(std::move(json));
        Json reply;
        reply["output"]["message"] = {{"role", "assistant"}, {"content", std::move(content)}};
        reply["stopReason"] = stop_reason(choice.finished.value_or(Finished{}));
        reply["usage"] = usage_json(reply_.usage.value_or(UsageReport{}).usage);
        reply["metrics"]["latencyMs"] = 1;
        out += wire::json_text(reply);
    }
    void fail(const Error&, std::string&) override {}

private:
    wire::WholeReply reply_;
};

class StreamWriter final : public wire::ReplyWriter {
public:
    std::string_view content_type() const noexcept override {
        return "application/vnd.amazon.eventstream";
    }
    void write(const ReplyEvent& event, std::string& out) override {
        out_ = &out;
        block_ = event.block;
        std::visit([this](const auto& what) { take(what); }, event.what);
    }
    void finish(std::string& out) override {
        out_ = &out;
        send("messageStop", {{"stopReason", stop_reason(finished_)}});
        Json metadata{{"usage", usage_json(usage_)}};
        metadata["metrics"]["latencyMs"] = 1;
        send("metadata", metadata);
    }
    void fail(const Error&, std::string&) override {}

private:
    template <typename T>
    void take(const T&) {}
    void take(const Begun&) { send("messageStart", {{"role", "assistant"}}); }
    void take(const TextPiece& piece) { delta({{"text", piece.text}}); }
    void take(const ThinkingPiece& piece) { thought({{"text", piece.text}}); }
    void take(const ProofPiece& piece) { thought({{"signature", piece.proof.data}}); }
    void take(const ToolCallBegun& call) {
        Json event{{"contentBlockIndex", block_}};
        event["start"]["toolUse"] = {{"toolUseId", call.id}, {"name", call.name}};
        send("contentBlockStart", event);
    }
    void take(const ArgumentsPiece& piece) {
        Json use;
        use["toolUse"]["input"] = piece.text;
        delta(use);
    }
    void take(const BlockEnded&) { send("contentBlockStop", {{"contentBlockIndex", block_}}); }
    void take(const Finished& finished) { finished_ = finished; }
    void take(const UsageReport& report) { usage_ = report.usage; }

    void thought(const Json& content) {
        Json out;
        out["reasoningContent"] = content;
        delta(out);
    }
    void delta(const Json& content) {
        send("contentBlockDelta", {{"contentBlockIndex", block_}, {"delta", content}});
    }
    void send(std::string_view name, const Json& event) {
        wire::append_aws_event(*out_, name, wire::json_text(event));
    }

    std::string* out_ = nullptr;  ///< of the call under way
    std::int32_t block_ = 0;
    Finished finished_;
    Usage usage_;
};

}  // namespace

Result<ChatRequest> read_converse(const wire::RequestSource& source) {
    auto body = wire::parse_json(source.body);
    if (!body)
        return body.error();
    wire::Complaint complaint;
    wire::Fields fields(*body, "", complaint);
    ChatRequest out;
    out.model = source.model;
    out.stream = source.stream;
    fields.require("messages", "what was said");
    if (const auto* messages = fields.take_array("messages"))
        for (const auto& message : *messages) {
            bool user = wire::string_in(message, "role") == "user";
            out.messages.push_back({user ? Role::user : Role::assistant, {}});
            if (const auto* content = wire::member(message, "content"))
                add_texts(*content, out.messages.back().content);
        }
    if (const auto* config = fields.take_object("inferenceConfig"))
        out.output_tokens_max = wire::int_in(*config, "maxTokens");
    if (const auto* tools = fields.take_object("toolConfig"))
        read_tools(*tools, out);
    if (complaint)
        return *complaint.first();
    return out;
}

std::unique_ptr<wire::ReplyWriter> new_converse_writer(const wire::WriteOptions& options) {
    if (options.stream)
        return std::make_unique<StreamWriter>();
    return std::make_unique<PlainWriter>();
}

bool is_signed_with(const Secret& key, const http::RequestHead& head, std::string_view body) {
    auto parsed = providers::parse_aws_key(key);
    auto given = head.headers.find("authorization");
    auto date = head.headers.find("x-amz-date").value_or("");
    // 20150830T123600Z
    if (!parsed || !given || date.size() != 16)
        return false;
    std::string time(date);
    for (auto [at, mark] : {std::pair(13, ':'), {11, ':'}, {6, '-'}, {4, '-'}})
        time.insert(static_cast<std::size_t>(at), 1, mark);
    auto when = parse_rfc3339(time);
    if (!when)
        return false;
    providers::AwsRequest request;
    request.method = head.method;
    request.host = head.headers.find("host").value_or("");
    request.path = head.path;
    request.query = head.query;
    request.body = sha256(body);
    for (const auto& [name, value] : providers::sign_v4(*parsed, "bedrock", request, *when))
        if (name == "authorization")
            return value == *given;
    return false;
}

}  // namespace obliv::sim
