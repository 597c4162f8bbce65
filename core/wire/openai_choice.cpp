#include "core/wire/openai_choice.hpp"

#include "core/wire/data_uri.hpp"
#include "core/wire/openai_citation.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using namespace llm;

struct FinishWord {
    std::string_view word;
    Finish finish;
};

constexpr std::array finish_words{
    FinishWord{"stop", Finish::stop},
    FinishWord{"eos", Finish::stop},
    FinishWord{"end_turn", Finish::stop},
    FinishWord{"length", Finish::length},
    FinishWord{"max_tokens", Finish::length},
    FinishWord{"model_length", Finish::length},
    FinishWord{"tool_calls", Finish::tool_calls},
    FinishWord{"function_call", Finish::tool_calls},
    FinishWord{"tool_use", Finish::tool_calls},
    FinishWord{"content_filter", Finish::filtered},
    FinishWord{"sensitive", Finish::filtered},
    FinishWord{"refusal", Finish::refused},
    FinishWord{"insufficient_system_resource", Finish::fault},
    FinishWord{"network_error", Finish::fault},
    FinishWord{"error", Finish::fault},
    FinishWord{"malformed_function_call", Finish::fault},
};

Finish finish_of(std::string_view reason, bool called) {
    for (const auto& row : finish_words)
        if (row.word == reason)
            // A forced call ends with `stop`.
            return row.finish == Finish::stop && called ? Finish::tool_calls : row.finish;
    return Finish::other;
}

ToolFragment fragment_of(const Json& call, const Json* function, bool custom) {
    ToolFragment fragment;
    fragment.index = int_in(call, "index");
    fragment.id = string_in(call, "id");
    fragment.custom = custom;
    if (function != nullptr) {
        fragment.name = string_in(*function, "name");
        fragment.arguments = string_in(*function, custom ? "input" : "arguments");
        // Some servers send an object where a text belongs.
        if (const auto* object = member(*function, "arguments"); object && object->is_object())
            fragment.arguments = json_text(*object);
    }
    const auto* extra = member(call, "extra_content");
    if (const auto* google = extra != nullptr ? member(*extra, "google") : nullptr)
        fragment.proof = {"gemini", string_in(*google, "thought_signature")};
    return fragment;
}

std::vector<ToolFragment> fragments_in(const Json& delta) {
    std::vector<ToolFragment> fragments;
    const auto* calls = member(delta, "tool_calls");
    if (calls == nullptr || !calls->is_array()) {
        if (const auto* old = member(delta, "function_call"))
            fragments.push_back(fragment_of(*old, old, false));
        return fragments;
    }
    for (const auto& call : *calls) {
        const auto* custom = member(call, "custom");
        const auto* called = custom != nullptr ? custom : member(call, "function");
        fragments.push_back(fragment_of(call, called, custom != nullptr));
    }
    return fragments;
}

/// The texts of `reasoning_details`, of which signatures and encrypted parts are no text.
std::string texts_of(const Json& details) {
    std::string out;
    if (details.is_array())
        for (const auto& detail : details) {
            out += string_in(detail, "text");
            out += string_in(detail, "summary");
        }
    return out;
}

/// Mistral's `thinking`: a list of texts, or one.
std::string thinking_in(const Json& part) {
    const auto* thinking = member(part, "thinking");
    if (thinking == nullptr)
        return {};
    if (thinking->is_string())
        return thinking->get<std::string>();
    return texts_of(*thinking);
}

}  // namespace

template <typename What>
void OpenAiChoice::add(Kind kind, What what, Events& out) {
    if (open_ != kind) {
        end_block(out);
        open_ = kind;
        ++block_;
    }
    out.push_back({std::move(what), number_, block_});
}

void OpenAiChoice::end_block(Events& out) {
    if (open_ != Kind::none)
        out.push_back({BlockEnded{}, number_, block_});
    open_ = Kind::none;
    if (calls_.open())
        calls_.close(block_, out);
}

void OpenAiChoice::close(Events& out) {
    end_block(out);
}

Result<void> OpenAiChoice::take(const Json& delta, Events& out) {
    if (!delta.is_object())
        return ok();
    take_thinking(delta, out);
    if (const auto* content = member(delta, "content"))
        take_content(*content, out);
    if (auto refusal = string_in(delta, "refusal"); !refusal.empty())
        add(Kind::refusal, RefusalPiece{std::move(refusal)}, out);
    take_annotations(delta, out);
    take_media(delta, out);
    return take_calls(delta, out);
}

void OpenAiChoice::take_thinking(const Json& delta, Events& out) {
    // Hosts that send more than one of these say the same in each.
    auto text = string_in(delta, "reasoning_content");
    if (text.empty())
        text = string_in(delta, "reasoning");
    if (const auto* details = member(delta, "reasoning_details"); text.empty() && details)
        text = texts_of(*details);
    if (!text.empty())
        add(Kind::thinking, ThinkingPiece{std::move(text)}, out);
}

void OpenAiChoice::take_content(const Json& content, Events& out) {
    if (content.is_string()) {
        auto text = content.get<std::string>();
        if (!text.empty())
            add(Kind::text, TextPiece{std::move(text)}, out);
        return;
    }
    if (!content.is_array())
        return;
    for (const auto& part : content) {
        if (auto thought = thinking_in(part); !thought.empty())
            add(Kind::thinking, ThinkingPiece{std::move(thought)}, out);
        else if (auto text = string_in(part, "text"); !text.empty())
            add(Kind::text, TextPiece{std::move(text)}, out);
        else if (auto refusal = string_in(part, "refusal"); !refusal.empty())
            add(Kind::refusal, RefusalPiece{std::move(refusal)}, out);
    }
}

void OpenAiChoice::take_annotations(const Json& delta, Events& out) {
    const auto* annotations = member(delta, "annotations");
    if (annotations == nullptr || !annotations->is_array())
        return;
    for (const auto& annotation : *annotations) {
        if (member(annotation, "url_citation") == nullptr)
            continue;
        add(Kind::text, CitationPiece{url_citation(annotation)}, out);
    }
}

void OpenAiChoice::take_media(const Json& delta, Events& out) {
    if (const auto* audio = member(delta, "audio")) {
        MediaPiece piece;
        piece.media.kind = Media::Kind::audio;
        piece.media.data = string_in(*audio, "data");
        piece.media.name = string_in(*audio, "id");
        piece.transcript = string_in(*audio, "transcript");
        add(Kind::media, std::move(piece), out);
    }
    const auto* images = member(delta, "images");
    if (images == nullptr || !images->is_array())
        return;
    for (const auto& image : *images) {
        const auto* place = member(image, "image_url");
        if (place == nullptr)
            continue;
        end_block(out);  // each image is a block
        MediaPiece piece;
        auto url = string_in(*place, "url");
        if (auto uri = parse_data_uri(url)) {
            piece.media.media_type = std::move(uri->media_type);
            piece.media.data = std::move(uri->base64);
        } else {
            piece.media.source = Media::Source::url;
            piece.media.data = std::move(url);
        }
        add(Kind::media, std::move(piece), out);
    }
}

Result<void> OpenAiChoice::take_calls(const Json& delta, Events& out) {
    auto fragments = fragments_in(delta);
    if (fragments.empty())
        return ok();
    if (open_ != Kind::none)
        end_block(out);
    for (auto& fragment : fragments)
        if (auto taken = calls_.take(std::move(fragment), block_, out); !taken)
            return taken;
    return ok();
}

void OpenAiChoice::take_logprobs(const Json& logprobs, Events& out) {
    LogProbs piece;
    if (const auto* content = member(logprobs, "content"); content && content->is_array())
        piece.content = json_text(*content);
    if (const auto* refusal = member(logprobs, "refusal"); refusal && refusal->is_array())
        piece.refusal = json_text(*refusal);
    if (!piece.content.empty() || !piece.refusal.empty())
        out.push_back({std::move(piece), number_, block_ < 0 ? 0 : block_});
}

void OpenAiChoice::finish(const std::string& reason, Events& out) {
    // Zhipu and others repeat it in the event that brings the figures.
    if (finished_)
        return;
    finished_ = true;
    end_block(out);
    out.push_back({Finished{finish_of(reason, calls_.any()), reason}, number_, 0});
}

}  // namespace obliv::wire
