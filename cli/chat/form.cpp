#include "cli/chat/form.hpp"

#include "cli/chat/reply_reader.hpp"
#include "core/http/uri.hpp"

#include <array>
#include <charconv>

namespace obliv::cli {
namespace {

/// Where such a server takes a call, and how it wants to be told the key.
struct Form {
    std::string_view name;
    std::string_view version;  ///< of the path
    std::string_view key_header;
};
constexpr std::array forms{Form{"anthropic", "/v1", "x-api-key"},
                           Form{"gemini", "/v1beta", "x-goog-api-key"}};

const Form* form_of(std::string_view name) {
    for (const auto& form : forms)
        if (form.name == name)
            return &form;
    return nullptr;
}

llm::Role role_of(std::string_view role) {
    if (role == "system")
        return llm::Role::system;
    return role == "assistant" ? llm::Role::assistant : llm::Role::user;
}

llm::ChatRequest neutral(const Prompt& prompt) {
    llm::ChatRequest request;
    request.wire = "openai";
    request.model = prompt.model;
    request.stream = true;
    request.usage_in_stream = true;
    request.output_tokens_max = prompt.max_tokens;
    for (const auto& message : prompt.messages) {
        llm::Message out;
        out.role = role_of(message.role);
        llm::Part part;
        part.what = llm::Text{message.content};
        out.content.push_back(std::move(part));
        request.messages.push_back(std::move(out));
    }
    const auto& text = prompt.temperature;
    double temperature = 0;
    if (!text.empty() &&
        std::from_chars(text.data(), text.data() + text.size(), temperature).ec == std::errc())
        request.sampling.temperature = temperature;
    return request;
}

/// The address as the provider's own SDK is given it, with the path of its version or without.
std::string url_of(const client::Endpoint& endpoint, const Form& form, const Prompt& prompt) {
    auto url = endpoint.base_url;
    if (!url.ends_with(form.version))
        url += form.version;
    if (form.name == "anthropic")
        return url + "/messages";
    return url + "/models/" + http::percent_encode(prompt.model) + ":streamGenerateContent?alt=sse";
}

std::string finish_word(const llm::Finished& finished) {
    switch (finished.reason) {
    case llm::Finish::stop:
        return "stop";
    case llm::Finish::length:
        return "length";
    case llm::Finish::tool_calls:
        return "tool_calls";
    case llm::Finish::filtered:
    case llm::Finish::refused:
        return "content_filter";
    default:
        return finished.raw.empty() ? "other" : finished.raw;
    }
}

Tokens tokens_of(const llm::Usage& usage) {
    return {usage.input_all() - usage.cache_read, usage.cache_read, usage.output + usage.audio_out,
            usage.reasoning};
}

}  // namespace

Result<client::Request> form_request(const client::Endpoint& endpoint, const Prompt& prompt) {
    const auto* form = form_of(prompt.api);
    if (!form)
        return fail(Code::usage, "there is no wire format '" + prompt.api + "'");
    auto written = wire::find(form->name)->write_request(neutral(prompt), {});
    if (!written)
        return written.error();
    if (!written->losses.empty())
        return fail(Code::unsupported, "the form of " + prompt.api + " cannot say '" +
                                           written->losses.front().field +
                                           "': " + written->losses.front().why);
    client::Request request;
    request.method = "POST";
    request.url = url_of(endpoint, *form, prompt);
    request.accept = "text/event-stream, application/json";
    request.body = std::move(written->body);
    request.headers = std::move(written->headers);
    if (prompt.api == "anthropic")
        request.headers.emplace_back("anthropic-version", "2023-06-01");
    request.key_header = form->key_header;
    return request;
}

FormReader::FormReader(const wire::Wire& wire, const ReplyEvents& events, Reply& reply)
    : wire_(wire), events_(events), reply_(reply), state_(ok()) {}

bool FormReader::feed(const client::Response& head, std::string_view bytes) {
    if (!reader_) {
        for (const char* name : {"request-id", "x-request-id"})
            if (auto id = head.header(name); !id.empty())
                reply_.request_id = id;
        wire::ReadOptions options;
        options.stream = head.header("content-type").starts_with("text/event-stream");
        reader_ = wire_.new_reader(options);
    }
    std::vector<llm::ReplyEvent> events;
    auto fed = reader_->feed(bytes, events);
    for (const auto& event : events)
        take(event);
    break_off(fed);
    if (events_.failed)
        break_off(events_.failed());
    return static_cast<bool>(state_);
}

Result<void> FormReader::finish() {
    std::vector<llm::ReplyEvent> events;
    bool whole = reader_ && reader_->finish(events);
    for (const auto& event : events)
        take(event);
    if (!state_)
        return state_;
    // A format's own end that never came is what a missing reason is in OpenAI's.
    if (!whole)
        reply_.finish_reason.clear();
    return verdict(reply_);
}

void FormReader::break_off(const Result<void>& result) {
    if (state_ && !result)
        state_ = result;
}

void FormReader::take_text(std::string_view text) {
    reply_.text += text;
    if (!text.empty() && events_.text)
        events_.text(text);
}

void FormReader::take(const llm::ReplyEvent& event) {
    if (event.choice == 0 && state_)
        std::visit([this](const auto& what) { on(what); }, event.what);
}

void FormReader::on(const llm::Begun& begun) {
    if (!begun.model.empty())
        reply_.model = begun.model;
}

void FormReader::on(const llm::TextPiece& piece) {
    take_text(piece.text);
}

void FormReader::on(const llm::RefusalPiece& piece) {
    take_text(piece.text);
}

void FormReader::on(const llm::ThinkingPiece& piece) {
    if (events_.reasoning && !piece.text.empty())
        events_.reasoning(piece.text);
}

void FormReader::on(const llm::Finished& finished) {
    reply_.finish_reason = finish_word(finished);
}

void FormReader::on(const llm::UsageReport& report) {
    reply_.tokens = tokens_of(report.usage);
}

void FormReader::on(const llm::Failed& failed) {
    break_off(failed.error);
}

}  // namespace obliv::cli
