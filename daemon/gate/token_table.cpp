#include "daemon/gate/token_table.hpp"

#include <algorithm>

namespace obliv::gate {
namespace {

/// Zero is no limit.
int narrower(int one, int other) noexcept {
    if (one <= 0 || other <= 0)
        return std::max(one, other);
    return std::min(one, other);
}

}  // namespace

Degrading::Degrading(std::shared_ptr<const storage::Degraded> rules,
                     std::shared_ptr<const ledger::LowWater> low)
    : rules_(std::move(rules)), low_(std::move(low)) {
    for (const auto& [asked, instead] : rules_->models)
        if (auto pattern = llm::ModelPattern::parse(asked))
            patterns_.emplace_back(std::move(*pattern), instead);
}

std::string_view Degrading::instead_of(std::string_view model) const {
    if (auto exact = rules_->models.find(std::string(model)); exact != rules_->models.end())
        return exact->second;
    for (const auto& [pattern, instead] : patterns_)
        if (pattern.matches(model))
            return instead;
    return {};
}

int TokenEntry::concurrent_max() const noexcept {
    if (!degrading || !degrading->on())
        return token.concurrent_max;
    return narrower(token.concurrent_max, degrading->rules()->concurrent_max);
}

int TokenEntry::requests_per_minute() const noexcept {
    if (!degrading || !degrading->on())
        return token.requests_per_minute;
    return narrower(token.requests_per_minute, degrading->rules()->requests_per_minute);
}

bool TokenEntry::may_call(std::string_view model) const {
    if (token.models.empty())
        return true;
    return std::any_of(models.begin(), models.end(),
                       [&](const auto& pattern) { return pattern.matches(model); });
}

void TokenTable::add(const storage::Token& row, const TokenTable* previous,
                     const DegradingByAccount& degrading) {
    auto entry = std::make_shared<TokenEntry>();
    entry->token = row;
    for (const auto& text : row.models)
        if (auto pattern = llm::ModelPattern::parse(text))
            entry->models.push_back(std::move(*pattern));
    const auto* known = previous == nullptr ? nullptr : previous->by_id_.find(row.id);
    entry->limits = known == nullptr ? std::make_shared<TokenLimits>() : (*known)->limits;
    if (auto found = degrading.find(row.account); found != degrading.end())
        entry->degrading = found->second;
    by_id_.set(row.id, entry);
    by_digest_.set(row.digest, std::move(entry));
}

void TokenTable::remove(TokenId id) {
    const auto* known = by_id_.find(id);
    if (known == nullptr)
        return;
    by_digest_.erase((*known)->token.digest);
    by_id_.erase(id);
}

std::shared_ptr<const TokenTable> TokenTable::build(const std::vector<storage::Token>& rows,
                                                    const TokenTable* previous,
                                                    const DegradingByAccount& degrading) {
    auto table = std::make_shared<TokenTable>();
    for (const auto& row : rows)
        table->add(row, previous, degrading);
    return table;
}

std::shared_ptr<const TokenTable> TokenTable::with(const storage::Token& row,
                                                   const DegradingByAccount& degrading) const {
    auto table = std::make_shared<TokenTable>(*this);
    table->remove(row.id);  // its key may be another one
    table->add(row, this, degrading);
    return table;
}

std::shared_ptr<const TokenTable> TokenTable::without(TokenId id) const {
    auto table = std::make_shared<TokenTable>(*this);
    table->remove(id);
    return table;
}

std::shared_ptr<const TokenEntry> TokenTable::find(const Sha256& digest) const {
    const auto* found = by_digest_.find(digest);
    return found == nullptr ? nullptr : *found;
}

}  // namespace obliv::gate
