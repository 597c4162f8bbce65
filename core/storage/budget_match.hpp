#pragma once

#include "core/storage/budgets.hpp"
#include "core/storage/tokens.hpp"

namespace obliv::storage {

/// Whether the budget counts calls with this token, as far as their model is one of its.
inline bool counts(const Budget& budget, const Token& token) noexcept {
    switch (budget.scope) {
    case BudgetScope::token:
        return budget.subject == token.id.value;
    case BudgetScope::user:
        return budget.subject == token.user.value;
    case BudgetScope::account:
        return budget.subject == token.account.value;
    case BudgetScope::everyone:
        break;
    }
    return true;
}

}  // namespace obliv::storage
