#include "cli/sim/spark.hpp"

#include "cli/sim/messages.hpp"
#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/http/uri.hpp"
#include "core/http/websocket.hpp"
#include "core/wire/json.hpp"

#include <nlohmann/json.hpp>

namespace obliv::sim {
namespace {

using namespace llm;
using wire::Json;
using wire::member;
using wire::string_in;

constexpr std::uint16_t normal_closure = 1000;
constexpr int first_status = 0;
constexpr int middle_status = 1;
constexpr int last_status = 2;

/// The array `name.text`, as messages and functions are written.
Json texts_in(const Json& payload, std::string_view name) {
    const auto* object = member(payload, name);
    const auto* texts = object == nullptr ? nullptr : member(*object, "text");
    return texts != nullptr && texts->is_array() ? *texts : Json::array();
}

void append_text_frame(std::string& out, const Json& message) {
    http::append_frame(out, http::Opcode::text, wire::json_text(message));
}

void append_close(std::string& out) {
    http::append_frame(out, http::Opcode::close, http::close_payload(normal_closure, {}));
}

/// The number that iFlytek has for it.
int number_of(Code code) {
    if (code == Code::rate_limited)
        return 11202;
    if (code == Code::unauthenticated || code == Code::forbidden)
        return 11200;
    return code == Code::invalid_request ? 10163 : 10110;
}

void read_payload(const Json& payload, ChatRequest& out) {
    for (const auto& text : texts_in(payload, "message"))
        add_text(out, role_of(string_in(text, "role")), string_in(text, "content"));
    for (const auto& function : texts_in(payload, "functions")) {
        Tool tool;
        tool.name = string_in(function, "name");
        out.tools.push_back(std::move(tool));
    }
}

class Writer final : public wire::ReplyWriter {
public:
    explicit Writer(const wire::WriteOptions& options) : sid_(options.request_id) {}

    std::string_view content_type() const noexcept override { return {}; }

    void write(const ReplyEvent& event, std::string& out) override {
        if (const auto* text = std::get_if<TextPiece>(&event.what))
            say(Json{{"content", text->text}}, out);
        else if (const auto* thought = std::get_if<ThinkingPiece>(&event.what))
            say(Json{{"content", ""}, {"reasoning_content", thought->text}}, out);
        else if (const auto* call = std::get_if<ToolCallBegun>(&event.what))
            function_["name"] = call->name;
        else if (const auto* piece = std::get_if<ArgumentsPiece>(&event.what))
            arguments_ += piece->text;
        else if (const auto* report = std::get_if<UsageReport>(&event.what))
            usage_ = report->usage;
    }

    void finish(std::string& out) override {
        Json text{{"content", ""}};
        if (!function_.empty()) {
            function_["arguments"] = arguments_;
            text["function_call"] = function_;
        }
        auto message = message_of(last_status, std::move(text));
        auto read = usage_.input_all();
        auto written = usage_.output_all();
        message["payload"]["usage"]["text"] = Json{{"question_tokens", read},
                                                   {"prompt_tokens", read},
                                                   {"completion_tokens", written},
                                                   {"total_tokens", read + written}};
        append_text_frame(out, message);
        append_close(out);
    }

    void fail(const Error& error, std::string& out) override { out += spark_refusal(error); }

private:
    Json message_of(int status, Json text) {
        text["role"] = "assistant";
        text["index"] = 0;
        return Json{{"header",
                     Json{{"code", 0}, {"message", "Success"}, {"sid", sid_}, {"status", status}}},
                    {"payload", Json{{"choices", Json{{"status", status},
                                                      {"seq", sequence_++},
                                                      {"text", Json::array({std::move(text)})}}}}}};
    }

    void say(Json text, std::string& out) {
        append_text_frame(
            out, message_of(sequence_ == 0 ? first_status : middle_status, std::move(text)));
    }

    std::string sid_;
    int sequence_ = 0;
    Json function_ = Json::object();
    std::string arguments_;
    Usage usage_;
};

}  // namespace

Result<ChatRequest> read_spark(const wire::RequestSource& source) {
    auto message = wire::parse_json(source.body);
    if (!message)
        return message.error();
    const auto* header = member(*message, "header");
    const auto* parameter = member(*message, "parameter");
    const auto* chat = parameter == nullptr ? nullptr : member(*parameter, "chat");
    const auto* payload = member(*message, "payload");
    if (header == nullptr || string_in(*header, "app_id").empty())
        return missing("header.app_id");
    if (chat == nullptr || string_in(*chat, "domain").empty())
        return missing("parameter.chat.domain");
    if (payload == nullptr)
        return missing("payload");
    ChatRequest out;
    out.wire = "spark";
    out.model = string_in(*chat, "domain");
    out.stream = out.usage_in_stream = true;
    out.output_tokens_max = wire::int_in(*chat, "max_tokens");
    read_payload(*payload, out);
    if (out.messages.empty())
        return missing("payload.message.text");
    return out;
}

std::unique_ptr<wire::ReplyWriter> new_spark_writer(const wire::WriteOptions& options) {
    return std::make_unique<Writer>(options);
}

bool is_signed_for_spark(const Secret& key, const http::RequestHead& head) {
    auto parts = split(key.reveal(), '|');
    auto date = http::query_value(head.query, "date");
    auto host = http::query_value(head.query, "host");
    auto given = http::query_value(head.query, "authorization");
    if (parts.size() != 3 || !date || !host || !given)
        return false;
    auto text =
        "host: " + *host + "\ndate: " + *date + "\nGET " + std::string(head.path) + " HTTP/1.1";
    auto mac = hmac_sha256(parts[2], text);
    auto right = "api_key=\"" + std::string(parts[1]) +
                 "\", algorithm=\"hmac-sha256\", headers=\"host date request-line\", signature=\"" +
                 to_base64(as_chars(mac)) + "\"";
    return equal_in_constant_time(*given, to_base64(right));
}

std::string spark_refusal(const Error& error) {
    Json header{{"code", number_of(error.code)},
                {"message", error.message},
                {"sid", "sim"},
                {"status", last_status}};
    std::string out;
    append_text_frame(out, Json{{"header", std::move(header)}});
    append_close(out);
    return out;
}

}  // namespace obliv::sim
