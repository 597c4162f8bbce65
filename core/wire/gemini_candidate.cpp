#include "core/wire/gemini_candidate.hpp"

#include "core/base/encoding.hpp"
#include "core/wire/gemini_wire.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace obliv::wire {
namespace {

/// A call or a sound whose pieces come in.
struct Open {
    std::int32_t block = -1;
    std::optional<llm::ToolCall> call;
    std::optional<llm::Media> sound;
    std::string transcript;
};

std::string top_of(const std::string& text) {
    constexpr std::size_t shown = 200;
    return text.size() <= shown ? text : text.substr(0, shown) + "...";
}

Json token_of(const Json& probability) {
    auto out = Json::object();
    out["token"] = string_in(probability, "token");
    if (const auto* value = member(probability, "logprob"))
        out["logProbability"] = *value;
    return out;
}

}  // namespace

struct GeminiCandidate::State {
    std::vector<Json> parts;
    std::int32_t last_block = -1;  ///< of the last part, if more text of it may follow
    std::int32_t thought_block = -1;
    Open open;
    std::optional<llm::Finished> finished;
    std::string fault;  ///< why the model's call could not be told
    Json about = Json::object();
    Json chosen = Json::array();
    Json top = Json::array();
    std::vector<llm::Citation> citations;
    ReplyText text;
    bool some = false;

    void add(Json part, std::int32_t block) {
        some = true;
        last_block = block;
        parts.push_back(std::move(part));
    }
    void words(std::string_view words, bool thought, std::int32_t block);
    void proof(const llm::ProofPiece& piece, std::int32_t block);
    void media(const llm::MediaPiece& piece, std::int32_t block);
    void opaque(const llm::Opaque& opaque, std::int32_t block);
    void log_probs(const llm::LogProbs& probabilities);
    void close_open();
    void close_call(const llm::ToolCall& call);
    void close_sound(const llm::Media& sound);
    Json finish_into(Json candidate) const;
};

void GeminiCandidate::State::words(std::string_view words, bool thought, std::int32_t block) {
    close_open();
    if (thought)
        thought_block = block;
    else
        text.append(words);
    // Of a stream the part before has been given away, and this is one of its own.
    if (block == last_block && !parts.empty() && parts.back().contains("text") &&
        !parts.back().contains("thoughtSignature")) {
        auto& before = parts.back()["text"].get_ref<std::string&>();
        before += words;
        return;
    }
    Json part{{"text", words}};
    if (thought)
        part["thought"] = true;
    add(std::move(part), block);
}

void GeminiCandidate::State::proof(const llm::ProofPiece& piece, std::int32_t block) {
    if (open.call && open.block == block) {
        open.call->proof = piece.proof;
        return;
    }
    auto signature = signature_of(piece.proof, piece.redacted);
    if (block == last_block && !parts.empty()) {
        parts.back()["thoughtSignature"] = signature;
        return;
    }
    Json part{{"text", ""}};
    // Another provider's proof is one of a thought.
    if (thought_block == block || piece.proof.wire != gemini_name)
        part["thought"] = true;
    part["thoughtSignature"] = signature;
    add(std::move(part), block);
}

void GeminiCandidate::State::media(const llm::MediaPiece& piece, std::int32_t block) {
    if (open.sound && open.block == block) {
        auto more = from_base64(piece.media.data);
        open.sound->data += more ? *more : "";
        open.transcript += piece.transcript;
        return;
    }
    close_open();
    if (piece.media.kind == llm::Media::Kind::audio &&
        piece.media.source == llm::Media::Source::base64) {
        open.block = block;
        open.sound = piece.media;
        auto bytes = from_base64(piece.media.data);
        open.sound->data = bytes ? *bytes : "";
        open.transcript = piece.transcript;
        return;
    }
    bool here = piece.media.source == llm::Media::Source::base64;
    Json data{{"mimeType", piece.media.media_type}};
    data[here ? "data" : "fileUri"] = piece.media.data;
    add(Json{{here ? "inlineData" : "fileData", std::move(data)}}, block);
}

void GeminiCandidate::State::opaque(const llm::Opaque& opaque, std::int32_t block) {
    if (opaque.wire != gemini_name)
        return;
    auto value = embedded(opaque.json);
    if (const auto* said = member(value, "candidate"))
        about.update(*said);
    else
        add(std::move(value), block);
}

void GeminiCandidate::State::log_probs(const llm::LogProbs& probabilities) {
    auto tokens = probabilities.content.empty() ? Json() : embedded(probabilities.content);
    if (!tokens.is_array())
        return;
    for (const auto& token : tokens) {
        chosen.push_back(token_of(token));
        auto others = Json::array();
        if (const auto* list = member(token, "top_logprobs"); list != nullptr && list->is_array())
            for (const auto& other : *list)
                others.push_back(token_of(other));
        top.push_back({{"candidates", std::move(others)}});
    }
}

void GeminiCandidate::State::close_open() {
    auto was = std::exchange(open, Open());
    if (was.call)
        close_call(*was.call);
    if (was.sound) {
        close_sound(*was.sound);
        if (!was.transcript.empty())
            words(was.transcript, false, -1);
    }
}

void GeminiCandidate::State::close_call(const llm::ToolCall& call) {
    bool none = call.arguments.find_first_not_of(" \t\r\n") == std::string::npos;
    auto arguments = none ? Json::object() : Json();
    if (call.custom)
        arguments = Json{{"input", call.arguments}};
    else if (!none)
        arguments = embedded(call.arguments);
    if (arguments.is_null() && !call.custom && call.arguments == "null")
        arguments = Json::object();
    if (!arguments.is_object()) {
        fault =
            "the arguments of " + call.name + " are not a JSON object: " + top_of(call.arguments);
        return;
    }
    auto function = Json::object();
    if (!call.id.empty())
        function["id"] = call.id;
    function["name"] = call.name;
    function["args"] = std::move(arguments);
    Json part{{"functionCall", std::move(function)}};
    if (!call.proof.data.empty())
        part["thoughtSignature"] = signature_of(call.proof, false);
    add(std::move(part), -1);
}

void GeminiCandidate::State::close_sound(const llm::Media& sound) {
    Json data{{"mimeType", sound.media_type.empty() ? "audio/pcm" : sound.media_type}};
    data["data"] = to_base64(sound.data);
    add(Json{{"inlineData", std::move(data)}}, -1);
}

Json GeminiCandidate::State::finish_into(Json candidate) const {
    auto reason = finished ? finished->reason : llm::Finish::other;
    auto word = gemini_finish_word(reason, finished ? finished->raw : "");
    bool ended_well = reason == llm::Finish::stop || reason == llm::Finish::tool_calls;
    std::string message;
    if (!fault.empty() && ended_well) {
        word = "MALFORMED_FUNCTION_CALL";
        message = fault;
    } else if (reason == llm::Finish::refused) {
        message = "The model refused.";
    }
    candidate["finishReason"] = word;
    for (const auto& [name, value] : about.items())
        candidate[name] = value;
    if (!message.empty() && !candidate.contains("finishMessage"))
        candidate["finishMessage"] = message;
    return candidate;
}

GeminiCandidate::GeminiCandidate() : state_(std::make_unique<State>()) {}
GeminiCandidate::~GeminiCandidate() = default;
GeminiCandidate::GeminiCandidate(GeminiCandidate&&) noexcept = default;
GeminiCandidate& GeminiCandidate::operator=(GeminiCandidate&&) noexcept = default;

void GeminiCandidate::take(const llm::ReplyEvent& event) {
    auto& state = *state_;
    auto block = event.block;
    if (const auto* text = std::get_if<llm::TextPiece>(&event.what)) {
        state.words(text->text, false, block);
    } else if (const auto* refusal = std::get_if<llm::RefusalPiece>(&event.what)) {
        state.words(refusal->text, false, block);
    } else if (const auto* thought = std::get_if<llm::ThinkingPiece>(&event.what)) {
        state.words(thought->text, true, block);
    } else if (const auto* proof = std::get_if<llm::ProofPiece>(&event.what)) {
        state.proof(*proof, block);
    } else if (const auto* call = std::get_if<llm::ToolCallBegun>(&event.what)) {
        state.close_open();
        state.open.block = block;
        state.open.call = llm::ToolCall{call->id, call->name, {}, call->custom};
    } else if (const auto* arguments = std::get_if<llm::ArgumentsPiece>(&event.what)) {
        if (state.open.call)
            state.open.call->arguments += arguments->text;
    } else if (const auto* citation = std::get_if<llm::CitationPiece>(&event.what)) {
        state.citations.push_back(citation->citation);
    } else if (const auto* media = std::get_if<llm::MediaPiece>(&event.what)) {
        state.media(*media, block);
    } else if (const auto* probabilities = std::get_if<llm::LogProbs>(&event.what)) {
        state.log_probs(*probabilities);
    } else if (const auto* opaque = std::get_if<llm::Opaque>(&event.what)) {
        state.opaque(*opaque, block);
    } else if (std::holds_alternative<llm::BlockEnded>(event.what)) {
        if (state.open.block == block)
            state.close_open();
    } else if (const auto* finished = std::get_if<llm::Finished>(&event.what)) {
        state.finished = *finished;
    }
}

std::vector<Json> GeminiCandidate::give() {
    return std::exchange(state_->parts, {});
}

void GeminiCandidate::close() {
    state_->close_open();
}

bool GeminiCandidate::empty() const noexcept {
    return !state_->some;
}

Json GeminiCandidate::result(std::int32_t index, bool stream) {
    auto& state = *state_;
    auto candidate = Json::object();
    auto content = Json::object();
    // Google's own SDK takes a chunk without parts for a broken reply.
    if (stream && state.parts.empty())
        state.parts.push_back(Json{{"text", ""}});
    for (auto& part : give())
        content["parts"].push_back(std::move(part));
    content["role"] = "model";
    candidate["content"] = std::move(content);
    candidate = state.finish_into(std::move(candidate));
    candidate["index"] = index;
    bool native =
        state.about.contains("groundingMetadata") || state.about.contains("citationMetadata");
    if (!state.citations.empty() && !native)
        candidate["groundingMetadata"] = grounding_metadata(state.citations, state.text);
    if (!state.chosen.empty())
        candidate["logprobsResult"] = {{"chosenCandidates", state.chosen},
                                       {"topCandidates", state.top}};
    return candidate;
}

}  // namespace obliv::wire
