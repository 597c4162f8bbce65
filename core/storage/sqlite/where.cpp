#include "core/storage/sqlite/where.hpp"

namespace obliv::storage::sqlite {

Where::Where(const UsageFilter& filter) : filter_(filter) {
    if (filter.since)
        text_ += " AND time >= ?";
    if (filter.until)
        text_ += " AND time < ?";
    if (!filter.model.empty())
        text_ += " AND model = ?";
    if (filter.token)
        text_ += " AND token = ?";
    if (filter.account)
        text_ += " AND account = ?";
    if (filter.channel)
        text_ += " AND channel = ?";
    if (filter.user)
        text_ += " AND user = ?";
    if (!filter.error.empty())
        text_ += " AND error = ?";
}

void Where::bind(Query& query) const {
    if (filter_.since)
        query.bind(*filter_.since);
    if (filter_.until)
        query.bind(*filter_.until);
    if (!filter_.model.empty())
        query.bind(filter_.model);
    if (filter_.token)
        query.bind(filter_.token);
    if (filter_.account)
        query.bind(filter_.account);
    if (filter_.channel)
        query.bind(filter_.channel);
    if (filter_.user)
        query.bind(filter_.user);
    if (!filter_.error.empty())
        query.bind(filter_.error);
}

}  // namespace obliv::storage::sqlite
