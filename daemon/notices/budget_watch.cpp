#include "daemon/notices/budget_watch.hpp"

#include "daemon/notices/balance_watch.hpp"

namespace obliv::notices {

std::optional<int> BudgetWatch::look(const std::string& budget, WallTime begin, Money left,
                                     Money full) {
    auto level = step_of(left, full);
    auto [place, is_new] = budgets_.try_emplace(budget, Watched{begin, started_ ? 100 : level});
    auto& watched = place->second;
    if (watched.begin != begin)
        watched = {begin, 100};
    bool fell = level < watched.level;
    watched.level = level;
    return fell ? std::optional(level) : std::nullopt;
}

}  // namespace obliv::notices
