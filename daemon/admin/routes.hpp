#pragma once

#include "core/api/operation.hpp"
#include "daemon/admin/request.hpp"

#include <span>
#include <string>

namespace obliv::admin {

struct Route {
    api::Operation operation;
    Handler handler = nullptr;
};

/// Every call of the management API. Where two paths fit, the first one is meant.
std::span<const Route> routes() noexcept;

/// The OpenAPI document of these routes; made once.
const std::string& openapi();

}  // namespace obliv::admin
