#include "core/wire/gemini_candidate.hpp"
#include "core/wire/gemini_usage.hpp"
#include "core/wire/gemini_wire.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

/// Whether figures came by this wire, so that its clients can have them as they were.
bool is_usage_metadata(const Json& raw) {
    return raw.is_object() && gemini_counts(raw);
}

class GeminiWriter final : public ReplyWriter {
public:
    explicit GeminiWriter(const WriteOptions& options) : options_(options) {
        id_ = options.request_id;
        model_ = options.model;
    }

    std::string_view content_type() const noexcept override {
        return options_.stream && !options_.json_array ? "text/event-stream; charset=utf-8"
                                                       : "application/json; charset=UTF-8";
    }
    void write(const llm::ReplyEvent& event, std::string& out) override;
    void finish(std::string& out) override;
    void fail(const Error& error, std::string& out) override;

private:
    void begin(const llm::Begun& begun);
    void keep_response(const llm::Opaque& opaque);
    void chunk(std::int32_t choice, const Json& part, std::string& out) const;
    std::string tail() const;
    void frame(std::string_view object, std::string& out) const;

    WriteOptions options_;
    std::string id_;
    std::string model_;
    std::map<std::int32_t, GeminiCandidate> candidates_;
    std::optional<llm::UsageReport> usage_;
    Json response_ = Json::object();  ///< promptFeedback and the like, as Google said it
    bool over_ = false;
    mutable bool some_ = false;  ///< of an array: an element has been written
};

void GeminiWriter::write(const llm::ReplyEvent& event, std::string& out) {
    if (over_)
        return;
    if (const auto* begun = std::get_if<llm::Begun>(&event.what))
        return begin(*begun);
    if (const auto* usage = std::get_if<llm::UsageReport>(&event.what)) {
        usage_ = *usage;
        return;
    }
    if (const auto* failed = std::get_if<llm::Failed>(&event.what))
        return fail(failed->error, out);
    if (std::holds_alternative<llm::Alive>(event.what))
        return;
    if (const auto* opaque = std::get_if<llm::Opaque>(&event.what))
        if (opaque->wire == gemini_name && opaque->json.starts_with(R"({"response":)"))
            return keep_response(*opaque);
    auto& candidate = candidates_[event.choice];
    candidate.take(event);
    if (!options_.stream)
        return;
    for (const auto& part : candidate.give())
        chunk(event.choice, part, out);
}

void GeminiWriter::begin(const llm::Begun& begun) {
    if (!begun.id.empty())
        id_ = begun.id;
    if (model_.empty())
        model_ = begun.model;
}

void GeminiWriter::keep_response(const llm::Opaque& opaque) {
    auto value = embedded(opaque.json);
    if (const auto* said = member(value, "response"))
        response_.update(*said);
}

/// `,"modelVersion":…,"responseId":…`: what every chunk ends with.
std::string GeminiWriter::tail() const {
    std::string out = R"(,"modelVersion":)";
    append_quoted(out, model_);
    out += R"(,"responseId":)";
    append_quoted(out, id_);
    return out + "}";
}

void GeminiWriter::chunk(std::int32_t choice, const Json& part, std::string& out) const {
    auto text = R"({"candidates":[{"content":{"parts":[)" + json_text(part) +
                R"(],"role":"model"},"index":)" + std::to_string(choice) + "}]" + tail();
    frame(text, out);
}

void GeminiWriter::frame(std::string_view object, std::string& out) const {
    if (!options_.stream)
        out += object;
    else if (options_.json_array)
        out.append(some_ ? ",\r\n" : "[").append(object);
    else
        out.append("data: ").append(object).append("\r\n\r\n");
    some_ = true;
}

void GeminiWriter::finish(std::string& out) {
    if (over_)
        return;
    over_ = true;
    bool blocked = member(response_, "promptFeedback") != nullptr &&
                   member(response_["promptFeedback"], "blockReason") != nullptr;
    auto reply = Json::object();
    for (auto& [index, candidate] : candidates_) {
        candidate.close();
        // A refused prompt has no candidate, only the reason.
        if (!(blocked && candidate.empty()))
            reply["candidates"].push_back(candidate.result(index, options_.stream));
    }
    for (const auto& [name, value] : response_.items())
        reply[name] = value;
    if (usage_ && options_.usage) {
        auto raw = usage_->raw.empty() ? Json() : embedded(usage_->raw);
        reply["usageMetadata"] =
            is_usage_metadata(raw) ? std::move(raw) : gemini_usage_metadata(usage_->usage);
    }
    auto text = json_text(reply);
    text.pop_back();
    frame(text + (reply.empty() ? tail().substr(1) : tail()), out);
    if (options_.stream && options_.json_array)
        out += "]";
}

void GeminiWriter::fail(const Error& error, std::string& out) {
    if (over_)
        return;
    over_ = true;
    frame(llm::error_body(llm::ErrorShape::gemini, error, options_.request_id), out);
    if (options_.stream && options_.json_array)
        out += "]";
}

}  // namespace

std::unique_ptr<ReplyWriter> new_gemini_writer(const WriteOptions& options) {
    return std::make_unique<GeminiWriter>(options);
}

}  // namespace obliv::wire
