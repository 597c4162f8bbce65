#pragma once

#include "core/tokenizer/vocabulary.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace obliv::tokenizer {

class PairTable;

/// Merges the bytes of one piece into tokens: again and again the neighbours of the lowest rank, of
/// equals the leftmost, until no neighbours make a token. Keeps its working memory between pieces;
/// one thread at a time.
class Merger {
public:
    /// Both must outlive it. Without `pairs` two neighbours merge when their bytes together are a
    /// token, whose id is its rank; with `pairs` when it names the two.
    explicit Merger(const Vocabulary& vocabulary, const PairTable* pairs = nullptr) noexcept
        : vocabulary_(&vocabulary), pairs_(pairs) {}

    /// The tokens of a piece that is no token as a whole, until the next call. A byte that is no
    /// token (only odd vocabularies lack one) stands as `no_token`.
    const std::vector<TokenId>& merge(std::string_view piece);

private:
    struct Pair {
        std::uint32_t rank;  ///< no_token: the two do not merge
        TokenId id;          ///< of what they make
    };
    struct Part {
        std::uint32_t begin;
        TokenId id;
        Pair with_next;
    };
    struct Link {
        std::uint32_t previous;
        std::uint32_t next;
    };

    Pair pair(std::string_view bytes, TokenId left, TokenId right) const noexcept;
    Pair pair_at(std::string_view piece, std::size_t at) const noexcept;
    void merge_short(std::string_view piece);
    void merge_long(std::string_view piece);
    void begin_parts(std::string_view piece);
    void link(std::string_view piece, std::uint32_t at);
    void push(std::uint32_t at);

    const Vocabulary* vocabulary_;
    const PairTable* pairs_;
    std::vector<Part> parts_;
    std::vector<Link> links_;          ///< of merge_long
    std::vector<std::uint64_t> heap_;  ///< of merge_long: rank above place
    std::vector<TokenId> out_;
};

}  // namespace obliv::tokenizer
