#pragma once

#include "core/tokenizer/vocabulary.hpp"

#include <cstdint>
#include <vector>

namespace obliv::tokenizer {

/// Which two tokens merge, into which, and in which order: what a Hugging Face tokenizer lists as
/// its merges. Reads only once it is filled.
class PairTable {
public:
    struct Found {
        std::uint32_t rank = no_token;  ///< the lower goes first; no_token: the two do not merge
        TokenId id = no_token;
    };

    /// Room for `pairs` pairs at most.
    explicit PairTable(std::size_t pairs);

    /// Of a pair that is there already, the first rank stays.
    void add(TokenId left, TokenId right, Found makes);

    Found find(TokenId left, TokenId right) const noexcept;

private:
    struct Slot {
        TokenId left = no_token;
        TokenId right = no_token;
        Found makes;
    };

    std::size_t first(TokenId left, TokenId right) const noexcept;

    std::vector<Slot> slots_;  ///< a power of two, at most two thirds full
};

}  // namespace obliv::tokenizer
