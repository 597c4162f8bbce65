#pragma once

#include "cli/commands/invocation.hpp"
#include "cli/output/json.hpp"

namespace obliv::cli {

/// The keys in a text, one a line, or one that is a JSON object, as a service account's. `source`
/// names where it came from.
Result<Json> keys_in(std::string_view text, const std::string& source);

/// The keys that `--key-file` or `--key-stdin` name, one a line; null: neither flag was given.
Result<Json> keys_from_flags(const Values& values);

}  // namespace obliv::cli
