#include "core/llm/wire_error.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/data_uri.hpp"
#include "core/wire/json.hpp"
#include "core/wire/openai.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace obliv::wire {
namespace {

using namespace llm;

std::string_view word_of(Finish reason) {
    switch (reason) {
    case Finish::length:
        return "length";
    case Finish::tool_calls:
        return "tool_calls";
    case Finish::filtered:
    case Finish::refused:
        return "content_filter";
    default:
        return "stop";
    }
}

Json usage_json(const Usage& usage) {
    Json prompt{{"cached_tokens", usage.cache_read}, {"audio_tokens", usage.audio_in}};
    if (auto written = usage.cache_write_5m + usage.cache_write_1h; written > 0)
        prompt["cache_write_tokens"] = written;
    if (usage.image_in > 0)
        prompt["image_tokens"] = usage.image_in;
    return Json{{"prompt_tokens", usage.input_all()},
                {"completion_tokens", usage.output_all()},
                {"total_tokens", usage.input_all() + usage.output_all()},
                {"prompt_tokens_details", std::move(prompt)},
                {"completion_tokens_details",
                 Json{{"reasoning_tokens", usage.reasoning}, {"audio_tokens", usage.audio_out}}}};
}

Json annotation(const Citation& citation) {
    Json url{{"url", citation.url}, {"title", citation.title}};
    if (citation.text_from >= 0)
        url["start_index"] = citation.text_from;
    if (citation.text_to >= 0)
        url["end_index"] = citation.text_to;
    return Json{{"type", "url_citation"}, {"url_citation", std::move(url)}};
}

bool is_shown(const Citation& citation) {
    return citation.kind == Citation::Kind::url && !citation.url.empty();
}

Json image(const Media& media) {
    auto url =
        media.source == Media::Source::url ? media.data : data_uri(media.media_type, media.data);
    return Json{{"type", "image_url"}, {"image_url", Json{{"url", std::move(url)}}}};
}

Json google_signature(const Proof& proof) {
    return Json{{"google", Json{{"thought_signature", proof.data}}}};
}

/// What both kinds of replies say of themselves.
class Head {
public:
    explicit Head(const WriteOptions& options)
        : id_("chatcmpl-" + options.request_id), options_(options), created_(options.now) {}

    void take(const Begun& begun) {
        if (!begun.id.empty())
            id_ = begun.id;
        if (begun.created > 0)
            created_ = begun.created;
        tier_ = begun.service_tier;
    }

    Json object(std::string_view kind) const {
        Json out{{"id", id_}, {"object", kind}, {"created", created_}, {"model", options_.model}};
        if (!tier_.empty())
            out["service_tier"] = tier_;
        return out;
    }

    /// The id of the call in `block` of `choice`, which the provider may not have given.
    std::string call_id(const std::string& id, std::int32_t choice, std::int32_t block) const {
        return id.empty() ? "call_" + options_.request_id + "_" + std::to_string(choice) + "_" +
                                std::to_string(block)
                          : id;
    }
    const WriteOptions& options() const noexcept { return options_; }

private:
    std::string id_;
    WriteOptions options_;
    std::int64_t created_;
    std::string tier_;
};

std::string said(const Error& error, const Head& head) {
    return error_body(ErrorShape::openai, error, head.options().request_id);
}

class StreamWriter final : public ReplyWriter {
public:
    explicit StreamWriter(const WriteOptions& options) : head_(options) {}

    std::string_view content_type() const noexcept override {
        return "text/event-stream; charset=utf-8";
    }

    void write(const ReplyEvent& event, std::string& out) override {
        event_ = &event;
        out_ = &out;
        std::visit(*this, event.what);
    }

    void finish(std::string& out) override {
        if (head_.options().usage && usage_) {
            auto chunk = head_.object("chat.completion.chunk");
            chunk["choices"] = Json::array();
            chunk["usage"] = usage_json(*usage_);
            send(chunk, out);
        }
        out += "data: [DONE]\n\n";
    }

    void fail(const Error& error, std::string& out) override {
        out.append("data: ").append(said(error, head_)).append("\n\n");
    }

    void operator()(const Alive&) const {}
    void operator()(const BlockEnded&) const {}
    void operator()(const Failed&) const {}
    void operator()(const Opaque&) const {}
    void operator()(const UsageReport& report) { usage_ = report.usage; }

    void operator()(const Begun& begun) {
        head_.take(begun);
        delta(Json::object());
    }
    void operator()(const TextPiece& piece) { delta(Json{{"content", piece.text}}); }
    void operator()(const RefusalPiece& piece) { delta(Json{{"refusal", piece.text}}); }
    void operator()(const ThinkingPiece& piece) { delta(Json{{"reasoning_content", piece.text}}); }
    void operator()(const ProofPiece& piece) {
        // Gemini wants the signature of a call back; other proofs have no place in this format.
        bool of_call = numbers_.count(place()) > 0;
        if (of_call && piece.proof.wire == "gemini")
            call_delta(Json{{"extra_content", google_signature(piece.proof)}});
    }
    void operator()(const ToolCallBegun& begun) {
        auto& count = calls_[event_->choice];
        numbers_[place()] = count++;
        custom_[place()] = begun.custom;
        Json call{{"id", head_.call_id(begun.id, event_->choice, event_->block)}};
        call["type"] = kind();
        call[kind()] = Json{{"name", begun.name}, {begun.custom ? "input" : "arguments", ""}};
        call_delta(std::move(call));
    }
    void operator()(const ArgumentsPiece& piece) {
        call_delta(Json{{kind(), Json{{custom_[place()] ? "input" : "arguments", piece.text}}}});
    }
    void operator()(const CitationPiece& piece) {
        if (is_shown(piece.citation))
            delta(Json{{"annotations", Json::array({annotation(piece.citation)})}});
    }
    void operator()(const MediaPiece& piece) {
        if (piece.media.kind == Media::Kind::audio) {
            Json audio{{"data", piece.media.data}, {"transcript", piece.transcript}};
            if (!piece.media.name.empty())
                audio["id"] = piece.media.name;
            delta(Json{{"audio", std::move(audio)}});
        } else if (piece.media.kind == Media::Kind::image) {
            delta(Json{{"images", Json::array({image(piece.media)})}});
        }
    }
    void operator()(const LogProbs& piece) {
        auto choice = choice_of(Json::object());
        choice["logprobs"] =
            Json{{"content", piece.content.empty() ? Json() : embedded(piece.content)},
                 {"refusal", piece.refusal.empty() ? Json() : embedded(piece.refusal)}};
        send_choice(std::move(choice));
    }
    void operator()(const Finished& finished) {
        auto choice = choice_of(Json::object());
        choice["finish_reason"] = word_of(finished.reason);
        send_choice(std::move(choice));
    }

private:
    using Place = std::pair<std::int32_t, std::int32_t>;
    Place place() const { return {event_->choice, event_->block}; }
    std::string_view kind() { return custom_[place()] ? "custom" : "function"; }

    void call_delta(Json call) {
        Json numbered{{"index", numbers_[place()]}};
        numbered.update(call);
        delta(Json{{"tool_calls", Json::array({std::move(numbered)})}});
    }

    void delta(Json what) { send_choice(choice_of(std::move(what))); }

    /// The first delta of each choice says who speaks.
    Json choice_of(Json what) {
        if (begun_.insert(event_->choice).second) {
            Json first{{"role", "assistant"}};
            if (what.empty())
                first["content"] = "";
            first.update(what);
            what = std::move(first);
        }
        return Json{{"index", event_->choice},
                    {"delta", std::move(what)},
                    {"logprobs", nullptr},
                    {"finish_reason", nullptr}};
    }

    void send_choice(Json choice) {
        auto chunk = head_.object("chat.completion.chunk");
        chunk["choices"] = Json::array({std::move(choice)});
        if (head_.options().usage)
            chunk["usage"] = nullptr;
        send(chunk, *out_);
    }

    static void send(const Json& chunk, std::string& out) {
        out.append("data: ").append(json_text(chunk)).append("\n\n");
    }

    Head head_;
    const ReplyEvent* event_ = nullptr;
    std::string* out_ = nullptr;
    std::optional<Usage> usage_;
    std::set<std::int32_t> begun_;                ///< choices that have spoken
    std::map<std::int32_t, std::int64_t> calls_;  ///< of each choice so far
    std::map<Place, std::int64_t> numbers_;       ///< of each call among them
    std::map<Place, bool> custom_;
};

class PlainWriter final : public ReplyWriter {
public:
    explicit PlainWriter(const WriteOptions& options) : head_(options) {}

    std::string_view content_type() const noexcept override { return "application/json"; }
    void write(const ReplyEvent& event, std::string&) override { add_event(reply_, event); }
    void fail(const Error& error, std::string& out) override { out += said(error, head_); }

    void finish(std::string& out) override {
        head_.take(reply_.begun);
        auto body = head_.object("chat.completion");
        body["choices"] = Json::array();
        for (const auto& [number, choice] : reply_.choices)
            body["choices"].push_back(choice_json(number, choice));
        if (reply_.usage)
            body["usage"] = usage_json(reply_.usage->usage);
        out += json_text(body);
    }

private:
    Json choice_json(std::int32_t number, const WholeReply::Choice& choice) const {
        Json out{{"index", number}, {"message", message_json(number, choice)}};
        out["logprobs"] = nullptr;
        if (!choice.logprobs.empty() || !choice.refusal_logprobs.empty()) {
            auto list = [](const JsonText& text) { return text.empty() ? Json() : embedded(text); };
            out["logprobs"] = Json{{"content", list(choice.logprobs)},
                                   {"refusal", list(choice.refusal_logprobs)}};
        }
        out["finish_reason"] =
            choice.finished ? Json(word_of(choice.finished->reason)) : Json("stop");
        return out;
    }

    Json message_json(std::int32_t number, const WholeReply::Choice& choice) const {
        Json message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
        for (const auto& [block, part] : choice.blocks)
            add_block(message, number, block, part);
        return message;
    }

    static void append(Json& field, std::string_view text) {
        field = (field.is_string() ? field.get<std::string>() : std::string()) + std::string(text);
    }

    void add_block(Json& message, std::int32_t choice, std::int32_t number,
                   const WholeReply::Block& block) const {
        const auto& what = block.part.what;
        if (const auto* text = std::get_if<Text>(&what)) {
            append(message["content"], text->text);
            for (const auto& citation : text->citations)
                if (is_shown(citation))
                    message["annotations"].push_back(annotation(citation));
        } else if (const auto* refusal = std::get_if<Refusal>(&what)) {
            append(message["refusal"], refusal->text);
        } else if (const auto* thinking = std::get_if<Thinking>(&what)) {
            if (!thinking->text.empty())
                append(message["reasoning_content"], thinking->text);
        } else if (const auto* call = std::get_if<ToolCall>(&what)) {
            message["tool_calls"].push_back(call_json(*call, choice, number));
        } else if (const auto* media = std::get_if<Media>(&what)) {
            add_media(message, *media, block.transcript);
        }
    }

    Json call_json(const ToolCall& call, std::int32_t choice, std::int32_t number) const {
        std::string_view kind = call.custom ? "custom" : "function";
        Json out{{"id", head_.call_id(call.id, choice, number)}, {"type", kind}};
        out[kind] =
            Json{{"name", call.name}, {call.custom ? "input" : "arguments", call.arguments}};
        if (call.proof.wire == "gemini")
            out["extra_content"] = google_signature(call.proof);
        return out;
    }

    static void add_media(Json& message, const Media& media, const std::string& transcript) {
        if (media.kind == Media::Kind::image)
            message["images"].push_back(image(media));
        else if (media.kind == Media::Kind::audio)
            message["audio"] =
                Json{{"id", media.name}, {"data", media.data}, {"transcript", transcript}};
    }

    Head head_;
    WholeReply reply_;
};

}  // namespace

std::unique_ptr<ReplyWriter> openai_parts::new_writer(const WriteOptions& options) {
    if (options.stream)
        return std::make_unique<StreamWriter>(options);
    return std::make_unique<PlainWriter>(options);
}

}  // namespace obliv::wire
