#pragma once

#include "core/llm/content.hpp"
#include "core/wire/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// The text of a reply as far as places in it have to be converted: Google counts bytes, the
/// neutral form characters. Keeps a megabyte at most; what lies behind it has no place.
class ReplyText {
public:
    void append(std::string_view text);
    std::int64_t chars_at(std::int64_t byte) const;  ///< -1: not known
    std::int64_t byte_at(std::int64_t chars) const;  ///< -1: not known
    const std::string& kept() const noexcept { return text_; }

private:
    std::string text_;
};

/// What `groundingMetadata` and `citationMetadata` of a candidate say about its text.
std::vector<llm::Citation> gemini_citations(const Json& candidate, const ReplyText& text);

/// A `groundingMetadata` that says the same.
Json grounding_metadata(const std::vector<llm::Citation>& citations, const ReplyText& text);

}  // namespace obliv::wire
