#include "daemon/relay/replay.hpp"

#include "core/llm/body_fields.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/json.hpp"
#include "core/wire/plain.hpp"
#include "core/wire/responses.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::relay {
namespace {

/// What says how the answer is to come, or who asks, and not what is asked.
constexpr std::array<std::string_view, 7> beside_the_question{
    "stream",           "stream_options",        "user", "safety_identifier", "metadata",
    "prompt_cache_key", "prompt_cache_retention"};

/// The text of a message that is text alone.
std::optional<std::string> text_of(const llm::Message& message) {
    std::string out;
    for (const auto& part : message.content) {
        const auto* text = std::get_if<llm::Text>(&part.what);
        if (text == nullptr)
            return std::nullopt;
        out += text->text;
    }
    return out;
}

using Events = std::vector<llm::ReplyEvent>;

/// Takes an answer apart. The figures go with it even where the caller of then was not told them.
bool read_answer(const cache::Answer& answer, const wire::Wire& wire, Events& events) {
    wire::ReadOptions options;
    options.stream = answer.stream;
    auto reader = wire.new_reader(options);
    if (!reader->feed(answer.body, events) || !reader->finish(events))
        return false;
    auto is_usage = [](const llm::ReplyEvent& event) {
        return std::holds_alternative<llm::UsageReport>(event.what);
    };
    if (std::none_of(events.begin(), events.end(), is_usage))
        events.push_back({llm::UsageReport{answer.usage}});
    return std::none_of(events.begin(), events.end(), [](const llm::ReplyEvent& event) {
        return std::holds_alternative<llm::Failed>(event.what);
    });
}

}  // namespace

bool tells_usage(const Inbound& inbound, const llm::ChatCall& call) noexcept {
    bool is_choice = inbound.is_openai() || inbound.wire == &wire::completions;
    return !is_choice || call.usage_asked;
}

namespace {

/// Whether the answer can be given as it is.
bool has_form(const cache::Answer& answer, const Inbound& inbound, const llm::ChatCall& call) {
    return answer.stream == call.stream &&
           answer.json_array == (call.stream && inbound.json_array) &&
           (!call.stream || answer.usage_told == tells_usage(inbound, call));
}

}  // namespace

std::string key_prefix(cache::Scope scope, const storage::Token& token, const Inbound& inbound,
                       const HeaderList& headers) {
    std::string out = "everyone";
    if (scope == cache::Scope::account)
        out = "account " + token.account.text();
    else if (scope == cache::Scope::token)
        out = "token " + token.id.text();
    // Another group may be served by other channels, and another format has other bytes.
    out.append("\n").append(token.group).append("\n").append(inbound.wire->name);
    out.append("\n").append(std::to_string(static_cast<int>(inbound.operation)));
    if (const auto* form = inbound.plain_form(); form != nullptr)
        out.append(" ").append(form->name);
    out.append("\n").append(inbound.model).append("\n");
    for (const auto& [name, value] : headers)
        out.append(name).append(":").append(value).append("\n");
    return out;
}

Sha256 key_of(std::string_view prefix, std::string_view body) {
    std::string text(prefix);
    text += llm::normal_form(body, beside_the_question);
    return sha256(text);
}

bool may_be_cached(const Inbound& inbound, std::string_view body) {
    return inbound.wire != &wire::responses || llm::field_text(body, "store") == "false";
}

std::optional<LastWords> last_words(std::string_view prefix, const Inbound& inbound,
                                    std::string_view body, const HeaderList& headers) {
    if (inbound.operation != providers::Operation::chat)
        return std::nullopt;
    auto request = read_request(inbound, body, headers);
    if (!request || request->messages.empty() || request->messages.back().role != llm::Role::user)
        return std::nullopt;
    auto& last = request->messages.back();
    auto text = text_of(last);
    if (!text || text->empty())
        return std::nullopt;
    last.content.resize(1);
    std::get<llm::Text>(last.content.front().what).text = "?";
    auto rest = wire::openai.write_request(*request, wire::Dialect{});
    if (!rest || !rest->losses.empty())
        return std::nullopt;
    return LastWords{std::move(*text), key_of(std::string(prefix) + "last words\n", rest->body)};
}

std::optional<Replay> replay_of(const cache::Answer& answer, const Inbound& inbound,
                                const llm::ChatCall& call, std::string_view body,
                                std::string_view request_id) {
    if (has_form(answer, inbound, call))
        return Replay{{}, answer.content_type};
    if (inbound.operation != providers::Operation::chat)
        return std::nullopt;
    auto request = read_request(inbound, body, {});
    if (!request)
        return std::nullopt;
    Events events;
    if (!read_answer(answer, *inbound.wire, events))
        return std::nullopt;
    wire::WriteOptions options;
    options.stream = call.stream;
    options.usage = !call.stream || tells_usage(inbound, call);
    options.request = &*request;
    options.model = call.model;
    options.request_id = std::string(request_id);
    options.json_array = call.stream && inbound.json_array;
    auto writer = inbound.wire->new_writer(options);
    Replay out;
    for (const auto& event : events)
        writer->write(event, out.body);
    writer->finish(out.body);
    out.content_type = std::string(writer->content_type());
    return out;
}

std::string meaning_request(std::string_view model, std::string_view text) {
    std::string out = "{\"model\":";
    wire::append_quoted(out, model);
    out += ",\"input\":";
    wire::append_quoted(out, text);
    out += R"(,"encoding_format":"float"})";
    return out;
}

cache::Meaning meaning_in(std::string_view reply) {
    auto json = nlohmann::json::parse(reply, nullptr, false);
    auto place = nlohmann::json::json_pointer("/data/0/embedding");
    if (!json.is_object() || !json.contains(place) || !json[place].is_array())
        return {};
    cache::Meaning out;
    for (const auto& number : json[place]) {
        if (!number.is_number())
            return {};
        out.push_back(number.get<float>());
    }
    return out;
}

}  // namespace obliv::relay
