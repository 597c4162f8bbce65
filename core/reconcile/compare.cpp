#include "core/reconcile/compare.hpp"

#include <set>

namespace obliv::reconcile {
namespace {

bool differs(std::int64_t ours, std::int64_t theirs, std::int64_t tolerance_millionths) {
    auto apart = static_cast<__int128>(ours) - theirs;
    if (apart < 0)
        apart = -apart;
    return apart * 1'000'000 > static_cast<__int128>(theirs) * tolerance_millionths;
}

bool differs(const Line& ours, const Line& theirs, const Rule& rule) {
    auto by = rule.tolerance_millionths;
    if (rule.tokens &&
        (differs(ours.input, theirs.input, by) || differs(ours.output, theirs.output, by)))
        return true;
    return rule.cost && differs(ours.cost.nanos(), theirs.cost.nanos(), by);
}

Line find(const Bill& bill, const DayModel& key) {
    auto found = bill.lines.find(key);
    return found == bill.lines.end() ? Line{} : found->second;
}

/// All of ours of a day.
Line whole_day(const Bill& bill, const std::string& day) {
    Line sum;
    for (auto line = bill.lines.lower_bound({day, ""});
         line != bill.lines.end() && line->first.first == day; ++line)
        sum.add(line->second);
    return sum;
}

}  // namespace

Rule usual_rule(const Bill& theirs) noexcept {
    return {theirs.has_tokens, !theirs.has_tokens, 0};
}

std::vector<Difference> compare(const Bill& theirs, const Bill& ours, const Rule& rule) {
    std::set<std::string> days;
    std::set<std::string> whole_days;
    std::set<DayModel> keys;
    for (const auto& [key, line] : theirs.lines) {
        days.insert(key.first);
        keys.insert(key);
        if (key.second.empty())
            whole_days.insert(key.first);
    }
    for (const auto& [key, line] : ours.lines)
        if (days.contains(key.first) && !whole_days.contains(key.first))
            keys.insert(key);
    std::vector<Difference> out;
    for (const auto& key : keys) {
        bool whole = key.second.empty() && whole_days.contains(key.first);
        auto mine = whole ? whole_day(ours, key.first) : find(ours, key);
        auto given = find(theirs, key);
        if (differs(mine, given, rule))
            out.push_back({key.first, key.second, mine, given});
    }
    return out;
}

std::string text_of(const Difference& difference) {
    auto side = [](const Line& line) {
        return std::to_string(line.input) + " in, " + std::to_string(line.output) + " out, " +
               line.cost.text() + " USD";
    };
    return difference.day + " " +
           (difference.model.empty() ? std::string("all models") : difference.model) + ": ours " +
           side(difference.ours) + "; theirs " + side(difference.theirs);
}

}  // namespace obliv::reconcile
