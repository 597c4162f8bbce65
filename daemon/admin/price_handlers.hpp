#pragma once

#include "daemon/admin/host.hpp"
#include "daemon/admin/request.hpp"

namespace obliv::admin {

// price_import.cpp
Result<Reply> import_prices(const Request& request, Host& host);

// recompute.cpp
Result<Reply> recompute_usage(const Request& request, Host& host);

}  // namespace obliv::admin
