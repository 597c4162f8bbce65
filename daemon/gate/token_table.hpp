#pragma once

#include "core/llm/pattern.hpp"
#include "core/storage/tokens.hpp"
#include "daemon/gate/token_limits.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace obliv::gate {

/// A token as the gate sees it.
struct TokenEntry {
    storage::Token token;
    std::vector<llm::ModelPattern> models;  ///< empty: every model of its group
    std::shared_ptr<TokenLimits> limits;

    bool may_call(std::string_view model) const;
};

/// All tokens by the digest of their key. Immutable; a change makes a new table.
class TokenTable {
public:
    /// `previous` hands its TokenLimits on, so that a change does not reset a window. A pattern
    /// that cannot be read matches nothing.
    static std::shared_ptr<const TokenTable> build(const std::vector<storage::Token>& rows,
                                                   const TokenTable* previous);

    /// Nothing if no token has this digest.
    std::shared_ptr<const TokenEntry> find(const Sha256& digest) const;
    std::size_t size() const noexcept { return by_digest_.size(); }

private:
    std::unordered_map<Sha256, std::shared_ptr<const TokenEntry>, Sha256Hash> by_digest_;
    std::unordered_map<TokenId, std::shared_ptr<TokenLimits>> limits_;
};

}  // namespace obliv::gate
