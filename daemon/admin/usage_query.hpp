#pragma once

#include "daemon/admin/find.hpp"
#include "daemon/admin/request.hpp"

namespace obliv::admin {

/// The account that `?account=` names: an id, also of one that is gone, or a name.
Result<AccountId> account_filter(const Request& request, storage::Session& session);

/// What a query of usage rows asks for.
Result<storage::UsageFilter> usage_filter(const Request& request, storage::Session& session,
                                          WallTime now);

}  // namespace obliv::admin
