#pragma once

#include "core/http/head.hpp"

#include <string>
#include <string_view>

namespace obliv::relay {

/// The key that a caller shows, wherever its SDK puts it: `Authorization: Bearer`, `x-api-key`,
/// `x-goog-api-key`, `api-key` or `?key=`, in this order. Empty: none. It lies in the head, or in
/// `room` where it had to be decoded.
std::string_view credential_of(const http::RequestHead& request, std::string& room);

}  // namespace obliv::relay
