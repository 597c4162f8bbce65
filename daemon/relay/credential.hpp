#pragma once

#include "core/http/head.hpp"

#include <string>

namespace obliv::relay {

/// The key that a caller shows, wherever its SDK puts it: `Authorization: Bearer`, `x-api-key`,
/// `x-goog-api-key`, `api-key` or `?key=`, in this order. Empty: none.
std::string credential_of(const http::RequestHead& request);

}  // namespace obliv::relay
