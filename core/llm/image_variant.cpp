#include "core/llm/image_variant.hpp"

#include <algorithm>
#include <array>

namespace obliv::llm {
namespace {

constexpr std::size_t word_bytes_max = 32;

/// What a model makes that is not told: an empty word, whatever it likes. OpenAI API reference,
/// "Create image".
struct Usual {
    std::string_view size;
    std::string_view quality;
};
Usual usual_of(std::string_view model) noexcept {
    auto name = model.substr(model.rfind('/') + 1);  // "openai/dall-e-3" elsewhere
    if (name.starts_with("dall-e-"))
        return {"1024x1024", "standard"};
    return {};
}

// Before a word: it is this and nothing else, also where no price names it.
constexpr char exactly = '=';

/// One that is too long is none that has a price; the other one counts all the same. Nobody who
/// asks says of himself that a word is exact.
std::string_view word_of(std::string_view text) noexcept {
    bool open = text == "auto" || text.starts_with(exactly);
    return open ? std::string_view{} : text.substr(0, word_bytes_max);
}

std::string made_as(std::string_view asked, std::string_view told, std::string_view usual) {
    if (!told.empty())
        return exactly + std::string(told);
    if (!usual.empty() && (asked.empty() || asked == usual))
        return exactly + std::string(usual);
    return std::string(asked);
}

}  // namespace

std::string variant_of(std::string_view size, std::string_view quality) {
    return std::string(word_of(size)).append("/").append(word_of(quality));
}

std::string variant_made(std::string_view asked, const ImageMade& made, std::string_view model) {
    auto slash = std::min(asked.find('/'), asked.size());
    auto size = asked.substr(0, slash);
    auto quality = asked.substr(std::min(slash + 1, asked.size()));
    auto usual = usual_of(model);
    return made_as(size, made.size, usual.size) + "/" +
           made_as(quality, made.quality, usual.quality);
}

std::string variant_foreseen(std::string_view asked, std::span<const std::string> models) {
    auto all = variant_made(asked, {}, models.empty() ? std::string_view{} : models.front());
    for (const auto& model : models)
        if (variant_made(asked, {}, model) != all)
            return std::string(asked);
    return all;
}

bool tells_size(std::string_view word) noexcept {
    auto digits = [](std::string_view text) {
        return !text.empty() && text.size() < 6 &&
               std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    auto times = word.find('x');
    return times != std::string_view::npos && digits(word.substr(0, times)) &&
           digits(word.substr(times + 1));
}

bool tells_quality(std::string_view word) noexcept {
    constexpr std::array<std::string_view, 5> words{"low", "medium", "high", "standard", "hd"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace obliv::llm
