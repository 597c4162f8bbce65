#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace obliv::llm {

/// What decides the price of an image: its size, a slash, its quality. A word that is empty is
/// open: the provider may choose. One behind a `=` is what the model makes of itself, which its own
/// price is for unless another one names it.
std::string variant_of(std::string_view size, std::string_view quality);

/// What a reply says that was made; empty: nothing.
struct ImageMade {
    std::string size;
    std::string quality;
};

/// The variant that an image is charged as which `model`, as its provider calls it, made for a call
/// that asked for `asked`. Whatever the reply told goes before what was asked for.
std::string variant_made(std::string_view asked, const ImageMade& made, std::string_view model);

/// The same before any of `models` was asked, as far as it is the same for all of them.
std::string variant_foreseen(std::string_view asked, std::span<const std::string> models);

/// Whether replies may be believed that they tell the size of an image by such a word, or its
/// quality: other providers use the same keys for other things.
bool tells_size(std::string_view word) noexcept;
bool tells_quality(std::string_view word) noexcept;

}  // namespace obliv::llm
