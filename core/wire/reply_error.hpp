#pragma once

#include "core/base/error.hpp"

#include <string_view>

namespace obliv::wire {

/// The Error for a provider's error object in a reply that had begun as a success. `type` and
/// `code` are the provider's own words (`overloaded_error`, `RESOURCE_EXHAUSTED`,
/// `rate_limit_exceeded` ...); those that nobody knows are upstream_failed. The message goes
/// through redact().
Error reply_error(std::string_view type, std::string_view code, std::string_view message);

}  // namespace obliv::wire
