#include "core/metering/media_tokens.hpp"

#include "core/base/encoding.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace obliv::metering {
namespace {

using llm::Media;

/// How a family of models counts the parts of an image.
struct ImageRule {
    enum class Kind : std::uint8_t {
        tiles,    ///< `base`, and `each` for a tile of 512 after scaling; detail `low`: `base`
        patches,  ///< patches of 32, at most 1536, times `each` hundredths
        area,     ///< pixels / 750, after scaling to a long side of 1568
        crops,    ///< `base` for each crop; one for what is at most 384 by 384
    };
    std::string_view prefix;
    Kind kind;
    std::int64_t base = 0;
    std::int64_t each = 0;
};

using Kind = ImageRule::Kind;

// OpenAI: "Images and vision", cost; Anthropic: "Vision"; Google: "Understand and count tokens".
constexpr ImageRule rules[] = {
    {"gpt-4o-mini", Kind::tiles, 2833, 5667},
    {"gpt-4.1-mini", Kind::patches, 0, 162},
    {"gpt-4.1-nano", Kind::patches, 0, 246},
    {"gpt-5-mini", Kind::patches, 0, 162},
    {"gpt-5-nano", Kind::patches, 0, 246},
    {"o4-mini", Kind::patches, 0, 172},
    {"gpt-5", Kind::tiles, 70, 140},
    {"o1", Kind::tiles, 75, 150},
    {"o3", Kind::tiles, 75, 150},
    {"gpt-", Kind::tiles, 85, 170},
    {"chatgpt", Kind::tiles, 85, 170},
    {"computer-use", Kind::tiles, 65, 129},
    {"claude", Kind::area},
    {"", Kind::crops, 258},
};

const ImageRule& rule_of(std::string_view model) {
    if (auto slash = model.rfind('/'); slash != std::string_view::npos)
        model.remove_prefix(slash + 1);
    const ImageRule* best = nullptr;
    for (const auto& rule : rules)
        if (model.starts_with(rule.prefix) &&
            (best == nullptr || rule.prefix.size() > best->prefix.size()))
            best = &rule;
    return *best;  // the last fits every name
}

constexpr ImageSize large{2048, 2048};
constexpr std::int64_t side_max = 1'000'000;  // a header that says more lies

struct Scaled {
    double width;
    double height;

    void shrink(double factor) {
        if (factor < 1) {
            width *= factor;
            height *= factor;
        }
    }
};

std::int64_t cells(double length, double cell) {
    return static_cast<std::int64_t>(std::ceil(length / cell));
}

std::int64_t tiles(const ImageRule& rule, Scaled size, std::string_view detail) {
    if (detail == "low")
        return rule.base;
    size.shrink(2048 / std::max(size.width, size.height));
    size.shrink(768 / std::min(size.width, size.height));
    return rule.base + rule.each * cells(size.width, 512) * cells(size.height, 512);
}

std::int64_t patches(const ImageRule& rule, Scaled size) {
    constexpr std::int64_t patches_max = 1536;
    constexpr double patch = 32;
    auto count = cells(size.width, patch) * cells(size.height, patch);
    if (count > patches_max) {
        // Shrunk to what fits, then to whole patches in the narrower direction.
        auto factor = std::sqrt(patch * patch * patches_max / (size.width * size.height));
        auto wide = size.width * factor / patch;
        auto high = size.height * factor / patch;
        size.shrink(factor * std::min(std::floor(wide) / wide, std::floor(high) / high));
        count = cells(size.width - 1e-6, patch) * cells(size.height - 1e-6, patch);
        count = std::clamp<std::int64_t>(count, 1, patches_max);
    }
    return (count * rule.each + 99) / 100;
}

std::int64_t area(Scaled size) {
    constexpr std::int64_t tokens_max = 1600;
    size.shrink(1568 / std::max(size.width, size.height));
    return std::min(tokens_max, cells(size.width * size.height, 750));
}

std::int64_t crops(const ImageRule& rule, Scaled size) {
    if (size.width <= 384 && size.height <= 384)
        return rule.base;
    auto side = std::clamp(std::floor(std::min(size.width, size.height) / 1.5), 256.0, 768.0);
    auto count = cells(size.width, side) * cells(size.height, side);
    return rule.base * std::min<std::int64_t>(count, 64);
}

/// The first bytes of what a media part carries, enough for its head.
std::string first_bytes(const Media& media) {
    constexpr std::size_t head_bytes = 512U << 10U;
    if (media.source != Media::Source::base64)
        return {};
    auto text = std::string_view(media.data).substr(0, head_bytes);
    text.remove_suffix(text.size() % 4);
    return from_base64(text).value_or({});
}

std::int64_t bytes_of(const Media& media) {
    return static_cast<std::int64_t>(media.data.size()) / 4 * 3;
}

/// Tokens of a sound: OpenAI's models hear ten a second, Gemini 32.
std::int64_t audio(std::string_view model, const Media& media) {
    constexpr std::int64_t bytes_a_second = 16'000;  // 128 kbit/s, as most compressed speech has
    constexpr std::int64_t milliseconds_unknown = 60'000;
    auto length = milliseconds_unknown;
    if (media.source == Media::Source::base64)
        length = wav_milliseconds(first_bytes(media), bytes_of(media))
                     .value_or(bytes_of(media) * 1000 / bytes_a_second);
    auto a_second = model.find("gpt") != std::string_view::npos ? 10 : 32;
    return (length * a_second + 999) / 1000;
}

std::int64_t image(std::string_view model, const Media& media) {
    auto size = image_size(first_bytes(media)).value_or(large);
    return image_tokens(model, size, media.detail);
}

}  // namespace

std::int64_t image_tokens(std::string_view model, ImageSize size, std::string_view detail) {
    const auto& rule = rule_of(model);
    Scaled scaled{static_cast<double>(std::clamp<std::int64_t>(size.width, 1, side_max)),
                  static_cast<double>(std::clamp<std::int64_t>(size.height, 1, side_max))};
    switch (rule.kind) {
    case Kind::tiles:
        return tiles(rule, scaled, detail);
    case Kind::patches:
        return patches(rule, scaled);
    case Kind::area:
        return area(scaled);
    case Kind::crops:
        break;
    }
    return crops(rule, scaled);
}

std::int64_t media_tokens(std::string_view model, const Media& media) {
    // A page of a document is text and an image; a PDF has some 50 kB a page.
    constexpr std::int64_t page_tokens = 2'000;
    constexpr std::int64_t page_bytes = 50'000;
    // Gemini: 263 tokens a second of video; a second of common video has 250 kB.
    constexpr std::int64_t video_tokens = 263;
    constexpr std::int64_t video_bytes = 250'000;
    switch (media.kind) {
    case Media::Kind::image:
        return image(model, media);
    case Media::Kind::audio:
        return audio(model, media);
    case Media::Kind::video:
        return video_tokens * (1 + bytes_of(media) / video_bytes);
    case Media::Kind::document:
        break;
    }
    return page_tokens * (1 + bytes_of(media) / page_bytes);
}

}  // namespace obliv::metering
