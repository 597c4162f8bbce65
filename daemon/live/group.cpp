#include "daemon/live/group.hpp"

#include <algorithm>

namespace obliv::live {
namespace {

constexpr std::int64_t rested = 300;  // seconds

}  // namespace

/// Gives up the place of the key that has rested longest.
bool Group::make_room(std::int64_t now) {
    // With many keys nearly every call would look through all of them.
    if (looked_for_room_ == now)
        return false;
    looked_for_room_ = now;
    auto oldest = std::min_element(keys_.begin(), keys_.end(), [](const auto& a, const auto& b) {
        return a.second->last_use() < b.second->last_use();
    });
    if (oldest == keys_.end() || oldest->second->last_use() > now - rested)
        return false;
    others_.merge(now, *oldest->second);
    keys_.erase(oldest);
    return true;
}

Series& Group::series(std::string_view key, std::int64_t now) {
    if (auto found = keys_.find(key); found != keys_.end())
        return *found->second;
    if (keys_.size() >= keys_max_ && !make_room(now))
        return others_;
    return *keys_.emplace(std::string(key), std::make_unique<Series>()).first->second;
}

void Group::add_past(std::string_view key, std::int64_t second, std::int64_t now,
                     const Tally& calls) {
    series(key, now).add_past(second, calls);
}

std::vector<Row> Group::rows(Window window, std::int64_t now, std::size_t rows_max) const {
    std::vector<Row> rows;
    for (const auto& [key, series] : keys_)
        if (auto tally = series->sum(window, now); tally.requests > 0)
            rows.push_back({key, false, tally});
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return a.tally.requests != b.tally.requests ? a.tally.requests > b.tally.requests
                                                    : a.key < b.key;
    });
    Row rest{"", true, others_.sum(window, now)};
    while (rows.size() > rows_max) {
        rest.tally.add(rows.back().tally);
        rows.pop_back();
    }
    if (rest.tally.requests > 0)
        rows.push_back(std::move(rest));
    return rows;
}

}  // namespace obliv::live
