#pragma once

#include "core/reconcile/bill.hpp"

#include <string>
#include <vector>

namespace obliv::reconcile {

/// What may differ without being one: that many millionths of the provider's figure.
struct Rule {
    bool tokens = true;
    bool cost = false;
    std::int64_t tolerance_millionths = 0;
};

/// Compares tokens where the bill tells them, else the cost.
Rule usual_rule(const Bill& theirs) noexcept;

struct Difference {
    std::string day;
    std::string model;  ///< empty: all models together
    Line ours;
    Line theirs;
};

/// The days and models whose figures differ by more than the rule allows, in their order. Only days
/// that the bill has are compared; on them, what only one side knows differs too, unless it is
/// nothing. A line of the bill for all models together is held against all of ours of that day.
std::vector<Difference> compare(const Bill& theirs, const Bill& ours, const Rule& rule);

/// One line for people.
std::string text_of(const Difference& difference);

}  // namespace obliv::reconcile
