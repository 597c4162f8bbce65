#pragma once

#include "core/tokenizer/char_class.hpp"

#include <cstdint>
#include <string_view>

namespace obliv::tokenizer {

/// How an encoding cuts text into the pieces inside which pairs are merged. Each is one published
/// regular expression, scanned by hand: docs/tokenizers.md has them beside the code's names.
enum class Pattern : std::uint8_t {
    gpt2,    ///< r50k_base, p50k_base
    cl100k,  ///< cl100k_base; with other numbers of digits Llama 3, Qwen and GLM
    o200k,   ///< o200k_base, o200k_harmony
    /// DeepSeek: first numbers, then runs of Chinese and Japanese are cut out, each part of the
    /// rest is cut as if it were a text of its own.
    deepseek,
};

struct SplitRule {
    Pattern pattern = Pattern::cl100k;
    int digits_max = 3;  ///< digits in a piece; gpt2 has no such limit

    bool operator==(const SplitRule&) const = default;
};

/// Cuts one text into pieces, front to back, each byte in exactly one piece. Time is linear in the
/// text whatever it holds.
class Splitter {
public:
    /// `text` must stay where it is.
    Splitter(SplitRule rule, std::string_view text) noexcept
        : rule_(rule), at_(text.data()), end_(text.data() + text.size()) {}

    bool done() const noexcept { return at_ == end_; }

    /// The next piece, never empty; not to be called when done().
    std::string_view next() noexcept;

    /// Whether the last piece might have ended elsewhere, had the text gone on.
    bool open_ended() const noexcept { return open_; }

private:
    Char peek(const char* at) noexcept;
    const char* run(const char* at, CharClass set) noexcept;
    const char* run_bytes(const char* at, std::string_view set) noexcept;
    char folded(const char* at, bool any_case) noexcept;
    const char* contraction(const char* at, bool any_case) noexcept;
    const char* end_gpt2() noexcept;
    const char* end_cl100k() noexcept;
    const char* end_o200k() noexcept;
    const char* end_deepseek() noexcept;
    const char* deepseek_piece() noexcept;
    const char* ascii_letters(const char* at) noexcept;
    const char* unmatched() noexcept;
    void find_part() noexcept;
    const char* cased_word(const char* at) noexcept;
    const char* caseless_end(const char* at, const char*& upper_end) noexcept;
    const char* spaced(const char* at, CharClass set) noexcept;
    const char* digits(const char* at) noexcept;
    const char* white(const char* at, bool newlines_alone) noexcept;

    SplitRule rule_;
    const char* at_;
    const char* end_;
    const char* text_end_ = end_;  ///< end_ is that of a part while deepseek_piece() runs
    const char* part_end_ = at_;   ///< where the part that at_ lies in ends; at_: not known
    bool open_ = false;
};

}  // namespace obliv::tokenizer
