#pragma once

#include "core/llm/usage.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace obliv::llm {

/// What a call is about that is no text.
enum class MediaKind : std::uint8_t { images, speech, transcript };

/// What is known of a call for pictures or sound, beside what a ChatCall says.
struct MediaCall {
    MediaKind kind = MediaKind::images;
    std::string content_type;  ///< of a form: goes upstream with it; empty: the body is JSON
    std::string variant;       ///< of images that are asked for, as variant_of(); of all else empty
    std::string model_head;  ///< of a form: what stands in front of a model's name, if it has none
    Usage estimate;      ///< what it consumes, as far as the request tells; tokens are estimated
    bool exact = false;  ///< the seconds of `estimate` are: the file says how long it is
    Usage at_most;       ///< for the hold: `input` and `output` are tokens of whatever kind

    bool is_form() const noexcept { return !content_type.empty(); }
};

/// How long a sound lasts: exact for WAV (begun seconds counted whole), else by its size.
struct SoundLength {
    std::int64_t seconds = 0;
    std::int64_t seconds_max = 0;
    bool exact = false;
};
SoundLength length_of_sound(std::string_view file) noexcept;

/// Fills `estimate` and `at_most`. Of images: how many; of speech: the characters to read; of a
/// transcript: its sound. `text_bytes` is the rest of the request, `pictures` those in it.
struct MediaSize {
    std::int64_t text_bytes = 0;
    std::int64_t pictures = 0;
    std::int64_t images = 0;
    std::int64_t characters = 0;
    SoundLength sound;
};
void estimate_media(MediaCall& call, const MediaSize& size) noexcept;

}  // namespace obliv::llm
