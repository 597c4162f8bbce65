#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace obliv::metering {

struct ImageSize {
    std::int64_t width = 0;
    std::int64_t height = 0;
};

/// The size of a PNG, JPEG, GIF or WebP image by its first bytes (a JPEG may need some hundred
/// kilobytes); nothing where they do not tell. Never reads behind `bytes`.
std::optional<ImageSize> image_size(std::string_view bytes) noexcept;

/// How long a WAV file plays, in milliseconds, by its first bytes; nothing where they do not tell.
/// `bytes_all` is the length of the whole file.
std::optional<std::int64_t> wav_milliseconds(std::string_view bytes,
                                             std::int64_t bytes_all) noexcept;

}  // namespace obliv::metering
