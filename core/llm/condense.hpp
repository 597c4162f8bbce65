#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_call.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// Told what has been read and is not needed again for a while; null: nobody cares.
using Passed = void (*)(std::string_view);

/// A long JSON body without what its long strings say: all that decides who is asked and what it
/// costs, in little room.
struct Condensed {
    /// Strings longer than this are empty in `text`.
    static constexpr std::size_t string_bytes_kept = 256;

    std::string text;  ///< with json_padding bytes more behind what view() shows

    std::string_view view() const noexcept {
        return std::string_view(text).substr(0, text.size() - json_padding);
    }
    /// From places in the text to those in the body.
    Span in_body(Span span) const noexcept;
    void to_body(ChatCall& call) const noexcept;
    void to_body(std::vector<Edit>& edits) const noexcept;

    std::int64_t input_bound = 0;     ///< input_tokens_bound() of the body
    std::int64_t input_estimate = 0;  ///< estimate_input_tokens() of the body

    struct Cut {
        std::size_t at;     ///< in the text: of the closing quote
        std::size_t bytes;  ///< taken out in front of it, all cuts until here together
    };
    std::vector<Cut> cuts;  ///< in their order
};

/// Reads the body once, front to back, and keeps at most `bytes_max` of it; nothing: it says more
/// outside of long strings. What is left out is checked as the parser checks all else:
/// `invalid_request` for text that is no UTF-8 or has control characters.
Result<std::optional<Condensed>> condense(std::string_view body, std::size_t bytes_max,
                                          Passed passed = nullptr);

}  // namespace obliv::llm
