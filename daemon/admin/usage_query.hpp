#pragma once

#include "daemon/admin/find.hpp"
#include "daemon/admin/request.hpp"

namespace obliv::admin {

/// The account that `?account=` names: an id, also of one that is gone, or a name.
Result<AccountId> account_filter(const Request& request, storage::Session& session);

/// What a query of usage rows asks for.
Result<storage::UsageFilter> usage_filter(const Request& request, storage::Session& session,
                                          WallTime now);

/// The sums of the calls that the filter finds, as the query's `by` groups them.
Result<Reply> usage_report(const Request& request, Host& host,
                           Result<storage::UsageFilter> (*filter)(const Request&, storage::Session&,
                                                                  WallTime));

}  // namespace obliv::admin
