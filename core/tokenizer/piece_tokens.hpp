#pragma once

#include "core/tokenizer/merge.hpp"

#include <string_view>
#include <vector>

namespace obliv::tokenizer {

/// The tokens of one piece: most pieces of real text are tokens as a whole, so that is asked first.
class PieceTokens {
public:
    PieceTokens(const Vocabulary& vocabulary, const PairTable* pairs, bool whole_pieces) noexcept
        : vocabulary_(vocabulary), merger_(vocabulary, pairs), whole_pieces_(whole_pieces) {}

    std::size_t count(std::string_view piece) {
        if (whole(piece) != no_token)
            return 1;
        return merger_.merge(piece).size();
    }

    void append(std::string_view piece, std::vector<TokenId>& out) {
        if (auto id = whole(piece); id != no_token) {
            out.push_back(id);
            return;
        }
        const auto& merged = merger_.merge(piece);
        out.insert(out.end(), merged.begin(), merged.end());
    }

private:
    TokenId whole(std::string_view piece) const noexcept {
        return whole_pieces_ ? vocabulary_.find(piece) : no_token;
    }

    const Vocabulary& vocabulary_;
    Merger merger_;
    bool whole_pieces_;
};

}  // namespace obliv::tokenizer
