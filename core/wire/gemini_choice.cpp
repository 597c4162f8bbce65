#include "core/wire/gemini_choice.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

Json log_prob(const Json& token) {
    auto out = Json::object();
    out["token"] = string_in(token, "token");
    const auto* value = member(token, "logProbability");
    out["logprob"] = value != nullptr && value->is_number() ? *value : Json(0.0);
    out["bytes"] = nullptr;
    return out;
}

}  // namespace

Json without(const Json& object, std::initializer_list<std::string_view> names) {
    auto out = Json::object();
    for (const auto& [name, value] : object.items())
        if (std::find(names.begin(), names.end(), name) == names.end() && !value.is_null())
            out[name] = value;
    return out;
}

void GeminiChoice::open(Open kind, GeminiEvents& out) {
    if (open_ == kind && !sealed_ && kind != Open::call)
        return;
    close(out);
    block_ = next_++;
    open_ = kind;
    sealed_ = false;
}

void GeminiChoice::close(GeminiEvents& out) {
    if (open_ == Open::call) {
        emit(out, llm::ArgumentsPiece{arguments_.text()});
        if (!signature_.empty())
            emit(out, llm::ProofPiece{proof_of(signature_)});
        arguments_ = GeminiArguments();
        signature_.clear();
    }
    if (open_ != Open::nothing)
        emit(out, llm::BlockEnded{});
    open_ = Open::nothing;
}

Result<void> GeminiChoice::take(const Json& candidate, GeminiEvents& out) {
    const auto* content = member(candidate, "content");
    const auto* parts = content != nullptr ? member(*content, "parts") : nullptr;
    if (parts != nullptr && parts->is_array())
        for (const auto& value : *parts)
            if (auto taken = part(value, out); !taken)
                return taken;
    log_probs(candidate, out);
    citations(candidate, out);
    if (auto reason = string_in(candidate, "finishReason"); !reason.empty())
        finish_ = std::move(reason);
    // Ratings, notes and sources are for clients of this format only.
    auto rest = without(candidate, {"content", "finishReason", "index", "logprobsResult"});
    if (!rest.empty())
        note(Json{{"candidate", std::move(rest)}}, out);
    return ok();
}

Result<void> GeminiChoice::part(const Json& part, GeminiEvents& out) {
    if (const auto* function = member(part, "functionCall"); function && function->is_object())
        return call(*function, string_in(part, "thoughtSignature"), out);
    bool thought = true_in(part, "thought");
    const auto* words = member(part, "text");
    bool signature_only = words == nullptr && part.is_object() && part.size() == 1 &&
                          member(part, "thoughtSignature") != nullptr;
    if ((words != nullptr && words->is_string()) || signature_only)
        text(part, out);
    else if (!thought && (member(part, "inlineData") || member(part, "fileData")))
        media(part, out);
    else if (part.is_object())
        opaque(part, out);
    return ok();
}

void GeminiChoice::text(const Json& part, GeminiEvents& out) {
    auto words = string_in(part, "text");
    auto signature = string_in(part, "thoughtSignature");
    bool thought = true_in(part, "thought");
    // The signature of a text often comes behind it, in a part without any.
    bool belongs = words.empty() && !signature.empty() && !thought && !sealed_ &&
                   (open_ == Open::text || open_ == Open::thought);
    if (words.empty() && signature.empty())
        return;
    if (!belongs)
        open(thought ? Open::thought : Open::text, out);
    if (thought) {
        emit(out, llm::ThinkingPiece{words, true});
    } else if (!belongs) {
        text_.append(words);
        emit(out, llm::TextPiece{std::move(words)});
    }
    if (signature.empty())
        return;
    emit(out, llm::ProofPiece{proof_of(signature), redacted_signature(signature)});
    sealed_ = true;
}

void GeminiChoice::media(const Json& part, GeminiEvents& out) {
    close(out);
    block_ = next_++;
    const auto* data = member(part, "inlineData");
    llm::MediaPiece piece;
    piece.media.source = data != nullptr ? llm::Media::Source::base64 : llm::Media::Source::url;
    const auto& source = data != nullptr ? *data : *member(part, "fileData");
    piece.media.media_type = string_in(source, "mimeType");
    piece.media.name = string_in(source, "displayName");
    piece.media.data = string_in(source, data != nullptr ? "data" : "fileUri");
    piece.media.kind = media_kind(piece.media.media_type);
    emit(out, std::move(piece));
    if (auto signature = string_in(part, "thoughtSignature"); !signature.empty())
        emit(out, llm::ProofPiece{proof_of(signature)});
    emit(out, llm::BlockEnded{});
}

void GeminiChoice::opaque(const Json& part, GeminiEvents& out) {
    close(out);
    block_ = next_++;
    emit(out, llm::Opaque{std::string(gemini_name), json_text(part)});
    emit(out, llm::BlockEnded{});
}

void GeminiChoice::note(const Json& about, GeminiEvents& out) {
    out.push_back({llm::Opaque{std::string(gemini_name), json_text(about)}, number_, next_++});
}

void GeminiChoice::begin_call(const Json& function, const std::string& signature,
                              GeminiEvents& out) {
    open(Open::call, out);
    called_ = true;
    signature_ = signature;
    auto id = string_in(function, "id");
    if (id.empty())
        id = std::string(gemini_made_id) + reply_id_ + "_" + std::to_string(number_) + "_" +
             std::to_string(calls_);
    ++calls_;
    emit(out, llm::ToolCallBegun{std::move(id), string_in(function, "name")});
}

/// A call comes whole, or as a name, pieces of arguments and an empty object at the end.
Result<void> GeminiChoice::call(const Json& function, const std::string& signature,
                                GeminiEvents& out) {
    const auto* arguments = member(function, "args");
    bool begins = member(function, "name") != nullptr || open_ != Open::call;
    bool empty = member(function, "name") == nullptr && arguments == nullptr &&
                 member(function, "partialArgs") == nullptr;
    if (begins && empty)
        return ok();
    if (begins)
        begin_call(function, signature, out);
    else if (!signature.empty())
        signature_ = signature;
    if (arguments != nullptr && arguments->is_object())
        arguments_.set(*arguments);
    const auto* pieces = member(function, "partialArgs");
    if (pieces != nullptr && pieces->is_array())
        for (const auto& piece : *pieces)
            if (auto added = arguments_.add(piece, bytes_max_); !added)
                return added;
    if (!true_in(function, "willContinue"))
        close(out);
    return ok();
}

void GeminiChoice::citations(const Json& candidate, GeminiEvents& out) {
    for (auto& citation : gemini_citations(candidate, text_))
        if (open_ == Open::text)
            emit(out, llm::CitationPiece{std::move(citation)});
}

void GeminiChoice::log_probs(const Json& candidate, GeminiEvents& out) {
    const auto* result = member(candidate, "logprobsResult");
    const auto* chosen = result != nullptr ? member(*result, "chosenCandidates") : nullptr;
    if (chosen == nullptr || !chosen->is_array())
        return;
    const auto* top = member(*result, "topCandidates");
    auto content = Json::array();
    for (std::size_t i = 0; i < chosen->size(); ++i) {
        auto token = log_prob((*chosen)[i]);
        token["top_logprobs"] = Json::array();
        const auto* others = top != nullptr && top->is_array() && i < top->size()
                                 ? member((*top)[i], "candidates")
                                 : nullptr;
        if (others != nullptr && others->is_array())
            for (const auto& other : *others)
                token["top_logprobs"].push_back(log_prob(other));
        content.push_back(std::move(token));
    }
    out.push_back({llm::LogProbs{json_text(content)}, number_, block_});
}

Result<void> GeminiChoice::finish(GeminiEvents& out) {
    close(out);
    if (finish_.empty())
        return fail(Code::upstream_failed, "the provider's reply broke off");
    out.push_back({llm::Finished{gemini_finish(finish_, called_), finish_}, number_, 0});
    return ok();
}

}  // namespace obliv::wire
