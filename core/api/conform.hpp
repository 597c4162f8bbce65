#pragma once

#include "core/api/schema.hpp"
#include "core/base/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace obliv::api {

/// Whether `value` is an object of `schema`. `path` leads to it (empty: it is the body) and is what
/// `param` of an error begins with.
Result<void> check_object(const nlohmann::ordered_json& value, const Schema& schema,
                          const std::string& path);

}  // namespace obliv::api
