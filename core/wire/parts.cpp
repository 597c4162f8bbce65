#include "core/wire/parts.hpp"

#include "core/wire/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {

std::optional<std::string> document_text(const llm::Media& media) {
    if (media.kind != llm::Media::Kind::document)
        return std::nullopt;
    if (media.source == llm::Media::Source::text)
        return media.data;
    if (media.source != llm::Media::Source::parts)
        return std::nullopt;
    auto blocks = embedded(media.data);
    std::string text;
    for (const auto& block : blocks)
        text += (text.empty() ? "" : "\n") + string_in(block, "text");
    return text;
}

std::optional<std::string> document_as_text(const llm::Media& media) {
    auto text = document_text(media);
    for (const auto* more : {&media.context, &media.name})
        if (text && !more->empty())
            text = *more + "\n\n" + *text;
    return text;
}

std::string media_field(const llm::Media& media) {
    switch (media.kind) {
    case llm::Media::Kind::image:
        return "an image in a message";
    case llm::Media::Kind::audio:
        return "sound in a message";
    case llm::Media::Kind::video:
        return "a video in a message";
    case llm::Media::Kind::document:
        break;
    }
    return "a document in a message";
}

std::string joined_texts(const std::vector<llm::Part>& parts) {
    std::string out;
    auto add = [&](const std::string& text) { out += (out.empty() ? "" : "\n") + text; };
    for (const auto& part : parts) {
        if (const auto* text = std::get_if<llm::Text>(&part.what))
            add(text->text);
        else if (const auto* refusal = std::get_if<llm::Refusal>(&part.what))
            add(refusal->text);
        else if (const auto* media = std::get_if<llm::Media>(&part.what))
            if (auto document = document_as_text(*media))
                add(*document);
    }
    return out;
}

bool calls_tools(const llm::Message& message) {
    return std::any_of(message.content.begin(), message.content.end(), [](const llm::Part& part) {
        return std::holds_alternative<llm::ToolCall>(part.what);
    });
}

bool may_be_called(const llm::ToolChoice& choice, const llm::Tool& tool) {
    if (choice.kind == llm::ToolChoice::Kind::named)
        return choice.name == tool.name;
    return choice.allowed.empty() || std::find(choice.allowed.begin(), choice.allowed.end(),
                                               tool.name) != choice.allowed.end();
}

bool only_text(const std::vector<std::string>& modalities) {
    return std::all_of(modalities.begin(), modalities.end(),
                       [](const std::string& modality) { return modality == "text"; });
}

bool is_usual_tier(std::string_view tier) {
    return tier.empty() || tier == "auto" || tier == "default" || tier == "standard" ||
           tier == "standard_only";
}

}  // namespace obliv::wire
