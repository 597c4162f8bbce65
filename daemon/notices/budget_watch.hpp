#pragma once

#include "core/base/clock.hpp"
#include "core/base/money.hpp"

#include <optional>
#include <string>
#include <unordered_map>

namespace obliv::notices {

/// Notices when what is left of a budget falls to a tenth, a twentieth, nothing. Each step is told
/// once in a period, and again after the budget was raised above it. Used under a lock.
class BudgetWatch {
public:
    /// The step that was reached since the last look, if one was. What is down already when the
    /// daemon starts was told of before.
    std::optional<int> look(const std::string& budget, WallTime begin, Money left, Money full);
    /// The first look at all of them is over.
    void started() noexcept { started_ = true; }

private:
    struct Watched {
        WallTime begin{};
        int level = 100;
    };
    std::unordered_map<std::string, Watched> budgets_;
    bool started_ = false;
};

}  // namespace obliv::notices
