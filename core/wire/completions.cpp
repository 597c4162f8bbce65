#include "core/wire/completions.hpp"

#include "core/wire/completions_wire.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {

const Wire completions{"completions",          llm::ErrorShape::openai,   read_completions_request,
                       new_completions_writer, write_completions_request, new_completions_reader};

llm::JsonText read_legacy_logprobs(const Json& logprobs) {
    const auto* tokens = member(logprobs, "tokens");
    const auto* values = member(logprobs, "token_logprobs");
    const auto* tops = member(logprobs, "top_logprobs");
    if (tokens == nullptr || !tokens->is_array() || tokens->empty())
        return {};
    auto at = [](const Json* array, std::size_t index) {
        bool there = array != nullptr && array->is_array() && index < array->size();
        return there ? (*array)[index] : Json();
    };
    auto out = Json::array();
    for (std::size_t i = 0; i < tokens->size(); ++i) {
        Json entry = {{"token", (*tokens)[i]}, {"logprob", at(values, i)}};
        auto alternatives = Json::array();
        auto top = at(tops, i);
        if (top.is_object())
            for (const auto& [token, value] : top.items())
                alternatives.push_back({{"token", token}, {"logprob", value}});
        entry["top_logprobs"] = std::move(alternatives);
        out.push_back(std::move(entry));
    }
    return json_text(out);
}

Json legacy_logprobs(const llm::JsonText& text, std::int64_t offset) {
    Json out = {{"tokens", Json::array()},
                {"token_logprobs", Json::array()},
                {"top_logprobs", Json::array()},
                {"text_offset", Json::array()}};
    auto tokens = embedded(text);
    if (!tokens.is_array())
        return out;
    for (const auto& entry : tokens) {
        auto token = string_in(entry, "token");
        const auto* value = member(entry, "logprob");
        auto top = Json::object();
        if (const auto* alternatives = member(entry, "top_logprobs");
            alternatives != nullptr && alternatives->is_array())
            for (const auto& alternative : *alternatives)
                if (const auto* number = member(alternative, "logprob"))
                    top[string_in(alternative, "token")] = *number;
        out["tokens"].push_back(token);
        out["token_logprobs"].push_back(value == nullptr ? Json() : *value);
        out["top_logprobs"].push_back(std::move(top));
        out["text_offset"].push_back(offset);
        for (char c : token)
            offset += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return out;
}

}  // namespace obliv::wire
