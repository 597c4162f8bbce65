#include "cli/chat/reply_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::cli {
namespace {

// One event holds a whole image or tool argument at most.
constexpr std::size_t event_bytes_max = std::size_t{16} << 20;

std::string text_at(const Json& object, const char* key) {
    if (!object.is_object())
        return {};
    auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t count_at(const Json& object, const char* key) {
    if (!object.is_object())
        return 0;
    auto found = object.find(key);
    bool whole = found != object.end() && found->is_number_integer();
    return whole ? std::max<std::int64_t>(0, found->get<std::int64_t>()) : 0;
}

Json part(const Json& object, const char* key) {
    if (!object.is_object())
        return nullptr;
    auto found = object.find(key);
    return found == object.end() ? Json(nullptr) : *found;
}

}  // namespace

Result<void> verdict(const Reply& reply) {
    if (reply.finish_reason.empty()) {
        auto error = fail(Code::upstream_failed, "the reply ended without a finish reason");
        error.hint = "what came may not be all of it";
        return error;
    }
    if (reply.finish_reason == "content_filter")
        return fail(Code::refused, "the reply was stopped by a content filter");
    return ok();
}

ReplyReader::ReplyReader(const ReplyEvents& events, Reply& reply)
    : events_(events), reply_(reply), decoder_(event_bytes_max) {}

bool ReplyReader::feed(const client::Response& head, std::string_view bytes) {
    if (reply_.request_id.empty())
        reply_.request_id = head.header("x-request-id");
    // Some servers answer a streaming call with one document.
    streamed_ = head.header("content-type").starts_with("text/event-stream");
    if (!streamed_) {
        plain_ += bytes;
        return true;
    }
    auto fed = decoder_.feed(bytes, [&](const llm::SseEvent& event) { take_event(event.data); });
    if (!fed)
        break_off(fed.error());
    if (events_.failed)
        if (auto fine = events_.failed(); !fine)
            break_off(fine.error());
    return !done_ && !problem_;
}

Result<void> ReplyReader::finish() {
    if (streamed_ && !done_)
        decoder_.finish([&](const llm::SseEvent& event) { take_event(event.data); });
    else if (!plain_.empty())
        take_event(plain_);
    if (problem_)
        return *problem_;
    return verdict(reply_);
}

void ReplyReader::break_off(Error error) {
    if (!problem_)
        problem_ = std::move(error);
}

void ReplyReader::take_event(std::string_view data) {
    if (problem_ || done_)
        return;
    if (data == "[DONE]") {
        done_ = true;
        return;
    }
    auto document = Json::parse(data, nullptr, false);
    if (!document.is_object()) {
        break_off(fail(Code::upstream_failed, "the server sent an event that is not JSON"));
        return;
    }
    take_document(document);
}

void ReplyReader::take_document(const Json& document) {
    if (!part(document, "error").is_null()) {
        client::Response response;
        response.status = 502;
        response.body = document.dump(-1, ' ', false, Json::error_handler_t::replace);
        break_off(client::error_from(response));
        return;
    }
    if (auto model = text_at(document, "model"); !model.empty())
        reply_.model = model;
    if (auto usage = part(document, "usage"); usage.is_object())
        take_usage(usage);
    for (const auto& choice : part(document, "choices"))
        if (count_at(choice, "index") == 0)
            take_choice(choice);
}

void ReplyReader::take_choice(const Json& choice) {
    auto piece = part(choice, streamed_ ? "delta" : "message");
    auto reasoning = text_at(piece, "reasoning_content");
    if (reasoning.empty())
        reasoning = text_at(piece, "reasoning");
    if (!reasoning.empty() && events_.reasoning)
        events_.reasoning(reasoning);
    for (const char* key : {"content", "refusal"}) {
        auto text = text_at(piece, key);
        reply_.text += text;
        if (!text.empty() && events_.text)
            events_.text(text);
    }
    take_tools(part(piece, "tool_calls"));
    if (auto reason = text_at(choice, "finish_reason"); !reason.empty())
        reply_.finish_reason = reason;
}

void ReplyReader::take_tools(const Json& calls) {
    if (!events_.tool_call || !calls.is_array())
        return;
    for (const auto& call : calls)
        events_.tool_call(call);
}

void ReplyReader::take_usage(const Json& usage) {
    Tokens tokens;
    auto prompt = count_at(usage, "prompt_tokens");
    auto completion = count_at(usage, "completion_tokens");
    tokens.cache_read =
        std::min(prompt, count_at(part(usage, "prompt_tokens_details"), "cached_tokens"));
    tokens.reasoning = std::min(
        completion, count_at(part(usage, "completion_tokens_details"), "reasoning_tokens"));
    tokens.input = prompt - tokens.cache_read;
    tokens.output = completion - tokens.reasoning;
    reply_.tokens = tokens;
}

}  // namespace obliv::cli
