#include "core/wire/completions_wire.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/losses.hpp"
#include "core/wire/parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

/// One text is what a user says; several prompts, and prompts of token numbers, only this format
/// knows.
void read_prompt(Fields& body, llm::ChatRequest& out) {
    const auto* prompt = body.take("prompt");
    if (prompt == nullptr)
        return;
    bool texts = prompt->is_array() && std::all_of(prompt->begin(), prompt->end(), [](auto& each) {
                     return each.is_string() || each.is_number_integer() || each.is_array();
                 });
    if (!prompt->is_string() && !texts)
        return body.complaint().expected("prompt", "a string, an array of strings or of tokens");
    const auto* only = prompt->is_string() ? prompt : nullptr;
    if (prompt->is_array() && prompt->size() == 1 && prompt->front().is_string())
        only = &prompt->front();
    if (only != nullptr)
        out.messages.push_back({llm::Role::user, {{llm::Text{only->get<std::string>()}}}});
    else
        out.extras.push_back({"prompt", json_text(*prompt), false});
}

/// The number of alternatives; 0 asks for the tokens alone.
void read_logprobs(Fields& body, llm::ChatRequest& out) {
    std::optional<std::int64_t> count;
    body.read("logprobs", count);
    if (!count)
        return;
    out.sampling.logprobs = true;
    out.sampling.top_logprobs = count;
}

void read_extras(Fields& body, llm::ChatRequest& out) {
    // A value that changes nothing may be left out.
    if (const auto* echo = body.take("echo"))
        out.extras.push_back({"echo", json_text(*echo), *echo == false});
    if (const auto* best = body.take("best_of"))
        out.extras.push_back({"best_of", json_text(*best), *best == 1});
    if (const auto* suffix = body.take_string("suffix"))
        out.extras.push_back({"suffix", json_text(*suffix), *suffix == ""});
    if (const auto* options = body.take_object("stream_options")) {
        Fields fields(*options, "stream_options", body.complaint());
        fields.read("include_usage", out.usage_in_stream);
        if (auto rest = fields.rest_text(); !rest.empty())
            out.extras.push_back({"stream_options", rest, true});
    }
    body.rest(out.extras);
}

class Writer {
public:
    explicit Writer(const llm::ChatRequest& request, const Dialect& dialect)
        : request_(request), dialect_(dialect), losses_(request, completions_name) {}

    WrittenRequest write() && {
        body_["model"] = request_.model;
        prompt();
        sampling();
        stream();
        if (!request_.user.empty())
            body_["user"] = request_.user;
        if (losses_.same_wire())
            for (const auto& extra : request_.extras)
                body_[extra.name] = embedded(extra.value);
        lose();
        losses_.add_foreign();
        WrittenRequest out;
        out.body = json_text(body_);
        out.losses = std::move(losses_).take();
        return out;
    }

private:
    template <typename T>
    void put(const char* name, const std::optional<T>& value) {
        if (value)
            body_[name] = *value;
    }

    /// The texts of a conversation, one below the other; who said what is lost.
    void prompt() {
        std::string text;
        for (const auto& message : request_.messages) {
            if (!text.empty())
                text += "\n\n";
            text += joined_texts(message.content);
        }
        body_["prompt"] = text;
        bool one =
            request_.messages.size() == 1 && request_.messages.front().role == llm::Role::user;
        if (!one && !request_.messages.empty())
            losses_.add("the roles of messages", "a text completion has one prompt");
    }

    void sampling() {
        const auto& sampling = request_.sampling;
        put("max_tokens", request_.output_tokens_max);
        put("temperature", sampling.temperature);
        put("top_p", sampling.top_p);
        put("frequency_penalty", sampling.frequency_penalty);
        put("presence_penalty", sampling.presence_penalty);
        if (dialect_.seed)
            put("seed", sampling.seed);
        if (sampling.logprobs.value_or(false))
            body_["logprobs"] = sampling.top_logprobs.value_or(0);
        if (!sampling.logit_bias.empty())
            body_["logit_bias"] = embedded(sampling.logit_bias);
        if (sampling.stop.size() == 1)
            body_["stop"] = sampling.stop.front();
        else if (!sampling.stop.empty())
            body_["stop"] = sampling.stop;
        if (request_.choices != 1)
            body_["n"] = request_.choices;
        if (sampling.top_k)
            losses_.add(Term::top_k, why);
    }

    void stream() {
        if (!request_.stream)
            return;
        body_["stream"] = true;
        if (dialect_.stream_options && (request_.usage_in_stream || !losses_.same_wire()))
            body_["stream_options"]["include_usage"] = true;
    }

    void lose() {
        if (!request_.tools.empty())
            losses_.add("tools", why);
        using Kind = llm::ResponseFormat::Kind;
        auto format = request_.response_format.kind;
        if (format != Kind::unset && format != Kind::text)
            losses_.add(Term::response_format, why);
        losses_.add_beyond_text("a text completion");
        const auto& reasoning = request_.reasoning;
        if (!reasoning.effort.empty() && reasoning.effort != "none")
            losses_.add(Term::reasoning_effort, why);
        if (reasoning.budget_tokens.value_or(0) > 0)
            losses_.add(Term::reasoning_budget, why);
        for (const auto& message : request_.messages)
            if (!message.name.empty())
                losses_.add(Term::message_name, why);
        for (const auto& message : request_.messages)
            for (const auto& part : message.content)
                if (const auto* media = std::get_if<llm::Media>(&part.what))
                    losses_.add(media_field(*media), "a text completion has a text only");
    }

    static constexpr const char* why = "a text completion has no such field";
    const llm::ChatRequest& request_;
    const Dialect& dialect_;
    Losses losses_;
    Json body_ = Json::object();
};

}  // namespace

Result<llm::ChatRequest> read_completions_request(const RequestSource& source) {
    auto json = parse_json(source.body);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    llm::ChatRequest out;
    out.wire = completions_name;
    body.require("model", "the model to ask");
    body.read("model", out.model);
    read_prompt(body, out);
    body.read("stream", out.stream);
    body.read("max_tokens", out.output_tokens_max);
    body.read("temperature", out.sampling.temperature);
    body.read("top_p", out.sampling.top_p);
    body.read("frequency_penalty", out.sampling.frequency_penalty);
    body.read("presence_penalty", out.sampling.presence_penalty);
    body.read("seed", out.sampling.seed);
    body.read_strings("stop", out.sampling.stop);
    body.read_json("logit_bias", out.sampling.logit_bias);
    std::optional<std::int64_t> choices;
    body.read("n", choices);
    out.choices = choices.value_or(1);
    if (out.choices < 1 || out.choices > 128)
        complaint.expected("n", "a number from 1 to 128");
    body.read("user", out.user);
    read_logprobs(body, out);
    read_extras(body, out);
    if (complaint)
        return *complaint.first();
    return out;
}

Result<WrittenRequest> write_completions_request(const llm::ChatRequest& request,
                                                 const Dialect& dialect) {
    return Writer(request, dialect).write();
}

}  // namespace obliv::wire
