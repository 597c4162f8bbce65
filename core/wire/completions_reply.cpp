#include "core/llm/openai_usage.hpp"
#include "core/llm/wire_error.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/completions_wire.hpp"
#include "core/wire/frames.hpp"
#include "core/wire/reply_error.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::int64_t choices_max = 128;

llm::Finish finish_of(std::string_view word) {
    return word == "length"           ? llm::Finish::length
           : word == "content_filter" ? llm::Finish::filtered
           : word == "stop"           ? llm::Finish::stop
                                      : llm::Finish::other;
}

std::string_view word_for(llm::Finish reason) {
    switch (reason) {
    case llm::Finish::length:
        return "length";
    case llm::Finish::filtered:
    case llm::Finish::refused:
        return "content_filter";
    default:
        return "stop";
    }
}

class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options)
        : frames_(options.event_bytes_max, options.body_bytes_max) {}

    Result<void> feed(std::string_view bytes, std::vector<llm::ReplyEvent>& out) override {
        out_ = &out;
        return frames_.feed(bytes, [this](const Frame& frame) { return take(frame); });
    }

    Result<void> finish(std::vector<llm::ReplyEvent>& out) override {
        out_ = &out;
        auto done = frames_.finish([this](const Frame& frame) { return take(frame); });
        if (!done)
            return done.error();
        bool finished = !open_.empty() && std::all_of(open_.begin(), open_.end(),
                                                      [](auto& choice) { return !choice.second; });
        if (!ended_ && !finished)
            return fail(Code::upstream_failed, "the provider's reply ended before it was complete");
        return ok();
    }

private:
    template <typename What>
    void emit(What what, std::int32_t choice = 0) {
        out_->push_back({std::move(what), choice, 0});
    }

    Result<void> take(const Frame& frame) {
        if (frame.data == "[DONE]") {
            ended_ = true;
            return ok();
        }
        auto json = parse_json(frame.data);
        if (!json || !json->is_object())
            return fail(Code::upstream_failed, "the provider's reply is not valid JSON");
        if (const auto* error = member(*json, "error")) {
            emit(llm::Failed{reply_error(string_in(*error, "type"), string_in(*error, "code"),
                                         string_in(*error, "message"))});
            ended_ = true;
            return ok();
        }
        begin(*json);
        const auto* choices = member(*json, "choices");
        if (choices != nullptr && choices->is_array())
            for (const auto& choice : *choices)
                if (auto taken = take_choice(choice); !taken)
                    return taken;
        if (const auto* usage = member(*json, "usage"))
            if (auto counts = llm::parse_openai_usage(json_text(*usage)))
                emit(llm::UsageReport{*counts, json_text(*usage)});
        return ok();
    }

    void begin(const Json& json) {
        if (std::exchange(begun_, true))
            return;
        llm::Begun begun;
        begun.id = string_in(json, "id");
        begun.model = string_in(json, "model");
        begun.created = int_in(json, "created").value_or(0);
        emit(std::move(begun));
    }

    Result<void> take_choice(const Json& json) {
        auto index = int_in(json, "index").value_or(0);
        if (index < 0 || index >= choices_max)
            return fail(Code::upstream_failed, "the provider's reply has too many choices");
        auto number = static_cast<std::int32_t>(index);
        auto& open = open_.try_emplace(number, true).first->second;
        if (auto text = string_in(json, "text"); !text.empty())
            emit(llm::TextPiece{std::move(text)}, number);
        if (const auto* logprobs = member(json, "logprobs"))
            if (auto tokens = read_legacy_logprobs(*logprobs); !tokens.empty())
                emit(llm::LogProbs{std::move(tokens)}, number);
        auto reason = string_in(json, "finish_reason");
        if (reason.empty() || !std::exchange(open, false))
            return ok();
        emit(llm::BlockEnded{}, number);
        llm::Finished finished;
        finished.reason = finish_of(reason);
        finished.raw = std::move(reason);
        emit(std::move(finished), number);
        return ok();
    }

    Frames frames_;
    std::vector<llm::ReplyEvent>* out_ = nullptr;
    std::map<std::int32_t, bool> open_;  ///< choices; true: it has not finished
    bool begun_ = false;
    bool ended_ = false;
};

Json usage_json(const llm::Usage& usage) {
    Json out = {{"prompt_tokens", usage.input_all()},
                {"completion_tokens", usage.output_all()},
                {"total_tokens", usage.input_all() + usage.output_all()}};
    if (usage.cache_read > 0)
        out["prompt_tokens_details"] = {{"cached_tokens", usage.cache_read}};
    if (usage.reasoning > 0)
        out["completion_tokens_details"] = {{"reasoning_tokens", usage.reasoning}};
    return out;
}

/// Thoughts, calls and media have no place in a text completion: they are left out, as the
/// conversion table says.
class Writer final : public ReplyWriter {
public:
    explicit Writer(const WriteOptions& options) : options_(options) { options_.request = nullptr; }

    std::string_view content_type() const noexcept override {
        return options_.stream ? "text/event-stream; charset=utf-8" : "application/json";
    }

    void write(const llm::ReplyEvent& event, std::string& out) override {
        if (const auto* begun = std::get_if<llm::Begun>(&event.what)) {
            begun_ = *begun;
        } else if (const auto* usage = std::get_if<llm::UsageReport>(&event.what)) {
            usage_ = usage->usage;
        } else if (const auto* failed = std::get_if<llm::Failed>(&event.what)) {
            failed_ = failed->error;
        } else if (const auto* text = std::get_if<llm::TextPiece>(&event.what)) {
            add_text(event.choice, text->text, out);
        } else if (const auto* refusal = std::get_if<llm::RefusalPiece>(&event.what)) {
            add_text(event.choice, refusal->text, out);
        } else if (const auto* logprobs = std::get_if<llm::LogProbs>(&event.what)) {
            add_logprobs(event.choice, logprobs->content, out);
        } else if (const auto* finished = std::get_if<llm::Finished>(&event.what)) {
            end_choice(event.choice, word_for(finished->reason), out);
        }
    }

    void finish(std::string& out) override {
        if (failed_)
            return fail(*failed_, out);
        if (!options_.stream)
            return whole(out);
        if (options_.usage && usage_) {
            auto chunk = envelope();
            chunk["choices"] = Json::array();
            chunk["usage"] = usage_json(*usage_);
            send(chunk, out);
        }
        out += "data: [DONE]\n\n";
    }

    void fail(const Error& error, std::string& out) override {
        auto body = llm::error_body(llm::ErrorShape::openai, error, options_.request_id);
        out += options_.stream ? "data: " + body + "\n\n" : body;
    }

private:
    struct Choice {
        std::string text;  ///< of a reply that does not stream
        llm::JsonText logprobs;
        std::int64_t characters = 0;  ///< of the tokens that were told
        std::string_view reason{};
    };

    Json envelope() const {
        auto id = begun_.id.empty() ? "cmpl-" + options_.request_id : begun_.id;
        return {{"id", id},
                {"object", "text_completion"},
                {"created", begun_.created > 0 ? begun_.created : options_.now},
                {"model", options_.model.empty() ? begun_.model : options_.model}};
    }

    static Json choice_json(std::int32_t index, std::string_view text) {
        return {
            {"text", text}, {"index", index}, {"logprobs", nullptr}, {"finish_reason", nullptr}};
    }

    static void send(const Json& chunk, std::string& out) {
        out.append("data: ").append(json_text(chunk)).append("\n\n");
    }

    void send_choice(Json choice, std::string& out) const {
        auto chunk = envelope();
        chunk["choices"] = Json::array({std::move(choice)});
        send(chunk, out);
    }

    void add_text(std::int32_t index, const std::string& text, std::string& out) {
        auto& choice = choices_[index];
        if (options_.stream)
            send_choice(choice_json(index, text), out);
        else
            choice.text += text;
    }

    void add_logprobs(std::int32_t index, const llm::JsonText& tokens, std::string& out) {
        auto& choice = choices_[index];
        if (!options_.stream)
            return append_array(choice.logprobs, tokens);
        auto json = choice_json(index, "");
        json["logprobs"] = legacy_logprobs(tokens, choice.characters);
        for (const auto& token : json["logprobs"]["tokens"])
            for (char c : token.get_ref<const std::string&>())
                choice.characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
        send_choice(std::move(json), out);
    }

    void end_choice(std::int32_t index, std::string_view reason, std::string& out) {
        choices_[index].reason = reason;
        if (!options_.stream)
            return;
        auto json = choice_json(index, "");
        json["finish_reason"] = reason;
        send_choice(std::move(json), out);
    }

    void whole(std::string& out) {
        auto body = envelope();
        body["choices"] = Json::array();
        if (choices_.empty())
            choices_[0];
        for (auto& [index, choice] : choices_) {
            auto json = choice_json(index, choice.text);
            json["finish_reason"] = choice.reason.empty() ? "stop" : choice.reason;
            if (!choice.logprobs.empty())
                json["logprobs"] = legacy_logprobs(choice.logprobs, 0);
            body["choices"].push_back(std::move(json));
        }
        if (usage_)
            body["usage"] = usage_json(*usage_);
        out += json_text(body);
    }

    WriteOptions options_;
    llm::Begun begun_;
    std::map<std::int32_t, Choice> choices_;
    std::optional<llm::Usage> usage_;
    std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<ReplyReader> new_completions_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

std::unique_ptr<ReplyWriter> new_completions_writer(const WriteOptions& options) {
    return std::make_unique<Writer>(options);
}

}  // namespace obliv::wire
