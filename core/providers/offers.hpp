#pragma once

#include "core/providers/provider.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/openai.hpp"

namespace obliv::providers {

// The offers that many providers have in common.

/// OpenAI's chat completions.
constexpr Offer openai_chat(std::string_view path) {
    return {Operation::chat, &wire::openai, path};
}

/// OpenAI's legacy text completions, behind the chat in every list: a chat is the first choice.
constexpr Offer openai_completions(std::string_view path) {
    return {Operation::chat, &wire::completions, path};
}

constexpr Offer model_list(std::string_view path) {
    return {Operation::models, nullptr, path, {}, "GET"};
}

constexpr Offer balance(std::string_view path) {
    return {Operation::balance, nullptr, path, {}, "GET"};
}

/// Vectors or rankings, in a form of the provider's own.
constexpr Offer of_form(Operation operation, const wire::PlainForm& form, std::string_view path) {
    return {operation, nullptr, path, {}, "POST", &form};
}

constexpr Offer generations_of_images(std::string_view path) {
    return {Operation::image_generations, nullptr, path};
}

constexpr Offer speech(std::string_view path) {
    return {Operation::speech, nullptr, path};
}

constexpr Offer transcriptions(std::string_view path) {
    return {Operation::transcriptions, nullptr, path};
}

constexpr Offer translations(std::string_view path) {
    return {Operation::translations, nullptr, path};
}

}  // namespace obliv::providers
