#include "daemon/gate/token_table.hpp"

#include <algorithm>

namespace obliv::gate {

bool TokenEntry::may_call(std::string_view model) const {
    if (token.models.empty())
        return true;
    return std::any_of(models.begin(), models.end(),
                       [&](const auto& pattern) { return pattern.matches(model); });
}

std::shared_ptr<const TokenTable> TokenTable::build(const std::vector<storage::Token>& rows,
                                                    const TokenTable* previous) {
    auto table = std::make_shared<TokenTable>();
    for (const auto& row : rows) {
        auto entry = std::make_shared<TokenEntry>();
        entry->token = row;
        for (const auto& text : row.models)
            if (auto pattern = llm::ModelPattern::parse(text))
                entry->models.push_back(std::move(*pattern));
        if (previous != nullptr) {
            auto known = previous->limits_.find(row.id);
            if (known != previous->limits_.end())
                entry->limits = known->second;
        }
        if (!entry->limits)
            entry->limits = std::make_shared<TokenLimits>();
        table->limits_[row.id] = entry->limits;
        table->by_digest_[row.digest] = std::move(entry);
    }
    return table;
}

std::shared_ptr<const TokenEntry> TokenTable::find(const Sha256& digest) const {
    auto found = by_digest_.find(digest);
    return found == by_digest_.end() ? nullptr : found->second;
}

}  // namespace obliv::gate
