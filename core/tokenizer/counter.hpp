#pragma once

#include "core/tokenizer/encoding.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace obliv::tokenizer {

/// Counts a text that arrives in parts, cut anywhere, also inside a character: at every moment
/// count() is what Encoding::count() says of all of it together, special tokens taken as text.
/// Keeps only the end of the text that later bytes may still change, commonly one word; one endless
/// word is kept whole. Time in all is that of counting once, times a small constant.
class Counter {
public:
    /// `encoding` must outlive it.
    explicit Counter(const Encoding& encoding) noexcept : encoding_(&encoding) {}

    void add(std::string_view text);

    std::size_t count() const { return settled_ + encoding_->count(pending_); }

    /// Bytes that are kept.
    std::size_t pending() const noexcept { return pending_.size(); }

private:
    void settle();

    const Encoding* encoding_;
    std::size_t settled_ = 0;  ///< tokens of what no later byte can change
    std::string pending_;
    std::size_t settle_at_ = 64;  ///< pending bytes at which the next attempt is made
};

}  // namespace obliv::tokenizer
